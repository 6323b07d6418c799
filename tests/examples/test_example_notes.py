"""`examples/notes.py`, asked over the wire, as a browser and a client of its feed do."""

import itertools

import httpx2
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from redirflow.testing import TestClient

EXAMPLE = "notes"
PASSWORD = "a long password"

numbers = itertools.count()


def new_person(**more):
    return {"name": f"person {next(numbers)}", "password": PASSWORD, **more}


def signed_up(client, **more):
    """The header of a browser that signed up: over plain HTTP clients keep no secure cookie."""
    answer = client.post("/signup", data=new_person(**more))
    assert answer.status_code == 303, answer.text
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


@pytest.fixture
def session(client):
    return signed_up(client)


@pytest.fixture
def keep(client, session):
    """`keep(title)` keeps a note and gives its path."""

    def keep(title, **more):
        answer = client.post("/notes", json={"title": title, **more}, headers=session)
        assert answer.status_code == 303
        return answer.headers["location"]

    return keep


# --- signing up, in and out ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/notes", "/notes/1", "/notes/1/file", "/notes/feed"])
def test_strangers_are_sent_to_the_form_and_back(ask, path):
    status, fields, body = ask("GET", path)

    assert (status, body) == (303, "")
    assert fields["location"] == f"/login?next={path.replace('/', '%2F')}"


def test_the_form_says_where_it_leads(ask):
    status, fields, page = ask("GET", "/login?next=/notes%3Fa=1%26b='&failed=true")

    assert (status, fields["content-type"]) == (200, "text/html; charset=utf-8")
    assert "value='/notes?a=1&amp;b=&#x27;'" in page
    assert "Wrong name or password." in page
    assert "Wrong" not in ask("GET", "/login")[2]


def test_signing_up_signs_in_and_leads_on(ask):
    status, fields, _ = ask("POST", "/signup", data=new_person(next="/notes?limit=1"))

    assert (status, fields["location"], fields["cache-control"]) == (
        303,
        "/notes?limit=1",
        "no-store",
    )
    cookie, *attributes = fields["set-cookie"].split("; ")
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} < {*attributes}
    assert ask("GET", "/notes", headers={"cookie": cookie})[2] == {"items": [], "next": None}


def test_a_name_is_taken_once(ask):
    person = new_person()
    assert ask("POST", "/signup", data=person)[0] == 303

    status, _, problem = ask("POST", "/signup", data=person)

    assert (status, problem) == (
        409,
        {"type": "about:blank", "title": "Conflict", "status": 409},
    )


def test_signing_in(ask, client):
    person = new_person()
    client.post("/signup", data=person)

    status, fields, _ = ask("POST", "/login", data=person)
    assert (status, fields["location"]) == (303, "/notes")
    assert "__Host-session=" in fields["set-cookie"]


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_password_and_a_wrong_name_look_alike(ask, client, known):
    person = new_person(next="/notes/3")
    if known:
        client.post("/signup", data=person)

    status, fields, _ = ask("POST", "/login", data={**person, "password": "another one"})
    assert (status, fields["location"]) == (303, "/login?next=%2Fnotes%2F3&failed=true")
    assert "set-cookie" not in fields


def test_signing_out_ends_the_session(ask, session):
    status, fields, _ = ask("POST", "/logout", headers=session)
    assert (status, fields["location"]) == (303, "/login")
    assert "Max-Age=0" in fields["set-cookie"]

    assert ask("GET", "/notes", headers=session)[0] == 303


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_nobody_is_led_away(ask, next):
    status, _, problem = ask("POST", "/login", data=new_person(next=next))

    assert (status, problem["errors"][0]["loc"]) == (422, ["form", "next"])


# --- notes ---------------------------------------------------------------------------------------


def test_a_note_is_kept(ask, session, keep):
    path = keep("Milk", text="two litres")

    status, _, note = ask("GET", path, headers=session)
    number = int(path.rpartition("/")[2])
    assert (status, note) == (200, {"title": "Milk", "text": "two litres", "id": number})


def test_others_see_nothing_of_it(ask, client, keep):
    path = keep("Milk")
    other = signed_up(client)

    for method, where, more in [
        ("GET", path, {}),
        ("GET", f"{path}/file", {}),
        ("POST", f"{path}/file", {"files": {"file": b"x"}}),
    ]:
        assert ask(method, where, headers=other, **more)[0] == 404
    assert ask("GET", "/notes", headers=other)[2]["items"] == []


