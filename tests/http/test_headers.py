"""What may be sent as a header field, what is a Host, and how fields are read."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.http.headers import (
    FRAMING,
    HeaderRefused,
    Headers,
    field_name,
    field_value,
    is_host,
    is_token,
)

TOKEN_CHARACTERS = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
CONTROLS = [chr(code) for code in [*range(0x20), 0x7F] if chr(code) != "\t"]


# --- Names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["{}", "{}x", "x{}", "x{}y"])
def test_the_characters_of_a_name(shape):
    """A name has the characters of a token and no others (RFC 9110 5.6.2)."""
    allowed = {chr(code) for code in range(0x180) if is_token(shape.format(chr(code)))}

    assert set(TOKEN_CHARACTERS) == allowed


@pytest.mark.parametrize(
    "name", ["", " x", "x ", "x y", "x:", "x\n", "\nx", "x\r\ny: z", "é", "\ud800"], ids=ascii
)
def test_refused_names(name):
    """The message says which name it was: a name is the author's, never a client's."""
    with pytest.raises(HeaderRefused) as caught:
        field_name(name)

    assert f"{name!r} is not a header name: use letters, digits and '-'" == str(caught.value)
    assert not is_token(name)


@pytest.mark.parametrize("name", ["ETag", "x-token", "X_1!#$%&'*+.^`|~"])
def test_names_are_lower_case(name):
    assert name.lower() == field_name(name)


def test_the_framing_fields():
    """RFC 9110 7.6.1 and 8.6: hop by hop, or the length of the content."""
    hop_by_hop = "Connection Keep-Alive TE Trailer Transfer-Encoding Upgrade"

    assert {field_name(name) for name in [*hop_by_hop.split(), "Content-Length"]} == FRAMING


# --- Values ---------------------------------------------------------------------------------


def is_sent(value):
    try:
        field_value(value)
    except HeaderRefused:
        return False
    return True


@pytest.mark.parametrize(
    ("shape", "blanks"), [("{}", ""), ("{}x", ""), ("x{}", ""), ("x{}x", "\t ")]
)
def test_the_characters_of_a_value(shape, blanks):
    """Printable ASCII and the upper half of Latin-1 (RFC 9110 5.5), blanks inside only."""
    allowed = {chr(code) for code in range(0x180) if is_sent(shape.format(chr(code)))}

    assert {*map(chr, [*range(0x21, 0x7F), *range(0x80, 0x100)]), *blanks} == allowed


@pytest.mark.parametrize("shape", ["{}", "{}x", "x{}", "x{}y", "x {} y"])
def test_no_control_character_is_sent(shape):
    """CR, LF, NUL and their like never reach a server, wherever they stand (RFC 9110 5.5)."""
    sent = [control for control in CONTROLS if is_sent(shape.format(control))]

    assert sent == []


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(" x", id="blank before"),
        pytest.param("x ", id="blank after"),
        pytest.param("\tx", id="tab before"),
        pytest.param("x\t", id="tab after"),
        pytest.param(" ", id="blank alone"),
        pytest.param("x\n", id="newline at the end"),
        pytest.param("Ā", id="first beyond Latin-1"),
        pytest.param("€", id="euro"),
        pytest.param("\u2028", id="line separator"),
        pytest.param("\ud800", id="surrogate"),
        pytest.param("\udc0a", id="newline in disguise"),
    ],
)
def test_refused_values(value):
    """The message repeats nothing of the value, which may be a client's or a secret."""
    with pytest.raises(HeaderRefused) as caught:
        field_value(value)

    assert str(caught.value) == (
        "the value holds a control character, a character outside Latin-1, or an outer blank"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("", b"", id="empty"),
        pytest.param("x", b"x", id="one character"),
        pytest.param("xy", b"xy", id="two characters"),
        pytest.param("a b\tc", b"a b\tc", id="inner blanks"),
        pytest.param('"a, b"; c="\\""', b'"a, b"; c="\\""', id="all that HTTP makes use of"),
        pytest.param("é\x80ÿ", b"\xe9\x80\xff", id="Latin-1"),
        pytest.param("\xa0x\x85", b"\xa0x\x85", id="no blanks to HTTP"),
    ],
)
def test_sent_values(value, expected):
    assert expected == field_value(value)


@given(st.text(alphabet=st.characters(max_codepoint=0x120)))
def test_what_is_sent_is_what_was_given(value):
    """A value is sent as it is or not at all."""
    try:
        sent = field_value(value)
    except HeaderRefused:
        return

    assert value == sent.decode("latin-1")
    assert sent == sent.strip(b" \t")
    assert not set(sent) & {*range(0x20), 0x7F} - {0x09}


# --- Host -----------------------------------------------------------------------------------

GOOD_HOSTS = [
    b"a",
    b"a" * 260,
    b"example.com",
    b"EXAMPLE.Com",
    b"example.com.",
    b"example.com:80",
    b"example.com:",
    b"example.com:65535",
    b"my_service",
    b"localhost:8000",
    b"testserver",
    b"127.0.0.1",
    b"12.34.56.78:443",
    b"255.255.255.255",
    b"xn--nxasmq6b.example",
    b"xn--bcher-kva.de:8080",
    b"a-b.c--d.example",
    b"~tilde",
    b"sub!$&'()*+,;=delims",
    b"[::]",
    b"[::1]:8080",
    b"[1::6]:8080",
    b"[2001:db8::1.2.3.4]",
    b"[2001:19F0:feee::dead:beef:cafe]:443",
    b"[v1.fe80::a+b]",
    b"[vF.x]:80",
    b"a" * 253 + b":65535",
]

