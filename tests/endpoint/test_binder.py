"""Requests become arguments, or one answer that tells everything that is wrong."""

import enum
import json
import math
import time
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow import Alias, App, Cookie, Form, Header, LocalURL, Query, Request, UploadFile
from redirflow.declare.errors import BadRequest, ValidationFailed
from redirflow.declare.hooks import TypeHook, checked_hooks, in_force
from redirflow.endpoint.binder import Binder, Refused, body_reader
from redirflow.endpoint.reading import read_signature
from redirflow.endpoint.signature import BodyParameter
from redirflow.http.headers import Headers
from redirflow.http.upload import FormData
from redirflow.testing import TestClient


class Color(enum.Enum):
    RED = "red"


class Filter(Struct):
    sort: str
    limit: int = 20

    def __post_init__(self):
        if self.limit > 100:
            raise ValueError("limit is too much" + "!" * 500)


def binder_of(function, *template):
    faults = []
    signature = read_signature(function, template=template, namespace={}, place=None, faults=faults)
    assert faults == []
    return Binder(signature)


def refusal(read):
    """The error that a reading is refused with."""
    with pytest.raises(Refused) as caught:
        read()
    return caught.value.error


def told(error):
    return [(each.msg, each.loc, each.type) for each in error.errors]


# --- parameters ------------------------------------------------------------------------------


async def everything(
    user_id: int,
    request: Request,
    q: str,
    x_token: Header[str],
    sid: Cookie[Annotated[str, Alias("__Host-sid")]],
    email: Form[str],
    tags: list[str],
    x_ids: Header[list[int]],
    codes: Cookie[list[int]],
    colors: Form[set[Color]],
    page: Query[Filter],
    limit: Query[int] = 10,
    next: LocalURL = "/me",
): ...


def test_every_part_of_the_request_is_read(request_of):
    request = request_of(
        query="q=a%20b&tags=x&tags=y&sort=name&limit=5&limit=6",
        headers=[
            ("X-Token", "old"),
            ("x-token", "new"),
            ("x-ids", "1"),
            ("X-IDS", "2"),
            ("cookie", "__Host-sid=s; codes=7"),
        ],
    )
    form = FormData([("email", "a@b"), ("colors", "red"), ("colors", "red")])

    arguments = binder_of(everything, "user_id").read(request, {"user_id": "5"}, form)

    assert arguments == {
        "user_id": 5,
        "request": request,
        "q": "a b",
        "x_token": "new",
        "sid": "s",
        "email": "a@b",
        "tags": ["x", "y"],
        "x_ids": [1, 2],
        "codes": [7],
        "colors": {Color.RED},
        "page": Filter("name", 6),
        "limit": 6,
        "next": "/me",
    }


def test_all_faults_are_told_in_one_answer(request_of):
    request = request_of(
        query="tags=x&limit=x&next=//evil.test",
        headers=[("x-ids", "1"), ("x-ids", "two"), ("cookie", "codes=x")],
    )

    error = refusal(
        lambda: binder_of(everything, "user_id").read(request, {"user_id": "x"}, FormData([]))
    )

    assert isinstance(error, ValidationFailed)
    assert error.detail == "The request has wrong parameters."
    assert told(error) == [
        ("Expected `int`", ["path", "user_id"], "invalid"),
        ("is missing", ["query", "q"], "missing"),
        ("is missing", ["header", "x-token"], "missing"),
        ("is missing", ["cookie", "__Host-sid"], "missing"),
        ("is missing", ["form", "email"], "missing"),
        ("Expected `int`", ["header", "x-ids", 1], "invalid"),
        ("Expected `int`", ["cookie", "codes", 0], "invalid"),
        ("is missing", ["form", "colors"], "missing"),
        ("is missing", ["query", "sort"], "missing"),
        ("Expected `int`", ["query", "limit"], "invalid"),
        ("Expected `int`", ["query", "limit"], "invalid"),
        (
            "Expected a location of this site: '/path', '?query' or '#fragment'",
            ["query", "next"],
            "invalid",
        ),
    ]


async def lists(tags: list[str] = [], ids: Annotated[list[int], Meta(max_length=2)] = [1]): ...  # noqa: B006


def test_a_list_that_is_not_there_is_its_default(request_of):
    binder = binder_of(lists)

    first, second = binder.read(request_of(), {}), binder.read(request_of(), {})

    assert first == second == {"tags": [], "ids": [1]}
    assert first["tags"] is not second["tags"]


def test_a_list_is_checked_as_a_whole(request_of):
    error = refusal(lambda: binder_of(lists).read(request_of(query="ids=1&ids=2&ids=3"), {}))

    assert told(error) == [("Expected `array` of length <= 2", ["query", "ids"], "invalid")]


