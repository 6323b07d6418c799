"""The page in a real browser: quiet, at home, and honest about redirects."""

import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, Literal, Never

import pytest
from msgspec import Meta, Struct
from test_docs_markup import HOSTILE
from test_docs_page import Outline

from redirflow import (
    App,
    Basic,
    Bearer,
    Cookie,
    CookieSpec,
    Form,
    Header,
    HeaderSpec,
    HTTPError,
    NotFound,
    Query,
    Redirect,
    Response,
    UploadFile,
    raises,
    redirects,
    returns,
)

pytestmark = [
    pytest.mark.browser,
    # What a page does depends on the browser; one server is enough.
    pytest.mark.parametrize("serve", ["httptools"], indirect=True, scope="session"),
]


class User(Struct):
    """A person."""

    id: int
    name: str = "Ada"


class NameTaken(HTTPError, status_code=409):
    """Somebody has this name."""


def small_app():
    """One operation for each thing that the page can do."""
    app = App(title="Tour")

    @app.get("/users/{user_id}")
    @raises(NotFound)
    async def get_user(user_id: int, verbose: Query[bool] = False) -> User:
        """Fetch one user."""
        return User(user_id)

    @app.post("/users", tags=["writing"])
    @redirects(303, to=get_user)
    @raises(NameTaken)
    async def create_user(user: User) -> Never:
        """Make one; the answer leads to it."""
        raise Redirect.to(get_user, user_id=user.id)

    @app.post("/kept/{rest:path}", tags=["writing"])
    @redirects(307, to="echo")
    async def kept(rest: str, body: dict[str, int]) -> Never:
        raise Redirect.to("echo")

    @app.post("/echo", tags=["writing"])
    @returns(status_code=200)
    async def echo(body: dict[str, int]) -> dict[str, int]:
        return body

    @app.post("/login", tags=["session"])
    @redirects(303, to="me", cookies={"sid": CookieSpec(secure=False)})
    async def login(email: Form[str], tags: Form[list[str]] = []) -> Never:  # noqa: B006
        raise Redirect.to(me).with_cookies({"sid": f"{email}-{len(tags)}"})

    @app.get("/me", tags=["session"])
    async def me(sid: Cookie[str] = "nobody") -> dict[str, str]:
        return {"sid": sid}

    @app.get("/round/{number}")
    @redirects(302, to="round_trip")
    async def round_trip(number: int) -> Never:
        raise Redirect.to(round_trip, number=number + 1)

    @app.get("/away")
    @redirects(302, external="https://example.com")
    async def away() -> Never:
        raise Redirect("https://example.com/there")

    @app.get("/told")
    async def told(
        token: Annotated[str, Bearer()],
        x_some: Header[str],
        order: Query[Literal["asc", "desc"]],
        tag: Query[list[str]] = [],  # noqa: B006
    ) -> list[str]:
        return [token, x_some, order, *tag]

    @app.get("/basic")
    async def basic(who: Annotated[object, Basic()], odd: Query[str] = "it's <b>") -> list[str]:
        return [who.username, who.password]

    @app.post("/files")
    async def files(dataset: UploadFile, parentElement: Form[str] = "") -> str:  # noqa: N803
        return dataset.filename

    @app.get("/ticks")
    @returns(media_type="application/jsonl")
    async def ticks() -> AsyncIterator[User]:
        yield User(1)
        yield User(2)

    @app.get("/picture")
    @returns(media_type="image/png", headers={"X-Size": HeaderSpec(int)})
    async def picture() -> Response[bytes]:
        return Response(b"\x89PNG", headers={"X-Size": 4})

    @app.delete("/users/{user_id}")
    async def delete_user(user_id: int) -> None:
        """Nothing comes back."""

    return app


def hostile_app():
    app = App(title=HOSTILE, description=HOSTILE)

    @app.get("/x", name=HOSTILE, tags=[HOSTILE], summary=HOSTILE, description=HOSTILE)
    @returns(description=HOSTILE, examples={HOSTILE: HOSTILE})
    async def echo(q: Query[Annotated[str, Meta(examples=[HOSTILE])]]) -> str:
        return HOSTILE

    return app


