"""What a request is made of: controls, the form, and the curl line."""

import subprocess

import pytest
from msgspec.structs import replace

from redirflow.docs.controls import Control, Sending, sending
from redirflow.docs.curl import curl_line
from redirflow.docs.form import try_it
from redirflow.docs.index import Entry, index_document

BASE = "http://127.0.0.1:8000"


def entry(method="GET", path="/x", **described):
    return Entry(method=method, path=path, name="x", anchor="x", described=described)


def controls(schemes=None, schemas=None, **described):
    document = {"components": {"securitySchemes": schemes or {}, "schemas": schemas or {}}}
    return sending(entry(**described), index_document(document)).controls


def parameter(name="q", place="query", required=False, **schema):
    return {"name": name, "in": place, "required": required, "schema": schema}


@pytest.mark.parametrize(
    ("schema", "required", "expected"),
    [
        ({"type": "integer"}, True, Control(name="q", where="query", value="1", required=True)),
        ({"type": "integer"}, False, Control(name="q", where="query")),
        ({"type": "integer", "default": 20}, False, Control(name="q", where="query", hint="20")),
        ({"type": "integer", "default": None}, False, Control(name="q", where="query")),
        (
            {"type": "boolean"},
            True,
            Control(
                name="q",
                where="query",
                kind="choice",
                choices=("true", "false"),
                value="true",
                required=True,
            ),
        ),
        (
            {"enum": ["a", 1]},
            False,
            Control(name="q", where="query", kind="choice", choices=("a", "1")),
        ),
        (
            {"$ref": "#/components/schemas/Color"},
            True,
            Control(
                name="q",
                where="query",
                kind="choice",
                choices=("red", "blue"),
                value="red",
                required=True,
            ),
        ),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 2},
            True,
            Control(name="q", where="query", kind="lines", value="string\nstring", required=True),
        ),
        ({"anyOf": [False]}, True, Control(name="q", where="query", required=True)),
    ],
)
def test_a_parameter(schema, required, expected):
    schemas = {"Color": {"enum": ["red", "blue"]}}
    given = {"name": "q", "in": "query", "required": required, "schema": schema}

    assert (expected,) == controls(schemas=schemas, parameters=[given])


def test_credentials_come_first_each_once():
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    }
    found = controls(schemes, security=[{"bearer": [], "key": []}, {"basic": [], "bearer": []}, {}])

    assert (
        Control(name="token", where="bearer", scheme="bearer"),
        Control(name="X-Key", where="header", scheme="key"),
        Control(name="user name", where="user", scheme="basic"),
        Control(name="password", where="password", scheme="basic"),
    ) == found


def body(media_type, **schema):
    return {"content": {"application/x": {}, media_type: {"schema": schema}}}


def test_a_json_body_is_made_of_its_schema():
    given = body("application/json", type="object", properties={"id": {"type": "integer"}})

    assert (Control(name="Body", where="body", kind="json", value='{\n  "id": 1\n}'),) == controls(
        requestBody=given
    )


def test_a_body_that_nothing_fits_is_left_empty():
    given = {"content": {"text/plain": {"schema": False}}}

    assert (Control(name="Body", where="body", kind="json"),) == controls(requestBody=given)


def test_a_form_has_a_control_for_each_field():
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    given = body(
        "multipart/form-data",
        properties={
            "name": {"type": "string"},
            "photo": file,
            "more": {"type": "array", "items": file},
        },
        required=["name", "photo"],
    )

    assert (
        Control(name="name", where="form", value="string", required=True),
        Control(name="photo", where="form", kind="file", required=True),
        Control(name="more", where="form", kind="file"),
    ) == controls(requestBody=given)


# --- curl ------------------------------------------------------------------------------------


def line(*controls, media_type=None, method="GET", path="/x"):
    sent = Sending(entry=entry(method, path), controls=controls, media_type=media_type)
    return curl_line(sent, BASE)