async def optional(a: int | None = None, b: Cookie[list[str] | None] = None, c: str = "x"): ...


def test_what_is_not_there_is_its_default(request_of):
    assert binder_of(optional).read(request_of(), {}) == {"a": None, "b": None, "c": "x"}


@pytest.mark.parametrize("text", ["", "null", "None"])
def test_no_text_is_none(request_of, text):
    error = refusal(lambda: binder_of(optional).read(request_of(query=f"a={text}"), {}))

    assert told(error) == [("Expected `int`", ["query", "a"], "invalid")]


async def grouped(version: Header[int], page: Query[Filter]): ...


def test_a_struct_may_refuse_its_fields(request_of):
    request = request_of(query="sort=x&limit=101", headers=[("version", "1")])

    (fault,) = refusal(lambda: binder_of(grouped).read(request, {})).errors

    assert (fault.loc, fault.type) == (["query"], "invalid")
    assert fault.msg.startswith("limit is too much!")
    assert len(fault.msg) == 256


def test_a_struct_is_not_made_of_faults(request_of):
    request = request_of(query="sort=x&limit=101", headers=[("version", "x")])

    error = refusal(lambda: binder_of(grouped).read(request, {}))

    assert told(error) == [("Expected `int`", ["header", "version"], "invalid")]


async def many(ids: list[int]): ...


Wide = msgspec.defstruct("Wide", [(f"f{n}", int) for n in range(150)])


async def wide(fields: Query[Wide]): ...


def test_a_hundred_faults_are_enough(request_of):
    error = refusal(lambda: binder_of(wide).read(request_of(), {}))

    assert len(error.errors) == 100


def test_a_query_of_too_many_pairs(request_of):
    request = request_of(query="&".join(f"ids={n}" for n in range(1001)))

    error = refusal(lambda: binder_of(many).read(request, {}))

    assert isinstance(error, BadRequest)
    assert error.detail == "The query has more than 1000 pairs."


async def upload(file: UploadFile, more: list[UploadFile]): ...


def test_files_come_from_the_form(request_of):
    file = UploadFile("a.txt", Headers([]))
    form = FormData([("file", file), ("more", file), ("more", "text")])

    error = refusal(lambda: binder_of(upload).read(request_of(), {}, form))

    assert told(error) == [("Expected a file", ["form", "more", 1], "invalid")]
    form.pairs.pop()
    assert binder_of(upload).read(request_of(), {}, form) == {"file": file, "more": [file]}
    file.file.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(query=st.binary(max_size=40), cookie=st.binary(max_size=40))
def test_no_bytes_do_more_than_being_refused(request_of, query, cookie):
    request = request_of(headers=[("cookie", cookie.decode("latin-1"))])
    request.scope["query_string"] = query

    error = refusal(
        lambda: binder_of(everything, "user_id").read(request, {"user_id": "1"}, FormData([]))
    )

    assert error.status_code == 422


# --- bodies ----------------------------------------------------------------------------------


class New(Struct):
    name: str
    count: Annotated[int, Meta(ge=0)] = 0
    link: LocalURL | None = None
    items: list["New"] = []
    price: Decimal | None = None
    weight: float | None = None


def reader_of_body(type_, default=None):
    parameter = BodyParameter(name="new", type=type_)
    if default is not None:
        parameter = BodyParameter(name="new", type=type_, default=default)
    return body_reader(parameter)


async def read_body(request_of, body, media_type="application/json", *more, type_=New, **options):
    """The body, or status, detail and faults of the refusal."""
    headers = [("Content-Type", media_type)] if media_type is not None else []
    request = request_of(headers=[*headers, *more], body=body)
    try:
        return await reader_of_body(type_, **options).read(request)
    except Refused as refused:
        error = refused.error
        return error.status_code, error.detail, told(error) if error.status_code == 422 else []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON; Charset=UTF-8",
        'application/vnd.example+json; charset="utf-8"',
        "application/json;charset=us-ascii",
        "application/json; charset=utf8",
    ],
)
async def test_json(request_of, media_type):
    assert await read_body(request_of, b'{"name":"a","x":1}', media_type) == New("a")


@pytest.mark.anyio
@pytest.mark.parametrize("media_type", ["application/msgpack", "application/x-msgpack"])
async def test_message_pack(request_of, media_type):
    body = msgspec.msgpack.encode({"name": "a", "items": [{"name": "b"}]})

    assert await read_body(request_of, body, media_type) == New("a", items=[New("b")])


