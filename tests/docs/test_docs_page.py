"""The page: everything of the document is on it, as text, and nothing that is not."""

import json
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Annotated, Never

import pytest
from msgspec import Meta, Struct
from test_docs_markup import HOSTILE

from redirflow import (
    APIKey,
    App,
    Basic,
    Bearer,
    Callback,
    Cookie,
    CookieSpec,
    HeaderSpec,
    HTTPError,
    NotFound,
    Query,
    Redirect,
    Response,
    ServerSentEvent,
    WebURL,
    raises,
    redirects,
    returns,
)
from redirflow.docs.pages import docs_pages
from redirflow.http.methods import METHODS, REDIRECT_STATUSES, method_after_hop

VOID = {"meta", "link", "input", "wbr"}


class Outline(HTMLParser):
    """Start tags with their attributes, the text, and whether tags close as they opened."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


def written(app, **more):
    """The page of an app, as text."""
    return docs_pages(app.openapi(), "/docs", **more)["/docs"].body.decode()


def attributes(page, name):
    return [attrs[name] for _, attrs in Outline(page).elements if name in attrs]


def anchors_in(page):
    return attributes(page, "id")


def links_in(page):
    return [each.removeprefix("#") for each in attributes(page, "href") if each.startswith("#")]


class User(Struct):
    """A person."""

    id: int
    name: Annotated[str, Meta(max_length=80)] = "Ada"


class EmailTaken(HTTPError, status_code=409):
    """Another account has this e-mail address."""

    email: str


@pytest.fixture(scope="module")
def app():
    app = App(
        title="Tour",
        version="3.1",
        description="Uses `all`.\n\n- of it",
        openapi_tags=[{"name": "users", "description": "People and `staff`."}],
    )

    @app.get("/users/{user_id}", tags=["users"], deprecated=True)
    @returns(examples={"ada": User(1)}, headers={"X-Some": HeaderSpec(int, required=False)})
    @raises(NotFound)
    async def get_user(
        user_id: int, q: Query[Annotated[str, Meta(description="Words.")]] = ""
    ) -> Response[User]:
        """Fetch one.

        In *plain* words.
        """

    @app.post("/users", tags=["users", "more"])
    @redirects(303, to=get_user, cookies={"sid": CookieSpec()})
    @raises(EmailTaken)
    async def create_user(user: User, sid: Cookie[str | None] = None) -> Never:
        raise Redirect.to(get_user, user_id=1)

    @app.get("/events")
    async def events(
        token: Annotated[str, Bearer()], key: Annotated[str | None, APIKey(query="k")]
    ) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("x")

    @app.get("/linked")
    @returns(links={"next": {"operationId": "get_user", "parameters": {"user_id": 1}}, "x": {}})
    async def linked(who: Annotated[object, Basic()]) -> User: ...

    @app.delete("/users", include_in_schema=False)
    async def hidden() -> None: ...

    return app


@pytest.fixture(scope="module")
def page(app):
    return written(app, debug=True)


def test_the_tags_close_as_they_opened(page):
    assert Outline(page).open == []


def test_nothing_is_run_but_one_file_of_our_own(page):
    """No inline script, no handler, no style: `script-src 'self'` suffices (threat 22)."""
    scripts = [attrs for tag, attrs in Outline(page).elements if tag == "script"]
    names = {name for _, attrs in Outline(page).elements for name in attrs}

    assert [{"src", "defer"}] == [{*attrs} for attrs in scripts]
    assert [name for name in names if name.startswith("on") or name == "style"] == []
    assert [tag for tag, _ in Outline(page).elements if tag in {"style", "iframe", "base"}] == []


def test_nothing_is_asked_of_another_origin(page):
    loaded = attributes(page, "src") + attributes(page, "href")

    assert all(each.startswith(("./", "#", "data:image/svg+xml,")) for each in loaded)


def test_there_are_landmarks_with_names(page):
    found = Outline(page).elements
    tags = [tag for tag, _ in found]
    regions = [attrs for _, attrs in found if attrs.get("role") in {"region", "group"}]

    assert tuple(tags.count(tag) for tag in ("header", "nav", "main")) == (1, 1, 1)
    assert ("html", {"lang": "en"}) in found
    assert all(attrs.get("aria-label") for attrs in regions)
    assert all(attrs.get("aria-label") for tag, attrs in found if tag in {"nav", "form", "svg"})


def test_headings_have_no_gaps(page):
    levels = [int(tag[1]) for tag, _ in Outline(page).elements if tag in {"h1", "h2", "h3", "h4"}]

    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_no_control_stands_without_a_label(page):
    """Each field is inside of a label, each button has words."""
    open_tags = []

    class Walk(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag in {"input", "select", "textarea"}:
                assert "label" in open_tags
            if tag not in VOID:
                open_tags.append(tag)

        def handle_endtag(self, tag):
            open_tags.pop()

    Walk().feed(page)


def test_what_the_script_must_know_stands_in_attributes(page):
    (body,) = [attrs for tag, attrs in Outline(page).elements if tag == "body"]

    assert (body["data-root"], "data-debug" in body) == ("./", True)
    assert {
        str(status): {
            method: after
            for method in METHODS
            if (after := method_after_hop(status, method)) != method
        }
        for status in REDIRECT_STATUSES
    } == {
        status: {name: after for name, after in hop.items() if name != "phrase"}
        for status, hop in json.loads(body["data-hops"]).items()
    }


def test_without_debug_the_page_does_not_ask_for_reports(app):
    assert "data-debug" not in written(app)


@pytest.mark.parametrize(
    "told",
    [
        "Tour",
        "3.1",
        "Fetch one.",
        "In *plain* words.",
        "deprecated",
        "Words.",
        "up to 80 characters",
        "Another account has this e-mail address.",
        "/docs#email-taken",
        "X-Some",
        "sometimes",
        "Example ",
        '{\n  "id": 1,\n  "name": "Ada"\n}',
        "application/json",
        "application/msgpack",
        "A stream of items, each:",
        "text/event-stream",
        "Answered by 1 operation",
        " (http bearer)",
        " (query k)",
        " (http basic)",
        '{\n  "parameters": {\n    "user_id": 1\n  }\n}',
        "303",
        "See Other",
        "Leads to",
    ],
)
def test_it_is_told(page, told):
    assert told in "".join(Outline(page).text)


def test_a_group_is_the_first_tag_of_an_operation(page):
    text = Outline(page).text

    assert (
        next(each for each in text if each in {"Operations", "users"}),
        next(each for each in text if each in {"users", "more"}),
        "more" in text,
    ) == ("Operations", "users", False)


def test_a_tag_is_described_below_its_name(page):
    assert "<h2>users</h2><p>People and <code>staff</code>.</p>" in page


def test_a_location_is_told_in_words(page):
    """Its pattern is for machines."""
    assert "Leads to: get_user" in page
    assert "pattern" not in page


def test_hidden_operations_are_not_told(page):
    assert "operation-hidden" not in page
    assert "DELETE" not in Outline(page).text


def test_equal_programs_give_equal_bytes(app):
    assert written(app) == written(app)


def test_an_app_without_anything_has_a_page():
    page = written(App())

    assert Outline(page).open == []
    assert [name for name in ("Errors", "Schemas", "Redirect map") if name not in page] == [
        "Errors",
        "Schemas",
        "Redirect map",
    ]


def test_curl_lines_ask_the_first_server_with_a_full_address():
    app = App(servers=["/v1", "https://{name}.example.com", "https://api.example.com/v2/"])
    app.get("/x")(_nothing)

    assert "curl -i 'https://api.example.com/v2/x'" in "".join(Outline(written(app)).text)


async def _nothing() -> None: ...


def test_without_an_address_curl_lines_ask_the_development_server():
    app = App(servers=["/v1"])
    app.get("/x")(_nothing)

    assert "curl -i 'http://127.0.0.1:8000/x'" in "".join(Outline(written(app)).text)


def test_what_answers_without_a_body_says_so():
    app = App()
    app.get("/x")(_nothing)

    assert "no body" in Outline(written(app)).text


def test_hostile_words_stay_text():
    """No title, tag, name, description, example or default becomes a tag."""
    app = App(title=HOSTILE, version=HOSTILE, description=HOSTILE)

    class Bad(HTTPError, status_code=418):
        email: Annotated[str, Meta(description=HOSTILE, pattern=HOSTILE)]

    Bad.__doc__ = HOSTILE

    @app.post("/x", name=HOSTILE, tags=[HOSTILE], summary=HOSTILE, description=HOSTILE)
    @returns(
        description=HOSTILE,
        examples={HOSTILE: {HOSTILE: HOSTILE}},
        headers={"X-Some": HeaderSpec(description=HOSTILE)},
        links={HOSTILE: {"description": HOSTILE}},
    )
    @raises(Bad)
    async def handler(
        body: dict[str, Annotated[str, Meta(title=HOSTILE, extra_json_schema={HOSTILE: HOSTILE})]],
        q: Query[Annotated[str, Meta(examples=[HOSTILE])]] = HOSTILE,
    ) -> dict[str, str]: ...

    tags = {tag for tag, _ in Outline(written(app)).elements}

    assert tags.isdisjoint({"img", "iframe", "object", "style"})
    assert [tag for tag, _ in Outline(written(app)).elements if tag == "script"] == ["script"]
    assert Outline(written(app)).open == []
    assert HOSTILE in Outline(written(app)).text


def test_webhooks_and_callbacks_say_what_is_sent():
    class Sold(Struct):
        """A thing was sold."""

        thing: int

    app = App(webhooks={"sold": Sold})
    late = Callback("{$request.query.back}", Sold, method="PUT", description="Some days later.")

    @app.post("/things", callbacks={"<late>": late, "soon": Callback("{$request.query.back}")})
    async def sell(back: WebURL) -> None: ...

    page = written(app)
    outline = Outline(page)
    text = " ".join(" ".join(outline.text).split())

    assert outline.open == []
    assert "Callbacks <late> PUT {$request.query.back} Some days later. application/json" in text
    assert "soon POST {$request.query.back}" in text
    assert "Webhooks sold POST application/json Sold" in text
    assert '<section id="all_webhooks">' in page
    assert '<a href="#all_webhooks">Webhooks</a>' in page
