"""What is served: constant replies with strict headers, from our own origin or a pinned CDN."""

import re
from pathlib import Path

import pytest
from test_docs_page import Outline

import redirflow.docs
from redirflow import App
from redirflow.docs.assets import docs_paths, load, relative, root
from redirflow.docs.pages import docs_pages

FOLDER = Path(redirflow.docs.__file__).parent
STRICT = (
    "default-src 'none'; script-src {}; style-src {}; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
CDN = "https://cdn.jsdelivr.net/npm"


def pages(url="/docs", ui="redirflow", **more):
    return docs_pages(App(title="<Tour>").openapi(), url, ui, **more)


@pytest.mark.parametrize("ui", ["redirflow", "swagger", "scalar"])
@pytest.mark.parametrize("url", ["/docs", "/internal/docs", "/", "/docs/"])
def test_the_paths_are_known_before(url, ui):
    assert [*pages(url, ui)] == [*docs_paths(url, ui)]
    assert docs_paths(url, ui)[0] == url


def test_the_assets_stand_below_the_page():
    _, style, script = docs_paths("/docs")

    assert re.fullmatch(r"/docs/page\.[0-9a-f]{12}\.css", style)
    assert re.fullmatch(r"/docs/page\.[0-9a-f]{12}\.js", script)


@pytest.mark.parametrize("ui", ["redirflow", "swagger", "scalar"])
@pytest.mark.parametrize("url", ["/docs", "/internal/docs", "/", "/docs/"])
def test_a_browser_finds_what_the_page_refers_to(url, ui):
    """Links are relative, so that they hold under a `root_path` too."""
    from urllib.parse import urljoin

    served = pages(url, ui, openapi_url="/other/openapi.json")
    outline = Outline(served[url].body.decode()).elements
    found = [attrs.get("src") or attrs.get("href") or "" for _, attrs in outline]
    found += [attrs["data-document"] for _, attrs in outline if "data-document" in attrs]
    asked = {urljoin(f"/api{url}", each) for each in found if each.startswith(".")}

    assert asked == {f"/api{path}" for path in (*docs_paths(url, ui)[1:], "/other/openapi.json")}


def headers(reply):
    return {name.decode(): value.decode() for name, value in reply.headers}


def test_the_headers_of_the_page():
    reply = pages()["/docs"]

    assert (reply.status, headers(reply)) == (
        200,
        {
            "content-type": "text/html; charset=utf-8",
            "content-length": str(len(reply.body)),
            "content-security-policy": STRICT.format("'self'", "'self'")
            + "; require-trusted-types-for 'script'; trusted-types 'none'",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
        },
    )


@pytest.mark.parametrize(
    ("place", "kind"), [(1, "text/css; charset=utf-8"), (2, "text/javascript; charset=utf-8")]
)
def test_the_headers_of_an_asset(place, kind):
    reply = [*pages().values()][place]

    assert (reply.status, headers(reply)) == (
        200,
        {
            "content-type": kind,
            "content-length": str(len(reply.body)),
            "x-content-type-options": "nosniff",
            "cache-control": "public, max-age=31536000, immutable",
        },
    )


def test_a_name_changes_with_the_bytes():
    assert load("page.css").name != load("page.js").name
    assert load("page.css") == load("page.css")


@pytest.mark.parametrize(
    ("url", "path", "expected"),
    [
        ("/docs", "/openapi.json", "./openapi.json"),
        ("/docs", "/docs/page.css", "./docs/page.css"),
        ("/a/docs", "/openapi.json", "../openapi.json"),
        ("/a/docs", "/a/docs/page.css", "./docs/page.css"),
        ("/docs", "/a b:c", "./a%20b:c"),
        ("/a/b/", "/c", "../../c"),
    ],
)
def test_relative_links(url, path, expected):
    assert relative(url, path) == expected


@pytest.mark.parametrize(
    ("url", "expected"), [("/", "./"), ("/docs", "./"), ("/a/docs", "../"), ("/a/b/", "../../")]
)
def test_the_way_to_the_root(url, expected):
    assert root(url) == expected


def test_the_document_is_linked_where_it_is_served():
    assert b'href="./openapi.json"' in pages()["/docs"].body
    assert b"OpenAPI document" not in pages(openapi_url=None)["/docs"].body


@pytest.mark.parametrize("file", ["page.js", "swagger.js", "scalar.js"])
def test_scripts_write_no_html_and_ask_nobody_else(file):
    script = (FOLDER / file).read_text()

    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|https?:", script
    )


def test_the_style_loads_nothing():
    assert not re.search(r"@import|url\(", (FOLDER / "page.css").read_text())


def test_a_lone_surrogate_does_not_stop_the_page():
    document = {"info": {"title": "\ud800", "version": "1"}, "paths": {}}

    assert b"<title>?</title>" in docs_pages(document, "/docs")["/docs"].body


# --- the others ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ui", "scripts", "styles"),
    [
        (
            "swagger",
            f"'self' {CDN}/swagger-ui-dist@5.35.0/swagger-ui-bundle.js",
            f"'self' {CDN}/swagger-ui-dist@5.35.0/swagger-ui.css",
        ),
        (
            "scalar",
            f"'self' {CDN}/@scalar/api-reference@1.72.1/dist/browser/standalone.js",
            "'self' 'unsafe-inline'",
        ),
    ],
)
def test_the_policy_admits_the_pinned_files_only(ui, scripts, styles):
    reply = pages(ui=ui)["/docs"]

    assert headers(reply)["content-security-policy"] == STRICT.format(scripts, styles)


@pytest.mark.parametrize("ui", ["swagger", "scalar"])
def test_what_comes_from_the_cdn_is_pinned(ui):
    """An exact version, the hash of its bytes, and no cookies on the way."""
    page = pages(ui=ui)["/docs"].body.decode()
    remote = [attrs for _, attrs in Outline(page).elements if CDN in str(attrs)]

    assert remote
    for attrs in remote:
        assert re.search(r"@\d+\.\d+\.\d+/", attrs.get("src") or attrs["href"])
        assert re.fullmatch(r"sha384-[A-Za-z0-9+/]{64}", attrs["integrity"])
        assert attrs["crossorigin"] == "anonymous"


@pytest.mark.parametrize("ui", ["swagger", "scalar"])
def test_the_title_of_another_page_stays_text(ui):
    assert b"<title>&lt;Tour&gt;</title>" in pages(ui=ui)["/docs"].body


@pytest.mark.parametrize("ui", ["swagger", "scalar"])
def test_others_need_a_document_that_is_served(ui):
    with pytest.raises(ValueError, match=rf"docs_ui='{ui}' .* openapi_url"):
        pages(ui=ui, openapi_url=None)