@pytest.mark.anyio
async def test_brackets_in_message_pack_are_text(request_of):
    body = msgspec.msgpack.encode({"name": "[" * 300})

    assert await read_body(request_of, body, "application/msgpack") == New("[" * 300)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "json",
    ],
)
async def test_other_media_types(request_of, media_type):
    assert await read_body(request_of, b"{}", media_type) == (
        415,
        "The body must be application/json (in UTF-8) or application/msgpack.",
        [],
    )


@pytest.mark.anyio
async def test_a_coding_is_not_unpacked(request_of):
    refused = (415, "The body must not have a Content-Encoding.", [])

    assert await read_body(request_of, b"", "text/plain", ("Content-Encoding", "gzip")) == refused
    body = await read_body(
        request_of, b'{"name":"a"}', "application/json", ("content-encoding", "Identity")
    )
    assert body == New("a")


@pytest.mark.anyio
async def test_a_place_for_anything_is_read_from_json_only(request_of):
    """Keys of MessagePack may be tuples of numbers, whose hashes a client can choose."""
    for type_ in (Any, dict[str, Any], dict, list[dict[str, Any]]):
        assert await read_body(request_of, b"\x80", "application/msgpack", type_=type_) == (
            415,
            "The body must be application/json (in UTF-8).",
            [],
        )
    assert await read_body(request_of, b'{"a":[1]}', type_=dict[str, Any]) == {"a": [1]}


MALFORMED = "The body is not well-formed: "


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, MALFORMED + "Input data was truncated"),
        (b"{", 400, MALFORMED + "Input data was truncated"),
        (b"NaN", 400, MALFORMED + "JSON is malformed: invalid character (byte 0)"),
        (b'{"name":NaN}', 400, MALFORMED + "JSON is malformed: invalid character (byte 8)"),
        (b"[" * 100_000, 400, "The body is nested too deeply."),
        (b'{"x":' + b"[" * 100_000, 400, "The body is nested too deeply."),
        (b'{"items":[' * 2_000, 400, "The body is nested too deeply."),
        (
            b'{"name":"\xff"}',
            400,
            MALFORMED + "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        ),
        ('{"name":"a"}'.encode("utf-16"), 400, None),
        (b'\xef\xbb\xbf{"name":"a"}', 400, None),
        (b'{"name":"\\ud800"}', 400, None),
        (b'{"name":"a"} x', 400, None),
        (b'{"name":1', 400, MALFORMED + "Input data was truncated"),
        (b'{"name":1,"count":1e}', 400, None),
        (b'{"name":1,"x":"\xff"}', 400, None),
        (b'{"name":1,"x":' + b"[" * 100_000, 400, "The body is nested too deeply."),
        (b'{"name":1}', 422, "The body has wrong values."),
        (b"[]", 422, "The body has wrong values."),
        (b"null", 422, "The body has wrong values."),
        (b'{"name":"a","count":' + b"1" * 5000 + b"}", 422, "The body has wrong values."),
        (b'{"name":"a","weight":1e400}', 422, "The body has wrong values."),
    ],
)
async def test_malformed_and_wrong_are_told_apart(request_of, body, status, detail):
    """No bytes lead to more than a 4xx; a type error does not hide what comes after it."""
    answer = await read_body(request_of, body)

    assert answer[0] == status
    assert detail in {None, answer[1]}
    assert len(answer[1]) <= 256


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (b"{}", [("Object missing required field `name`", ["body"], "invalid")]),
        (b'{"name":1}', [("Expected `str`, got `int`", ["body", "name"], "invalid")]),
        (
            b'{"name":"a","items":[{"name":"b","count":-1}]}',
            [("Expected `int` >= 0", ["body", "items", 0, "count"], "invalid")],
        ),
        (
            b'{"name":"a","link":"//evil.test"}',
            [
                (
                    "Expected a location of this site: '/path', '?query' or '#fragment'",
                    ["body", "link"],
                    "invalid",
                )
            ],
        ),
        (
            b'{"name":"a","count":' + b"1" * 5000 + b"}",
            [("Integer value out of range", ["body", "count"], "invalid")],
        ),
        (
            b'{"name":"a","price":"NaN"}',
            [("Number out of range", ["body", "price"], "invalid")],
        ),
    ],
)
async def test_wrong_values_are_told_with_their_place(request_of, body, faults):
    assert (await read_body(request_of, body))[2] == faults


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\x81", 400),
        (b"\xc1", 400),
        (b"\x91" * 100_000, 400),
        (b"\x81\xa4name\x01", 422),
        (b"\x81\xa4name\xa1\xff", 400),
        (b"\x82\xa4name\x01\xa1x" + b"\x91" * 100_000, 400),
        (b"\x82\xa4name\x01\xa1x", 400),
        (b"\x80\x80", 400),
        (b"\x81\x80\x01", 422),
    ],
)
async def test_malformed_message_pack(request_of, body, status):
    assert (await read_body(request_of, body, "application/msgpack"))[0] == status