JSON_BODY = Control(name="Body", where="body", value='{"a": "it\'s"}')
FIELDS = (
    Control(name="email", where="form", value="a@b"),
    Control(name="tags", where="form", kind="lines", value="x\n\ny"),
    Control(name="no", where="form"),
)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (line(), ["-i", f"{BASE}/x"]),
        (line(method="DELETE"), ["-i", "-X", "DELETE", f"{BASE}/x"]),
        (line(method="HEAD"), ["-I", f"{BASE}/x"]),
        (
            line(
                Control(name="id", where="path", value="a/b c?\u00e9"),
                Control(name="q", where="query", value="1&2'"),
                Control(name="no", where="query"),
                Control(name="r r", where="query", kind="lines", value="x\ny"),
                path="/x/{id}",
            ),
            ["-i", f"{BASE}/x/a/b%20c%3F%C3%A9?q=1%262'&r%20r=x&r%20r=y"],
        ),
        (
            line(
                Control(name="X-A", where="header", value="1"),
                Control(name="X-B", where="header", kind="lines", value="2\n3"),
                Control(name="sid", where="cookie", value="4"),
                Control(name="t", where="cookie", value="5"),
            ),
            ["-i", f"{BASE}/x", "-H", "X-A: 1", "-H", "X-B: 2", "-H", "X-B: 3", "-b", "sid=4; t=5"],
        ),
        (
            line(JSON_BODY, method="POST", media_type="application/json"),
            [
                "-i",
                f"{BASE}/x",
                "-H",
                "content-type: application/json",
                "--data-raw",
                '{"a": "it\'s"}',
            ],
        ),
        (
            line(replace(JSON_BODY, value="{}"), method="PUT", media_type="a/b"),
            ["-i", "-X", "PUT", f"{BASE}/x", "-H", "content-type: a/b", "--data-raw", "{}"],
        ),
        (
            line(*FIELDS, method="POST", media_type="application/x-www-form-urlencoded"),
            [
                *("-i", f"{BASE}/x", "--data-urlencode", "email=a@b"),
                *("--data-urlencode", "tags=x", "--data-urlencode", "tags=y"),
            ],
        ),
        (
            line(FIELDS[0], method="POST", media_type="multipart/form-data"),
            ["-i", f"{BASE}/x", "--form-string", "email=a@b"],
        ),
        (line(method="POST"), ["-i", "-X", "POST", f"{BASE}/x"]),
    ],
)
def test_a_shell_reads_what_was_meant(written, words):
    shell = subprocess.run(
        ["sh", "-c", f"curl() {{ printf '%s\\0' \"$@\"; }}\n{written}"],
        capture_output=True,
        check=True,
    )

    assert words == shell.stdout.decode().split("\0")[:-1]


# --- the form --------------------------------------------------------------------------------


def form(*controls, media_type=None):
    return try_it(Sending(entry=entry(), controls=controls, media_type=media_type), BASE)


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (
            Control(name="q", where="query", value="<", required=True),
            '<label><span class="name">q <small>query, required</small></span>'
            '<input type="text" value="&lt;" spellcheck="false" autocomplete="off" data-name="q" '
            'data-in="query" data-kind="text"></label>',
        ),
        (
            Control(name="token", where="bearer", scheme="bearer"),
            '<label><span class="name">token <small>bearer</small></span>'
            '<input type="password" spellcheck="false" autocomplete="off" data-name="token" '
            'data-in="bearer" data-kind="text" data-scheme="bearer"></label>',
        ),
        (
            Control(name="t", where="query", kind="lines", hint="x"),
            '<label><span class="name">t <small>query, one a line</small></span>'
            '<textarea rows="2" spellcheck="false" data-name="t" data-in="query" '
            'data-kind="lines" placeholder="x">\n</textarea></label>',
        ),
        (
            Control(name="o", where="query", kind="choice", choices=("a", "b"), hint="a"),
            '<label><span class="name">o <small>query</small></span>'
            '<select data-name="o" data-in="query" data-kind="choice">'
            '<option value=""></option><option value="a">a</option><option value="b">b</option>'
            "</select></label>",
        ),
        (
            Control(
                name="o", where="query", kind="choice", choices=("a", "b"), value="b", required=True
            ),
            '<label><span class="name">o <small>query, required</small></span>'
            '<select data-name="o" data-in="query" data-kind="choice">'
            '<option value="a">a</option><option selected value="b">b</option></select></label>',
        ),
        (
            Control(name="f", where="form", kind="file"),
            '<label><span class="name">f <small>form</small></span>'
            '<input type="file" multiple data-name="f" data-in="form" data-kind="file"></label>',
        ),
    ],
)
def test_a_control_has_a_label(control, expected):
    assert expected in form(control)


def test_no_control_has_a_name():
    """A form's own properties are hidden by controls of the same name: `dataset`, `submit`."""
    controls = [Control(name=name, where="query") for name in ("dataset", "parentElement")]

    assert " name=" not in form(*controls)


def test_a_body_needs_no_place():
    assert "Body <small>JSON</small>" in form(Control(name="Body", where="body", kind="json"))


def test_a_long_text_gets_some_lines_only():
    value = "\n" * 40

    assert 'rows="14"' in form(replace(JSON_BODY, kind="json", value=value))


def test_cookies_are_explained():
    cookie = Control(name="sid", where="cookie")

    assert "Cookies are sent by the browser itself" in form(cookie)
    assert "Cookies" not in form(replace(cookie, where="query"))
