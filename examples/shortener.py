"""A link shortener: short links, an admin behind a login, old addresses kept alive.

    curl -i http://127.0.0.1:8000/s/docs            a short link, to another site
    curl -i http://127.0.0.1:8000/admin/links       303 to the login, which leads back
    curl -i http://127.0.0.1:8000/blog/hello-world  a row of moved.csv
    curl -i http://127.0.0.1:8000/api/v1/links      the first API, answered by the present one

`redirflow graph examples/shortener.py` draws who leads where.
"""

import secrets
from pathlib import Path
from typing import Annotated, Never

from msgspec import Meta, Struct

from redirflow import (
    App,
    Conflict,
    Cookie,
    CookieSpec,
    Depends,
    Form,
    LocalURL,
    NotFound,
    Redirect,
    RedirectTable,
    Router,
    Unauthorized,
    WebURL,
    raises,
    redirects,
    same_secret,
)

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9-]+$", min_length=1, max_length=40)]


class Link(Struct):
    """A short link and where it leads."""

    slug: Slug
    target: WebURL
    visits: int = 0


class SlugTaken(Conflict):
    """Another link has this slug."""

    slug: str


LINKS = {"docs": Link("docs", "https://docs.example.com/start")}
SESSIONS: set[str] = set()
PASSWORD = "correct horse"  # noqa: S105 - an example has no secrets

app = App(title="Short links", version="2.0.0")


# --- the short links -------------------------------------------------------------------------


@app.get("/s/{slug}")
@redirects(302, external="*", description="To the target of the link.")
@raises(NotFound)
async def visit(slug: str) -> Never:
    """Follow a short link. Its target was checked when it was made."""
    link = LINKS.get(slug)
    if link is None:
        raise NotFound(f"There is no link {slug!r}.")
    link.visits += 1
    raise Redirect(link.target)


# --- login and logout ------------------------------------------------------------------------

SESSION = {"session": CookieSpec(max_age=3600)}


@app.get("/login")
async def login_form(next: LocalURL = "/admin/links") -> dict[str, str]:
    """What a login page would show."""
    return {"post": "/login", "next": next}


@app.post("/login")
@redirects(303, cookies=SESSION)
@raises(Unauthorized)
async def login(password: Form[str], next: Form[LocalURL] = "/admin/links") -> Never:
    """Log in, and go on to where the visitor wanted to be: on this site only."""
    if not same_secret(password, PASSWORD):
        raise Unauthorized("That is not the password.")
    token = secrets.token_urlsafe()
    SESSIONS.add(token)
    raise Redirect(next).with_cookies({"session": token})


@app.post("/logout")
@redirects(303, to=login_form, cookies=SESSION)
async def logout(session: Cookie[str | None] = None) -> Never:
    """Forget the session."""
    SESSIONS.discard(session or "")
    raise Redirect.to(login_form).with_cookies({"session": None})


@redirects(303, to=login_form)
async def admin_only(session: Cookie[str | None] = None) -> None:
    """Send anyone without a session to the login page."""
    if session not in SESSIONS:
        raise Redirect.to(login_form, next="/admin/links")


# --- the admin part: each operation documents the 303 of its guard ---------------------------

admin = Router(prefix="/admin", tags=["admin"], dependencies=[Depends(admin_only)])


@admin.get("/links")
async def list_links() -> list[Link]:
    """List all links."""
    return [*LINKS.values()]


@admin.get("/links/{slug}")
@raises(NotFound)
async def read_link(slug: str) -> Link:
    """Fetch one link."""
    if slug not in LINKS:
        raise NotFound(f"There is no link {slug!r}.")
    return LINKS[slug]


@admin.post("/links")
@redirects(303, to=read_link)
@raises(SlugTaken)
async def create_link(link: Link) -> Never:
    """Make a link, then show it."""
    if link.slug in LINKS:
        raise SlugTaken(slug=link.slug)
    LINKS[link.slug] = link
    raise Redirect.to(read_link, slug=link.slug)


app.include_router(admin)


# --- what moved ------------------------------------------------------------------------------


@app.get("/about")
async def about() -> dict[str, int]:
    """Tell how many links there are."""
    return {"links": len(LINKS)}


app.redirect("/l/{slug}", to="/s/{slug}", status_code=301)  # links of the first version
app.redirect("/go/{slug}", to="/l/{slug}")  # and of the one before: leads straight to /s/
app.reroute("/api/v1/{rest:path}", to="/admin/{rest}")  # the API had another prefix once
app.redirect_table(RedirectTable.load(Path(__file__).with_name("moved.csv")))
