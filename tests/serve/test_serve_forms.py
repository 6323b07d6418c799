"""Forms: what is read, what is refused with which status, and what is left behind."""

import gc
import subprocess
import sys
import warnings
from typing import Annotated

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow import App, Form, Request, SpecError, UploadFile, raises
from redirflow.declare.errors import NotFound
from redirflow.endpoint import forms
from redirflow.http.upload import IN_MEMORY

MEBIBYTE = 1024 * 1024


class Login(Struct):
    name: Annotated[str, Meta(min_length=1)]
    age: int = 0
    tags: list[str] = []


def form_app(**options):
    app = App(**options)

    @app.post("/fields")
    async def fields(form: Form[Login]) -> Login:
        return form

    @app.post("/all")
    async def all_of(a: Form[list[str]] = [], b: Form[str] = "none") -> list[str]:  # noqa: B006
        return [*a, b]

    @app.post("/files")
    async def files(
        files: list[UploadFile], single: UploadFile | None = None, note: Form[str] = ""
    ) -> list[list[str]]:
        given = [*files, *([single] if single else [])]
        return [
            [file.filename, file.content_type, str(file.size), str(len(await file.read())), note]
            for file in given
        ]

    return app


URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def part(name, data, *, filename=None, head=""):
    named = f'name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    field = f"content-disposition: form-data; {named}\r\n{head}\r\n"
    return b"--b\r\n" + field.encode() + data + b"\r\n"


def multipart(*parts):
    return b"".join(parts) + b"--b--\r\n"


async def post(call, path, body, content_type=MULTIPART, *, app=None, **headers):
    headers = {"content-type": content_type, **headers}
    return await call(app or form_app(), "POST", path, body=body, headers=headers)


