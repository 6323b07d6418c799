"""Media types: their names and parameters, and the codecs that they mean."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.http.media import (
    JSON_CODEC,
    MSGPACK_CODEC,
    UNDECODABLE,
    UNENCODABLE,
    codec_of,
    essence,
    is_json,
    is_msgpack,
    parameter,
)


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        pytest.param("application/json", "application/json", id="bare"),
        pytest.param("Application/JSON", "application/json", id="letter case"),
        pytest.param("application/json;charset=utf-8", "application/json", id="a parameter"),
        pytest.param(" application/json ; a=b; c=d", "application/json", id="blanks"),
        pytest.param("text/plain;", "text/plain", id="an empty parameter"),
        pytest.param("xml/x", "xml/x", id="only blanks are taken off"),
        pytest.param("", "", id="empty"),
        pytest.param(";charset=utf-8", "", id="a parameter alone"),
    ],
)
def test_essence(media_type, expected):
    """The essence has one spelling (RFC 9110 8.3.1)."""
    assert expected == essence(media_type)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        pytest.param("", None, id="none"),
        pytest.param("; charset=utf-8", "utf-8", id="a token"),
        pytest.param(";CharSet=UTF-8", "UTF-8", id="the name has no case, the value its own"),
        pytest.param(" ;\tcharset\t=\tutf-8\t", "utf-8", id="blanks"),
        pytest.param('; charset="utf-8"', "utf-8", id="quoted"),
        pytest.param('; charset=""', "", id="quoted, empty"),
        pytest.param("; charset=", "", id="empty"),
        pytest.param("; charset", "", id="without a value"),
        pytest.param("; a=b; charset=x; charset=y", "x", id="the first of a name"),
        pytest.param(";;; charset=x;", "x", id="empty parts"),
        pytest.param('; charset="a\\"b\\\\c"', 'a"b\\c', id="quoted pairs"),
        pytest.param('; charset="a;b=c"', "a;b=c", id="a semicolon in quotes"),
        pytest.param('; a="; charset=x"; charset=y', "y", id="not in another one's quotes"),
        pytest.param('; a="\\"; charset=x"; charset=y', "y", id="a quoted pair ends no quotes"),
        pytest.param('; a="; charset=x', None, id="quotes that are not closed"),
        pytest.param('; charset="utf-8', '"utf-8', id="its own quotes not closed"),
        pytest.param('; charset="', '"', id="a lone quote"),
        pytest.param("; xcharset=a; charsetx=b", None, id="other names"),
        pytest.param("; charset=a=b", "a=b", id="an equals sign in the value"),
    ],
)
def test_parameter(parameters, expected):
    """Parameters are read as RFC 9110 5.6.6 writes them, and leniently where it does not."""
    assert expected == parameter(f"text/plain{parameters}", "charset")


@given(st.text(alphabet=st.one_of(st.sampled_from('a=; "\\\t'), st.characters())))
def test_any_media_type_can_be_read(text):
    """No bytes from a client raise."""
    assert essence(text) == essence(text).lower()
    assert parameter(text, "a") is None or isinstance(parameter(text, "a"), str)


QUOTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


@given(st.text(alphabet=QUOTABLE), st.text(alphabet=QUOTABLE))
def test_what_is_quoted_comes_back(first, second):
    """Any text can stand in quotes, and does not touch what comes after it."""
    a, b = (text.replace("\\", "\\\\").replace('"', '\\"') for text in (first, second))
    media_type = f'text/plain; a="{a}"; b="{b}"'

    assert first == parameter(media_type, "a")
    assert second == parameter(media_type, "b")


@pytest.mark.parametrize(
    ("media_type", "codec"),
    [
        ("application/json", JSON_CODEC),
        ("application/problem+json", JSON_CODEC),
        ("Application/JSON; charset=utf-8", JSON_CODEC),
        ("application/msgpack", MSGPACK_CODEC),
        ("application/x-msgpack", MSGPACK_CODEC),
        ("application/vnd.msgpack; v=1", MSGPACK_CODEC),
        ("application/jsonl", None),
        ("text/event-stream", None),
        ("text/json", None),
        ("text/plain", None),
        ("application/xml; a=application/json", None),
        ("+json", JSON_CODEC),
        ("json", None),
        ("", None),
    ],
)
def test_codec_of(media_type, codec):
    """JSON by its name or suffix (RFC 6839), MessagePack by its three names, else none."""
    assert codec is codec_of(media_type)
    assert (codec is JSON_CODEC) == is_json(essence(media_type))
    assert (codec is MSGPACK_CODEC) == is_msgpack(essence(media_type))


class Point(msgspec.Struct):
    x: int
    y: int


@pytest.mark.parametrize("codec", [JSON_CODEC, MSGPACK_CODEC], ids=lambda codec: codec.name)
def test_codecs(codec):
    """A codec makes what encodes any value, and what decodes into one type."""
    encode, decode = codec.encoder(), codec.decoder(Point)

    assert Point(1, 2) == decode(encode(Point(1, 2)))
    with pytest.raises(msgspec.ValidationError):
        decode(encode({"x": "1", "y": 2}))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'["\xff"]', id="bad UTF-8"),
        pytest.param(b'["\\ud800"]', id="lone surrogate"),
        pytest.param(b"NaN", id="no JSON"),
        pytest.param("[]".encode("utf-16"), id="UTF-16"),
        pytest.param(b"1" * 5000, id="a number that nobody needs"),
    ],
)
def test_undecodable(body):
    """One tuple of exceptions is all that bytes from outside may raise."""
    with pytest.raises(UNDECODABLE):
        JSON_CODEC.decoder(list[str])(body)


def unset():
    point = Point(1, 2)
    del point.y
    return point


def circle():
    circular: list[object] = []
    circular.append(circular)
    return circular


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        pytest.param(JSON_CODEC, object(), id="no type of JSON"),
        pytest.param(JSON_CODEC, "\ud800", id="lone surrogate"),
        pytest.param(JSON_CODEC, circle(), id="circle"),
        pytest.param(JSON_CODEC, unset(), id="a Struct without one of its fields"),
        pytest.param(MSGPACK_CODEC, 1 << 70, id="too long an integer"),
    ],
)
def test_unencodable(codec, value):
    """One tuple of exceptions is all that a handler's value may raise."""
    with pytest.raises(UNENCODABLE):
        codec.encoder()(value)