class Page:
    """The docs page in a tab."""

    def __init__(self, tab, base):
        self.tab, self.base = tab, base

    def open(self, fragment=""):
        self.tab.look()
        self.tab.open(f"{self.base}/docs{fragment}")
        return self

    def form(self, operation):
        return f"document.getElementById('operation-{operation}')"

    def give(self, operation, **values):
        for name, value in values.items():
            self.tab.run(
                f"(() => {{ const at = {self.form(operation)}.querySelector"
                f"('[data-name=\"{name}\"]'); at.value = {value!r};"
                " at.dispatchEvent(new Event('input', {bubbles: true})) })()"
            )

    def send(self, operation, **values):
        """Send a request; what is said of it, and each hop as text."""
        self.give(operation, **values)
        self.tab.run(f"{self.form(operation)}.querySelector('.send').click()")
        self.tab.until(f"{self.form(operation)}.querySelector('.send').textContent === 'Send'")
        said = self.tab.run(f"{self.form(operation)}.querySelector('[role=status]').textContent")
        hops = self.tab.run(
            f"[...{self.form(operation)}.querySelectorAll('.answer li')].map((each) => "
            "[each.querySelector('.hop').textContent.replace(/ \\d+ ms$/, ''), "
            "...[...each.querySelectorAll('.to, .note, pre')].map((part) => part.textContent)])"
        )
        return said, hops

    def curl(self, operation):
        return self.tab.run(f"{self.form(operation)}.querySelector('.curl code').textContent")


@pytest.fixture(scope="module")
def bases(serve, with_docs):
    """Each app on a real server, by what the tests call it."""
    app = small_app()

    async def below(scope, receive, send):
        await with_docs(app)({**scope, "root_path": "/api"}, receive, send)

    return {
        "debug": serve(with_docs(app)),
        "quiet": serve(with_docs(app, debug=False)),
        "below": serve(below) + "/api",
        "hostile": serve(with_docs(hostile_app())),
    }


@pytest.fixture
def page(request, tab, bases):
    return Page(tab, bases[getattr(request, "param", "debug")])


@pytest.mark.parametrize("page", ["debug", "quiet", "below", "hostile"], indirect=True)
def test_the_page_is_quiet_and_asks_nobody_else(page):
    page.open()

    assert page.tab.complaints() == []
    assert page.tab.origins() == {re.match(r"https?://[^/]+", page.base)[0]}


@pytest.mark.parametrize("page", ["debug", "below"], indirect=True)
def test_every_hop_of_a_redirect_is_shown(page):
    """A POST that redirects: 303 with its Location, then 200 with the body."""
    root = page.base.partition("/api")[1]
    said, hops = page.open().send("create_user", Body='{"id": 7}')

    assert (said, hops) == (
        "303, then 200",
        [
            [f"303 See Other POST {root}/users", f"Location: {root}/users/7"],
            [f"200 OK GET {root}/users/7", '{\n  "id": 7,\n  "name": "Ada"\n}'],
        ],
    )
    assert page.tab.complaints() == []


@pytest.mark.parametrize("page", ["quiet"], indirect=True)
def test_without_debug_the_browser_follows_by_itself(page):
    said, hops = page.open().send("create_user", Body='{"id": 7}')

    assert (said, hops) == (
        "200",
        [
            [
                "200 OK POST /users",
                "redirect followed to /users/7 (browser hides the hop)",
                '{\n  "id": 7,\n  "name": "Ada"\n}',
            ]
        ],
    )


def test_method_and_body_are_kept_where_the_status_says_so(page):
    said, hops = page.open().send("kept", rest="a/b c", Body='{"a": 1}')

    assert (said, hops) == (
        "307, then 200",
        [
            ["307 Temporary Redirect POST /kept/a/b%20c", "Location: /echo"],
            ["200 OK POST /echo", '{\n  "a": 1\n}'],
        ],
    )


def test_cookies_of_a_redirect_are_set(page):
    said, hops = page.open().send("login", email="ada@example.com", tags="a\nb")

    assert (said, hops[1]) == (
        "303, then 200",
        ["200 OK GET /me", '{\n  "sid": "ada@example.com-2"\n}'],
    )


def test_a_redirect_to_another_origin_is_not_followed(page):
    said, hops = page.open().send("away")

    assert (said, hops) == (
        "302. It leads out of this app, where this page does not go.",
        [["302 Found GET /away", "Location: https://example.com/there"]],
    )
    assert page.tab.origins() == {page.base}


@pytest.mark.parametrize("page", ["quiet"], indirect=True)
def test_a_browser_does_not_go_there_either(page):
    said, hops = page.open().send("away")

    assert hops == []
    assert "or a redirect led to another site, where this page may not go" in said