@pytest.mark.anyio
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
async def test_message_pack_can_say_what_json_can_not(request_of, number):
    body = msgspec.msgpack.encode({"name": "a", "items": [{"name": "b", "weight": number}]})

    assert await read_body(request_of, body, "application/msgpack") == (
        422,
        "The body has wrong values.",
        [("Number out of range", ["body", "items", 0, "weight"], "invalid")],
    )


@pytest.mark.anyio
async def test_message_pack_of_nothing_but_numbers(request_of):
    async def read(number):
        body = msgspec.msgpack.encode([number])
        return await read_body(request_of, body, "application/msgpack", type_=list[float])

    assert await read(1.5) == [1.5]
    assert (await read(math.inf))[0] == 422


@pytest.mark.anyio
async def test_a_key_that_is_no_number(request_of):
    assert await read_body(request_of, b'{"1.5":1}', type_=dict[float, int]) == {1.5: 1}
    assert await read_body(request_of, b'{"nan":1}', type_=dict[float, int]) == (
        422,
        "The body has wrong values.",
        [("Number out of range", ["body"], "invalid")],
    )


def colliding():
    """A map in MessagePack with 20 000 keys of one hash: to build it takes seconds."""
    mask, prime_1, prime_2, prime_5 = (
        2**64 - 1,
        11400714785074694791,
        14029467366897019727,
        2870177450012600261,
    )
    inverse = pow(prime_2, -1, 2**64)
    keys = []
    first = 0
    while len(keys) < 20_000:
        first += 1
        lane = (prime_5 + first * prime_2) & mask
        lane = ((lane << 31) | (lane >> 33)) & mask
        second = (12345 - lane * prime_1) * inverse & mask
        if second < 2**61 - 1:
            keys.append((first, second))
    assert len({hash(key) for key in keys[:50]}) == 1
    pairs = b"".join(msgspec.msgpack.encode(key) + b"\x01" for key in keys)
    return b"\xde" + len(keys).to_bytes(2, "big") + pairs


class Amount:
    """Something that msgspec does not know."""


class Offer(Struct):
    price: Amount


HOOKS = checked_hooks([TypeHook(Amount, decode=lambda text: Amount())])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("type_", "start", "loc"),
    [(New, b"\x82\xa4name\x01\xa1x", "name"), (Offer, b"\x81\xa5price", "price")],
    ids=["a field that nobody reads", "what a hook decodes"],
)
async def test_keys_that_collide_are_not_even_built(request_of, type_, start, loc):
    body = start + colliding()
    with in_force(HOOKS):
        began = time.perf_counter()

        answer = await read_body(request_of, body, "application/msgpack", type_=type_)

    assert (answer[0], answer[2][0][1]) == (422, ["body", loc])
    assert time.perf_counter() - began < 1


@pytest.mark.anyio
async def test_a_body_may_be_absent(request_of):
    assert (
        await read_body(request_of, b"", None, type_=New | None, default=lambda: "none") == "none"
    )
    assert await read_body(request_of, b"null", type_=New | None, default=lambda: "none") is None
    assert await read_body(request_of, b'{"name":"a"}', default=lambda: "none") == New("a")
    assert (await read_body(request_of, b" ", default=lambda: "none"))[0] == 400


def test_a_type_that_can_not_be_decoded():
    with pytest.raises(TypeError):
        reader_of_body(New | Filter)


@pytest.mark.anyio
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    body=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["name", "count", "items", "x"]), inner, max_size=3
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    media_type=st.sampled_from(["application/json", "application/msgpack"]),
)
async def test_any_bytes_are_a_body_or_a_4xx(request_of, body, media_type):
    answer = await read_body(request_of, body, media_type)

    assert isinstance(answer, New) or answer[0] in {400, 422}


def test_a_file_is_no_text():
    """A multipart form may hold a file under any name; its address in memory is nobody's value."""
    app = App()

    @app.post("/")
    async def read(text: Form[str], many: Form[list[int]]) -> None: ...

    part = 'Content-Disposition: form-data; name="{}"; filename="a"\r\n\r\n1\r\n--X'
    body = f"--X\r\n{part.format('text')}\r\n{part.format('many')}--\r\n".encode()
    with TestClient(app) as client:
        headers = {"content-type": "multipart/form-data; boundary=X"}
        answer = client.post("/", content=body, headers=headers)

    found = [(each["msg"], each["loc"]) for each in answer.json()["errors"]]
    assert (answer.status_code, found) == (
        422,
        [
            ("Expected text, got a file", ["form", "text"]),
            ("Expected text, got a file", ["form", "many", 0]),
        ],
    )