# --- what is read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, b"name=Ada+L&age=36&tags=a&tags=%C3%A9"),
        (
            "Application/X-WWW-Form-Urlencoded; charset=utf-8",
            b"name=Ada+L&age=36&tags=a&tags=\xc3\xa9",
        ),
        (URLENCODED, b"&name=x&name=Ada%20L&&age=36&tags=a&tags=%c3%a9&more=1"),
        (
            MULTIPART,
            multipart(
                part("name", b"Ada L"),
                part("age", b"36"),
                part("tags", b"a"),
                part("tags", "\u00e9".encode()),
            ),
        ),
        (
            'Multipart/Form-Data; charset=utf-8; Boundary="b"',
            multipart(
                part("name", b"Ada L", head="Content-Type: text/plain\r\n"),
                part("age", b"36"),
                part("tags", b"a"),
                part("tags", "\u00e9".encode()),
            ),
        ),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_fields(call, content_type, body, size):
    """Both encodings, in whatever pieces they arrive."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]

    answer = await post(call, "/fields", pieces, content_type)

    assert answer.json() == {"name": "Ada L", "age": 36, "tags": ["a", "\u00e9"]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ["none"]),
        (b"a", ["", "none"]),
        (b"a=&b", ["", ""]),
        (b"a=1&b=2&a=3&b=4", ["1", "3", "4"]),
        (b"a=%zz&b=%", ["%zz", "%"]),
        (b"a=%ff&b=\xff", ["\ufffd", "\ufffd"]),
    ],
)
async def test_odd_fields(call, body, expected):
    """A name without a value has an empty one; bytes that are no UTF-8 are replaced."""
    assert (await post(call, "/all", body, URLENCODED)).json() == expected


async def test_files(call):
    body = multipart(
        part("files", b"hello", filename="a.txt", head="Content-Type: text/plain\r\n"),
        part("note", b"n"),
        part("files", b"", filename=""),
        part("single", b"\xff\r\n--", filename='caf\u00e9 \\"x\\".bin'),
        part("unasked", b"x", filename="y"),
    )

    assert (await post(call, "/files", body)).json() == [
        ["a.txt", "text/plain", "5", "5", "n"],
        ["", "application/octet-stream", "0", "0", "n"],
        ['caf\u00e9 "x".bin', "application/octet-stream", "5", "5", "n"],
    ]


async def test_files_that_may_be_left_out(call):
    """An empty list is a list of files; a default that is none is refused."""
    app = App()

    @app.post("/")
    async def several(files: list[UploadFile] = [], note: Form[str] = "") -> list[str]:  # noqa: B006
        return [file.filename for file in files]

    headers = {"content-type": MULTIPART}
    body = part("files", b"x", filename="a") + part("files", b"y", filename="b") + b"--b--"

    assert (await call(app, "POST", "/")).json() == []
    assert (await call(app, "POST", "/", body=body, headers=headers)).json() == ["a", "b"]


@pytest.mark.parametrize("size", [IN_MEMORY - 1, IN_MEMORY, IN_MEMORY + 1, 3 * MEBIBYTE])
async def test_a_large_file_goes_to_the_disk(call, size):
    """What is larger than a mebibyte; it comes back whole."""
    app, seen = App(max_body_size=5 * MEBIBYTE), []

    @app.post("/")
    async def store(file: UploadFile) -> bool:
        seen.append((file.size, file.file._rolled))
        return await file.read() == bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    body = multipart(part("file", data, filename="a"))
    pieces = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]

    assert (await post(call, "/", pieces, app=app)).json() is True
    assert seen == [(size, size > IN_MEMORY)]


async def test_a_file_in_tiny_pieces_is_written_at_once(call):
    """A parser that calls back for every line end must not cost a thread for each."""
    app = App(max_body_size=5 * MEBIBYTE)
    writes = []

    @app.post("/")
    async def store(file: UploadFile) -> int:
        return file.size

    write = UploadFile.write

    async def counted(self, data):
        writes.append(len(data))
        await write(self, data)

    body = multipart(part("file", b"\r" * 5000, filename="a"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UploadFile, "write", counted)
        assert (await post(call, "/", body, app=app)).json() == 5000

    assert len(writes) == 1


async def test_one_form_for_a_dependency_and_its_handler(call):
    """The body is read once."""
    app = App()

    async def user(name: Form[str]) -> str:
        return name

    @app.post("/", dependencies=[user])
    async def add(age: Form[int], file: UploadFile) -> str:
        return f"{age} {file.size}"

    body = multipart(part("name", b"x"), part("age", b"3"), part("file", b"abc", filename="f"))

    assert (await post(call, "/", body, app=app)).json() == "3 3"


# --- what is refused ---------------------------------------------------------------------------

LONG = b"x" * (forms.MAX_FIELD_BYTES + 1)


@pytest.mark.parametrize(
    ("content_type", "body", "status", "detail"),
    [
        ("", b"name=a", 415, f"The body must be a form: {URLENCODED} or multipart/form-data."),
        ("application/json", b"{}", 415, None),
        ("text/plain", b"name=a", 415, None),
        ("multipart/mixed; boundary=b", b"", 415, None),
        (URLENCODED, b"name=", 422, "The request has wrong parameters."),
        (URLENCODED, b"", 422, None),
        (URLENCODED, b"name=a&age=x", 422, None),
        (URLENCODED, b"&" * 1000, 413, "The form has more than 1000 pairs."),
        (URLENCODED, b"name=" + LONG, 413, "A field of the form is too long."),
        (URLENCODED, b"name=" + b"%C3%A9" * (MEBIBYTE // 2 + 1), 413, None),
        ("multipart/form-data", b"", 400, "The multipart body has no usable boundary."),
        ("multipart/form-data; boundary=", b"", 400, None),
        ("multipart/form-data; boundary=\u00e9", b"", 400, None),
        (f"multipart/form-data; boundary={'b' * 71}", b"", 400, None),
        (MULTIPART, b"", 400, "The multipart body ends too early."),
        (MULTIPART, part("name", b"a"), 400, "The multipart body ends too early."),
        (MULTIPART, b"--b\r\ncontent-", 400, "The multipart body ends too early."),
        (MULTIPART, b"nonsense", 400, "The multipart body is malformed."),
        (MULTIPART, b"--c\r\n", 400, "The multipart body is malformed."),
        (MULTIPART, b"--b\r\n: x\r\n\r\n", 400, "The multipart body is malformed."),
        (MULTIPART, b"--b\r\na\xff: x\r\n\r\n", 400, "The multipart body is malformed."),
        (MULTIPART, multipart(part("name", LONG)), 413, "A field of the form is too long."),
        (
            MULTIPART,
            multipart(*[part("tags", b"")] * 1001),
            413,
            "The form has too many fields or files.",
        ),
        (
            MULTIPART,
            multipart(*[part("tags", b"", filename="a")] * 101),
            413,
            "The form has too many fields or files.",
        ),
        (
            MULTIPART,
            multipart(part("name", b"a", head="a: b\r\n" * 9)),
            400,
            "The multipart body is malformed.",
        ),
        (
            MULTIPART,
            multipart(part("name", b"a", head=f"a: {'b' * 4000}\r\n" * 3)),
            400,
            "A part of the form has too many header fields.",
        ),
        (MULTIPART, b"--b\r\n\r\nx\r\n--b--\r\n", 400, "A part of the form has no name."),
        (
            MULTIPART,
            b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--\r\n",
            400,
            "A part of the form has no name.",
        ),
        (
            MULTIPART,
            b'--b\r\ncontent-disposition: attachment; name="a"\r\n\r\nx\r\n--b--\r\n',
            400,
            "A part of the form has no name.",
        ),
        (MULTIPART, multipart(part("name", b"a"), part("age", b"x", filename="a")), 422, None),
    ],
)
async def test_a_form_that_is_refused(call, content_type, body, status, detail):
    app = form_app(max_body_size=5 * MEBIBYTE)
    fields = [(b"host", b"x"), (b"content-type", content_type.encode("latin-1"))]

    answer = await call(app, "POST", "/fields", body=body, fields=fields)

    assert answer.status == status
    assert detail is None or answer.detail == detail


async def test_at_the_limits(call):
    """A thousand fields, a hundred files and two long fields are none too many."""
    app = form_app(max_body_size=5 * MEBIBYTE)
    long = b"&tags=" + b"x" * MEBIBYTE
    fields = await post(call, "/fields", b"name=a" + long * 2, URLENCODED, app=app)
    pairs = await post(call, "/fields", b"name=a" + b"&tags=b" * 999, URLENCODED)
    parts = [*[part("files", b"", filename="a")] * 100, *[part("note", b"x")] * 1000]
    files = await post(call, "/files", multipart(*parts))

    assert list(map(len, fields.json()["tags"])) == [MEBIBYTE] * 2
    assert len(pairs.json()["tags"]) == 999
    assert len(files.json()) == 100


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
async def test_a_form_of_too_many_bytes(call, content_type):
    app = form_app(max_body_size=100)

    answer = await post(call, "/fields", [b"x" * 60] * 2, content_type, app=app)
    told = await post(call, "/fields", b"", content_type, app=app, **{"content-length": "101"})

    assert (answer.status, told.status) == (400 if content_type == MULTIPART else 413, 413)
    body = [part("name", b"a" * 50), b"--b"]
    assert (await post(call, "/fields", body, MULTIPART, app=app)).status == 413


async def test_a_coded_form(call):
    answer = await post(call, "/fields", b"name=a", URLENCODED, **{"content-encoding": "gzip"})

    assert (answer.status, answer.detail) == (415, "The body must not have a Content-Encoding.")


async def test_a_file_where_a_text_is_wanted(call):
    """Every one of them is told."""
    parts = [part("name", b"x", filename="a"), part("tags", b"x"), part("tags", b"x", filename="")]

    answer = await post(call, "/fields", multipart(*parts))

    assert answer.status == 422
    assert answer.json()["errors"] == [
        {"msg": "Expected text, got a file", "loc": ["form", "name"], "type": "invalid"},
        {"msg": "Expected text, got a file", "loc": ["form", "tags", 1], "type": "invalid"},
    ]


async def test_a_text_where_a_file_is_wanted(call):
    answer = await post(call, "/files", multipart(part("files", b"x")))

    assert answer.status == 422
    assert answer.json()["errors"] == [
        {"msg": "Expected a file", "loc": ["form", "files", 0], "type": "invalid"}
    ]


# --- what is left behind -----------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch):
    """Every uploaded file that was made."""
    made = []
    begin = UploadFile.__init__

    def noted(self, *args):
        begin(self, *args)
        made.append(self)

    monkeypatch.setattr(UploadFile, "__init__", noted)
    return made


BIG = part("files", b"x" * 2 * MEBIBYTE, filename="a")


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ([BIG, b"nonsense"], "/files"),
        ([BIG, b"--b\r\n"], "/files"),
        ([BIG, b"--b\r\n: x"], "/files"),
        ([BIG, None], "/files"),
        ([BIG, part("note", LONG)], "/files"),
        ([BIG, b"x" * 4 * MEBIBYTE], "/files"),
        ([BIG, multipart(part("note", b"x"))], "/files"),
        ([BIG, multipart(part("name", b""))], "/fields"),
    ],
)
async def test_no_file_stays_open(asgi, opened, parts, path):
    """Whatever becomes of the request."""
    app = form_app(max_body_size=5 * MEBIBYTE)
    peer = asgi.Peer(*parts)

    with anyio.fail_after(5):
        await app(
            asgi.scope("POST", path, headers={"content-type": MULTIPART}), peer.receive, peer.send
        )

    assert [file.file.closed for file in opened] == [True]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gc.collect()


async def test_no_file_stays_open_when_the_request_is_cancelled(asgi, opened):
    app, peer = form_app(max_body_size=5 * MEBIBYTE), asgi.Peer(BIG, b"")

    async def receive():
        if len(peer.parts) == 1:
            await anyio.sleep_forever()
        return await peer.receive()

    with anyio.move_on_after(0.1) as scope:
        headers = {"content-type": MULTIPART}
        await app(asgi.scope("POST", "/files", headers=headers), receive, peer.send)

    assert scope.cancelled_caught
    assert [file.file.closed for file in opened] == [True]


async def test_a_guard_may_refuse_before_the_form_is_read(asgi, opened):
    @raises(NotFound)
    async def guard(request: Request) -> None:
        raise NotFound

    app = App(dependencies=[guard])

    @app.post("/")
    async def store(file: UploadFile) -> int:
        return file.size

    peer = asgi.Peer(multipart(BIG))
    await app(asgi.scope("POST", headers={"content-type": MULTIPART}), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 404
    assert len(peer.parts) == 1
    assert opened == []


# --- any bytes ---------------------------------------------------------------------------------

ANY_APP = form_app(max_body_size=2000)

PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    b"--b\r\n",
                    b"--b--\r\n",
                    b"--b--",
                    b"\r\n",
                    b"\r\n\r\n",
                    b"--b",
                    b"-",
                    b"\r",
                    b"\n",
                ),
                *(
                    b"content-disposition: form-data",
                    b'; name="name"',
                    b'; filename="a"',
                    b":",
                    b" ",
                ),
                *(b"Content-Type: text/plain\r\n", b"name=Ada", b"&", b"=", b"%", b"+", b";", b'"'),
                part("name", b"Ada"),
                part("files", b"x", filename="a"),
                part("tags", b"\r\n--"),
            ]
        ),
        st.binary(max_size=4),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=400)
@given(
    pieces=PIECES,
    content_type=st.sampled_from([MULTIPART, MULTIPART, URLENCODED, "multipart/form-data;b=\xff"]),
    path=st.sampled_from(["/fields", "/all", "/files"]),
    split=st.integers(1, 40),
)
def test_no_bytes_are_the_server_s_fault(at_once, asgi, pieces, content_type, path, split):
    """In one piece or in many."""
    whole = b"".join(pieces)
    fields = [(b"host", b"x"), (b"content-type", content_type.encode("latin-1"))]
    parts = [whole[start : start + split] for start in range(0, len(whole), split)] or [b""]

    answers = [
        asgi.answer(at_once(ANY_APP, asgi.scope("POST", path, fields=fields), *body))
        for body in ([whole], parts)
    ]

    assert max(answer.status for answer in answers) < 500


# --- without python-multipart ------------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["python_multipart"] = None  # as if it were not installed

from redirflow import App, Form, SpecError, UploadFile

app = App()

@app.post("/fields")
async def fields(name: Form[str]) -> str:
    return name

app.compile()
app = App()

@app.post("/files")
async def files(files: list[UploadFile], one: UploadFile | None = None) -> int:
    return 1

try:
    app.compile()
except SpecError as error:
    print(*(f"{fault.found}|{fault.allowed}|{fault.write}" for fault in error.faults), sep="\\n")
"""


def test_files_without_the_extra_refuse_the_start():
    """Fields can be read from urlencoded forms; files can't be read at all."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT], capture_output=True, text=True, check=True
    )

    missing = "python-multipart, which reads files, is not installed"
    more = "no UploadFile without the extra 'forms'|pip install 'redirflow[forms]'"
    assert result.stdout.splitlines() == [
        f"files(files): {missing}|{more}",
        f"files(one): {missing}|{more}",
    ]
    assert result.stderr == ""


async def test_multipart_without_the_extra_is_an_unsupported_media_type(call, monkeypatch):
    app = form_app()
    await post(call, "/fields", b"name=a", URLENCODED, app=app)
    monkeypatch.setattr(forms, "multipart_installed", lambda: False)

    answer = await post(call, "/fields", multipart(part("name", b"a")), app=app)

    assert answer.status == 415
    with pytest.raises(SpecError):
        form_app().compile()