def test_an_endless_redirect_is_stopped(page):
    said, hops = page.open().send("round_trip")

    assert (said, len(hops)) == ("Stopped after 20 redirects.", 21)


def test_all_kinds_of_parameters_are_sent(page):
    values = {"token": "t", "order": "desc", "tag": "x y\n\nz", "x-some": "s"}
    _, (hop,) = page.open().send("told", **values)

    assert hop[0] == "200 OK GET /told?order=desc&tag=x%20y&tag=z"
    assert re.findall(r'"(.*)"', hop[1]) == ["t", "s", "desc", "x y", "z"]


def test_credentials_of_a_person(page):
    _, (hop,) = page.open().send("basic", **{"user name": "ad\u00e9", "password": "p"})

    assert re.findall(r'"(.*)"', hop[1]) == ["ad\u00e9", "p"]


def test_a_file_is_sent(page, tmp_path):
    (tmp_path / "note.txt").write_text("x")
    page.open()
    script = f"{page.form('files')}.querySelector('[type=file]')"
    found = page.tab.call("Runtime.evaluate", expression=script)["result"]["objectId"]
    page.tab.call("DOM.setFileInputFiles", files=[str(tmp_path / "note.txt")], objectId=found)
    _, (hop,) = page.send("files", parentElement="here")

    assert hop[1:] == ['"note.txt"']
    assert "-F 'dataset=@note.txt'" in page.curl("files")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("ticks", ['{"id":1,"name":"Ada"}\n{"id":2,"name":"Ada"}\n']),
        ("picture", ["4 bytes of image/png"]),
        ("delete_user", []),
    ],
)
def test_bodies_are_shown_as_what_they_are(page, operation, expected):
    _, (hop,) = page.open().send(operation)

    assert hop[1:] == expected


@pytest.mark.parametrize("page", ["debug", "hostile"], indirect=True)
def test_the_script_writes_the_same_curl_lines_as_the_page(page):
    page.open()
    written = page.tab.run(f"fetch('{page.base}/docs').then((answer) => answer.text())")
    lines = page.tab.run(
        "[...document.querySelectorAll('.curl code')].map((each) => each.textContent)"
    )

    assert lines
    text = "".join(Outline(written).text)
    assert all(each.replace(page.base, "http://127.0.0.1:8000") in text for each in lines)


def test_the_curl_line_follows_what_is_typed(page):
    page.open().give("get_user", user_id="7 8", verbose="true")

    assert page.curl("get_user") == f"curl -i '{page.base}/users/7%208?verbose=true'"


def test_hostile_words_stay_text(tab, bases):
    page = Page(tab, bases["hostile"]).open()
    counted = "document.querySelectorAll('img, iframe, main script').length"

    assert (page.tab.run("document.title"), page.tab.run(counted)) == (HOSTILE, 0)
    page.tab.run("document.querySelector('.send').click()")
    shown = page.tab.until("document.querySelector('.answer pre')?.textContent")
    assert json.loads(shown) == HOSTILE
    assert (page.tab.run(counted), page.tab.complaints()) == (0, [])


# --- finding one's way -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fragment", ["#operation-get_user", "#schema-User", "#name-taken", "#redirect_map"]
)
def test_a_deep_link_opens_what_it_points_at(page, fragment):
    page.open(fragment)
    target = f"document.querySelector('{fragment}')"
    page.tab.until(f"{target}.getBoundingClientRect().top < innerHeight")

    assert page.tab.run(f"{target}.checkVisibility() && {target}.getBoundingClientRect().top >= 0")


def test_a_link_on_the_page_opens_an_operation(page):
    page.open()
    page.tab.run("document.querySelector('nav a[href=\"#operation-echo\"]').click()")

    page.tab.until("document.getElementById('operation-echo').parentElement.open")


INTRUDERS = {
    "script": "document.body.append(Object.assign(document.createElement('script'), {text: MARK}))",
    "elsewhere": "document.body.append(Object.assign(document.createElement('script'), "
    "{src: 'https://example.com/x.js'}))",
    "handler": "document.body.setAttribute('onclick', MARK), document.body.click()",
    "markup": "document.body.innerHTML = `<img src=x onerror='${MARK}'>`",
    "code": "setTimeout(MARK)",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'), "
    "{src: 'https://example.com/'}))",
}
"""What a hole in the page would let in: each is kept from running by the browser."""