BAD_HOSTS = [
    b"",
    b":80",
    b" example.com",
    b"example.com ",
    b"example.com foo",
    b"example.com\tfoo",
    b"example.com\n",
    b"example.com\r\nx-injected: evil",
    b"example.com\r\n\r\nGET /admin",
    b"foo\rbar",
    b"foo\x00bar",
    b"foo\x0bbar",
    b"\x7fMe!",
    "exämple.com".encode(),
    b"ex\xe4mple.com",
    b"ex%61mple.com",
    b"example.com%00",
    b"example.com/path",
    b"example.com:80/badpath",
    b"example.com?query",
    b"example.com#fragment",
    b"example.com\\@evil.example",
    b"user@example.com",
    b"user:password@example.com",
    b"example.com:user@evil.example",
    b"http://example.com",
    b"//example.com",
    b"example.com:http",
    b"example.com:-1",
    b"example.com:+80",
    b"example.com:80:80",
    b"example.com:000080",
    b"example.com:\xb2",
    b"example.com, evil.example:80, a b",
    b"<script>",
    b'"example.com"',
    b"a|b",
    b"a^b",
    b"a`b",
    b"{host}",
    b"::1",
    b"[::1",
    b"::1]",
    b"[]",
    b"[:]",
    b"[:::]",
    b"[1:2:3:4:5:6:7:8:9]",
    b"[12345::]",
    b"[1.2.3.4]",
    b"[::1.2.3.256]",
    b"[fe80::1%25eth0]",
    b"[fe80::1%eth0]",
    b"[example.com]",
    b"[::1]x",
    b"x[::1]",
    b"[::1]:x",
    b"[v.x]",
    b"[v1.]",
    b"[vG.x]",
    b"a" * 261,
]


@pytest.mark.parametrize("host", GOOD_HOSTS, ids=repr)
def test_well_formed_hosts(host):
    """A host with an optional port, as RFC 3986 3.2.2 writes one."""
    assert is_host(host)


@pytest.mark.parametrize("host", BAD_HOSTS, ids=repr)
def test_malformed_hosts(host):
    """What no client sends for an honest reason is malformed."""
    assert not is_host(host)


UNRESERVED = string.ascii_letters + string.digits + "-._~"
SUB_DELIMS = "!$&'()*+,;="


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param("{}x", UNRESERVED + SUB_DELIMS, id="before"),
        pytest.param("x{}x", UNRESERVED + SUB_DELIMS, id="inside"),
        pytest.param("x:{}", string.digits, id="port"),
        pytest.param("[::{}]", string.hexdigits, id="IPv6"),
        pytest.param("[v{}.x]", string.hexdigits, id="version"),
        pytest.param("[v1.{}]", UNRESERVED + SUB_DELIMS + ":", id="address of another version"),
    ],
)
def test_the_characters_of_a_host(shape, expected):
    """Each part has the characters of RFC 3986 3.2.2 and no others."""
    allowed = {chr(code) for code in range(0x100) if is_host(shape.format(chr(code)).encode("l1"))}

    assert set(expected) == allowed


ENDING = {*range(0x21), *b'/\\?#@%<>"`{}|^', *range(0x7F, 0x100)}


@given(st.one_of(st.binary(max_size=40), st.sampled_from(GOOD_HOSTS)))
def test_no_host_can_become_another_part_of_a_url(host):
    """No byte that ends an authority or a line is ever part of a host."""
    assert not (is_host(host) and set(host) & ENDING)


# --- Reading --------------------------------------------------------------------------------


def test_headers_are_read_without_case():
    """ASGI asks servers for lower-case names and does not require it."""
    headers = Headers([(b"Content-Type", b"text/plain"), (b"x-a", b"1")])

    assert "text/plain" == headers["content-type"] == headers["CONTENT-TYPE"]
    assert headers.get("X-A") == "1"
    assert "Content-type" in headers
    assert list(headers) == ["content-type", "x-a"]
    assert {"content-type": "text/plain", "x-a": "1"} == dict(headers) == headers


def test_absent_headers():
    headers = Headers([])

    assert len(headers) == 0
    assert headers.get("x") is None
    assert headers.getlist("x") == []
    assert None not in headers
    with pytest.raises(KeyError):
        headers["x"]


def test_a_repeated_header_gives_its_last_value_and_all_of_them():
    headers = Headers([(b"X-A", b"1"), (b"x-b", b"2"), (b"x-a", b"3")])

    assert headers["x-a"] == "3"
    assert headers.getlist("X-a") == ["1", "3"]
    assert len(headers) == 2


def test_raw_headers_are_kept_as_they_came():
    """Order, duplicates and letter case; a generator is read once."""
    fields = [(b"X-A", b"1"), (b"x-b", b"\xe9"), (b"x-a", b"3")]

    headers = Headers(field for field in fields)

    assert fields == headers.raw
    assert headers["x-b"] == "é"


def test_headers_show_what_they_hold():
    assert repr(Headers([(b"X-A", b"1")])) == "Headers({'x-a': '1'})"


@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=3)), max_size=5))
def test_any_fields_can_be_read(fields):
    """Bytes of any kind are text, and a name found once is found in every way."""
    headers = Headers(fields)

    assert sum(len(headers.getlist(name)) for name in headers) == len(fields)
    assert all(headers[name] == headers.getlist(name)[-1] for name in headers)
    assert all(name.decode("latin-1") in headers for name, _ in fields)