def test_pages_follow_each_other(ask, session, keep):
    for title in ("a", "b", "c"):
        keep(title)

    seen, path = [], "/notes?limit=2"
    while path:
        _, _, page = ask("GET", path, headers=session)
        seen.append([note["title"] for note in page["items"]])
        path = page["next"]
    assert seen == [["a", "b"], ["c"]]


@pytest.mark.parametrize("number", [2**63, -1, 10**30])
def test_numbers_beyond_the_database_are_refused(ask, session, number):
    assert ask("GET", f"/notes/{number}", headers=session)[0] == 422
    assert ask("GET", f"/notes?after={number}", headers=session)[0] == 422


def test_a_file_is_attached_and_replaced(ask, session, keep):
    path = keep("Picture")
    assert ask("GET", f"{path}/file", headers=session)[0] == 404

    for content in (b"small", b"\0\xff" * 700_000):
        sent = ask("POST", f"{path}/file", headers=session, files={"file": content})
        assert (sent[0], sent[1]["location"]) == (303, f"{path}/file")
    assert ask("GET", f"{path}/file", headers=session)[1] == {
        "content-type": "application/octet-stream"
    }


def test_the_bytes_of_a_file_come_back(client, session, keep):
    path = keep("Picture")
    content = bytes(range(256)) * 8192
    client.post(f"{path}/file", headers=session, files={"file": content})

    assert client.get(f"{path}/file", headers=session).content == content


def test_a_file_beyond_the_limit_is_refused(ask, session, keep):
    path = keep("Film")

    sent = ask("POST", f"{path}/file", headers=session, files={"file": b"x" * (9 * 2**20)})

    assert sent[0] == 413


# --- the feed -------------------------------------------------------------------------------------


def events(lines):
    """Each event as a dictionary of its fields."""
    event = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            yield event
            event = {}


def test_the_feed_tells_new_notes_and_goes_on_where_it_was_left(client, session, keep):
    keep("first")
    with client.stream("GET", "/notes/feed", headers=session) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = events(answer.iter_lines())
        assert next(told)["event"] == "hello"
        first = next(told)
        keep("second\nline")
        second = next(told)
    assert (first["event"], first["data"]) == ("note", "first")
    assert (second["event"], second["data"]) == ("note", "line")  # two `data` lines

    again = {**session, "last-event-id": first["id"]}
    with client.stream("GET", "/notes/feed", headers=again) as answer:
        told = events(answer.iter_lines())
        assert [next(told)["event"], next(told)["id"]] == ["hello", second["id"]]


def test_behind_a_prefix_every_way_leads_back(example, tmp_path, monkeypatch):
    """A proxy took `/site` off; each location has it again."""
    monkeypatch.setenv("NOTES_DATABASE", str(tmp_path / "notes.db"))
    with TestClient(example("notes").app, root_path="/site") as client:
        asked = client.get("/site/notes/7")
        assert asked.headers["location"] == "/site/login?next=%2Fsite%2Fnotes%2F7"

        hops = client.follow("POST", "/site/signup", data=new_person())
        assert hops.urls[-1] == "/site/notes"
        for title in ("Milk", "Bread"):
            added = client.follow("POST", "/site/notes", json={"title": title})
            assert added.response.json()["title"] == title
        assert client.get("/site/notes?limit=1").json()["next"] == "/site/notes?after=1&limit=1"


# --- around ---------------------------------------------------------------------------------------


def test_a_database_that_is_named_stays(example, serve, monkeypatch, tmp_path):
    monkeypatch.setenv("NOTES_DATABASE", str(tmp_path / "kept.db"))
    first, second = (
        httpx2.Client(base_url=serve(example("notes").app), trust_env=False) for _ in "12"
    )
    with first, second:
        session = signed_up(first)
        path = first.post("/notes", json={"title": "Milk"}, headers=session).headers["location"]

        assert second.get(path, headers=session).json()["title"] == "Milk"


def test_the_document_is_valid(example):
    app = example("notes").app

    OpenAPIV32SpecValidator(app.openapi()).validate()
    OpenAPIV31SpecValidator(app.openapi("3.1.1")).validate()