@pytest.mark.parametrize("intruder", INTRUDERS)
def test_the_policy_stops_what_would_slip_in(page, intruder):
    """The CSP is in force, not only sent: a browser refuses it, and says so."""
    attempt = INTRUDERS[intruder].replace("MARK", "'window.inside = true'")
    tab = page.open().tab
    refused = tab.run(
        "new Promise(told => {"
        "  addEventListener('securitypolicyviolation', event => told(event.disposition));"
        f"  try {{ {attempt} }} catch (error) {{ }}"
        "})"
    )

    assert refused == "enforce"
    assert tab.run("window.inside === undefined")


@pytest.mark.parametrize("fragment", ["#%zz", "#nothing", "#"])
def test_a_link_to_nothing_does_nothing(page, fragment):
    assert page.open(fragment).tab.complaints() == []


def test_the_search_is_a_key_away(page):
    page.open()
    page.tab.press("/", text="/")
    page.tab.call("Input.insertText", text="POST user")

    assert page.tab.until("document.getElementById('search_result').textContent") == (
        "1 of 14 operations"
    )
    shown = "[...document.querySelectorAll('main h3')].filter((each) => each.checkVisibility())"
    assert "POST" in page.tab.run(f"{shown}[0].textContent")
    page.tab.press("Escape")
    page.tab.until("document.getElementById('search_result').textContent === ''")


def test_a_search_finds_tags_and_hides_empty_groups(page):
    page.open()
    page.tab.run(
        "document.getElementById('search_field').value = 'session';"
        "document.getElementById('search_field').dispatchEvent(new Event('input', {bubbles: true}))"
    )
    groups = "[...document.querySelectorAll('section.group')].filter((each) => !each.hidden).length"

    assert page.tab.run(groups) == 1


def test_a_slash_in_a_field_is_a_slash(page):
    page.open("#operation-get_user")
    page.tab.run(f"{page.form('get_user')}.querySelector('input').focus()")
    page.tab.press("/", text="/")

    assert "/" in page.tab.run("document.activeElement.value")


# --- for everybody ---------------------------------------------------------------------------


def test_a_request_can_be_sent_with_the_keyboard_alone(page):
    page.open("#operation-delete_user")
    page.tab.run(f"{page.form('delete_user')}.querySelector('input').focus()")
    page.tab.press("Enter", text="\r", windowsVirtualKeyCode=13)

    page.tab.until(f"{page.form('delete_user')}.querySelector('.answer .s2') !== null")


def test_what_can_be_used_has_a_name(page):
    """As a screen reader is told: no control, link, group or picture is nameless."""
    page.open()
    page.tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    told = page.tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = {
        *("button", "link", "textbox", "searchbox", "combobox", "form", "region", "navigation"),
        *("DisclosureTriangle", "SvgRoot"),
    }
    used = [each for each in told if each.get("role", {}).get("value") in roles]
    nameless = [each for each in used if not each.get("name", {}).get("value")]

    assert len(used) > 100
    assert nameless == []


def test_the_page_fits_the_screen(page):
    """What is wider, such as the map, scrolls by itself."""
    page.open()
    page.tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")

    for width in (320, 390, 768, 1280, 1600):
        page.tab.look(width, 800)
        assert page.tab.run("document.scrollingElement.scrollWidth") <= width


CONTRAST = """
(() => {
  const light = (channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) =>
    0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = parts(getComputedStyle(at).backgroundColor);
      if (alpha > 0) return [red, green, blue];
    }
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const words = [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    if (!words || !element.checkVisibility()) continue;
    const colours = [parts(getComputedStyle(element).color), behind(element)].map(luminance);
    const ratio = (Math.max(...colours) + 0.05) / (Math.min(...colours) + 0.05);
    if (ratio < 4.5) weak.push(`${element.className} ${element.textContent} ${ratio}`);
  }
  return weak;
})()
"""


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_what_is_behind_them(page, dark):
    """4.5 to 1 (WCAG 2.2, 1.4.3), in light and in dark."""
    page.open()
    page.tab.look(dark=dark)
    page.tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")

    assert page.tab.run(CONTRAST) == []


def test_focus_can_be_seen(page):
    page.open()
    page.tab.press("Tab", windowsVirtualKeyCode=9)

    assert page.tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.tab.run("document.activeElement.textContent") == "Skip to the operations"


def test_the_page_can_be_read_without_a_script(tab, bases):
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(f"{bases['debug']}/docs")
    visible = "[...document.querySelectorAll('{}')].filter((each) => each.checkVisibility()).length"

    assert tab.run(visible.format("details.operation summary")) == 14
    assert tab.run(visible.format(".scripted, .copy")) == 0
