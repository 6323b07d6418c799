"""A tour: an API for accounts that uses each part of redirflow once.

Serve it with `redirflow run examples/accounts.py`, then ask for http://127.0.0.1:8000/me.

What each operation may answer stands above its handler. The handler picks one of these
answers and supplies the values; anything else would be a 500, told in the log.
"""

import html
import itertools
import os
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Never, TypeAlias

from msgspec import Meta, Struct

from redirflow import (
    App,
    Bearer,
    Cookie,
    CookieSpec,
    Depends,
    Forbidden,
    Form,
    HeaderSpec,
    HTTPError,
    LocalURL,
    NotFound,
    Query,
    Redirect,
    Request,
    Reroute,
    Response,
    Router,
    Unauthorized,
    WebURL,
    raises,
    redirects,
    reroutes,
    returns,
    same_secret,
)

# --- what travels: types with their limits ---------------------------------------------------

Email: TypeAlias = Annotated[str, Meta(min_length=3, max_length=254, pattern="@")]


class Profile(Struct):
    """What people tell about themselves."""

    email: Email
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    homepage: WebURL | None = None


class Account(Struct):
    """A person who signed up."""

    id: int
    email: Email
    name: str
    homepage: WebURL | None = None


class EmailTaken(HTTPError, status_code=409):
    """Another account has this e-mail address."""

    email: Email


# --- what is kept: in memory, for as long as the process lives ---------------------------------

ACCOUNTS = {
    1: Account(1, "ada@example.com", "Ada", "https://ada.example.com/notes"),
    2: Account(2, "grace@example.com", "Grace"),
}
SESSIONS: dict[str, int] = {}
NEW_IDS = itertools.count(3)
ADMIN_TOKEN = os.environ.get("ACCOUNTS_ADMIN_TOKEN") or "only-for-this-demo"


def find(account_id: int) -> Account:
    account = ACCOUNTS.get(account_id)
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    return account


def find_by_email(email: str) -> Account | None:
    return next((each for each in ACCOUNTS.values() if each.email == email), None)


def refuse_taken(email: str, account_id: int | None = None) -> None:
    owner = find_by_email(email)
    if owner is not None and owner.id != account_id:
        raise EmailTaken(email=email)


app = App(
    title="Accounts",
    version="1.0.0",
    description="People sign up, sign in, change their profile, and leave.",
)
accounts = Router(prefix="/accounts", tags=["accounts"])


# --- signing in: a form, a cookie, and a way back ----------------------------------------------


@app.get("/login", tags=["session"])
@returns(media_type="text/html")
async def login_form(next: LocalURL = "/me") -> str:
    """The form that asks who you are."""
    return (
        "<!doctype html><title>Sign in</title><form method=post>"
        f"<input type=hidden name=next value='{html.escape(next)}'>"
        "<label>E-mail <input name=email type=email value=ada@example.com></label>"
        "<button>Sign in</button></form>\n"
    )


@app.post("/login", tags=["session"])
@redirects(
    303,
    to="*",
    description="Signed in and on to `next`, or back to the form",
    cookies={"session": CookieSpec(max_age=3600, required=False)},
)
async def login(email: Form[str], next: Form[LocalURL] = "/me") -> Never:
    """Sign in.

    `next` takes locations of this site only: whatever it lets in may be redirected to.
    """
    account = find_by_email(email)
    if account is None:
        raise Redirect.to(login_form, next=next)  # a type checker knows login_form's parameters
    token = secrets.token_urlsafe()
    SESSIONS[token] = account.id
    raise Redirect(next).with_cookies({"session": token})


@app.post("/logout", tags=["session"])
@redirects(303, to=login_form, cookies={"session": CookieSpec(max_age=3600)})
async def logout(session: Cookie[str | None] = None) -> Redirect:
    """Sign out."""
    SESSIONS.pop(session or "", None)
    return Redirect.to(login_form).with_cookies({"session": None})  # returned or raised: the same


@redirects(303, to="login_form")  # a name says it too
async def signed_in(request: Request, session: Cookie[str | None] = None) -> Account:
    """A dependency that redirects: every operation that uses it documents this 303."""
    account = ACCOUNTS.get(SESSIONS.get(session or "", 0))
    if account is None:
        # The client chose this path: `local_url` is one that can be sent back to it.
        raise Redirect.to(login_form, next=request.local_url)
    return account


@app.get("/me", tags=["session"])
async def me(account: Annotated[Account, Depends(signed_in)]) -> Account:
    """The account that is signed in."""
    return account


# --- accounts: read, list, open, change, close ---------------------------------------------------


@accounts.get("/{account_id}")
@raises(NotFound)
async def read_account(account_id: int) -> Account:
    """One account."""
    return find(account_id)


@accounts.get("")
@returns(headers={"X-Total-Count": HeaderSpec(int, description="Accounts on all pages")})
async def list_accounts(
    limit: Query[Annotated[int, Meta(ge=1, le=100)]] = 20,
    after: Query[int] = 0,
) -> Response[list[Account]]:
    """The accounts in the order of their ids, a page at a time."""
    page = [account for account in ACCOUNTS.values() if account.id > after][:limit]
    return Response(page, headers={"X-Total-Count": len(ACCOUNTS)})


@accounts.post("")
@redirects(303, to=read_account)
@raises(EmailTaken)
async def open_account(profile: Profile) -> Never:
    """Sign up; the answer leads to the new account."""
    refuse_taken(profile.email)
    account_id = next(NEW_IDS)
    ACCOUNTS[account_id] = Account(account_id, profile.email, profile.name, profile.homepage)
    raise Redirect.to(read_account, account_id=account_id)


@accounts.put("/{account_id}")
@raises(EmailTaken, Forbidden)
async def change_account(
    account_id: int, profile: Profile, account: Annotated[Account, Depends(signed_in)]
) -> Account:
    """Change a profile, one's own."""
    if account.id != account_id:
        raise Forbidden("This account is not yours.")
    refuse_taken(profile.email, account_id)
    account.email, account.name = profile.email, profile.name
    account.homepage = profile.homepage
    return account


@raises(Unauthorized)
async def administrator(token: Annotated[str, Bearer()]) -> None:
    """A guard: it runs before the handler's inputs are looked at."""
    if not same_secret(token, ADMIN_TOKEN):
        raise Unauthorized("This token is not valid.")


@accounts.delete("/{account_id}", dependencies=[administrator])
@raises(NotFound)
async def close_account(account_id: int) -> None:
    """Remove an account; for administrators."""
    del ACCOUNTS[find(account_id).id]


@accounts.get("/export")
@returns(media_type="application/jsonl")
async def export_accounts() -> AsyncIterator[Account]:
    """All accounts, one JSON text a line; each line is checked like any other body."""
    for account in list(ACCOUNTS.values()):
        yield account


# --- elsewhere: other addresses, other sites, other operations -----------------------------------


@app.get("/users/{account_id}", deprecated=True)
@redirects(308, to=read_account, max_age=86400)
async def old_address(account_id: int) -> Never:
    """Where accounts used to be."""
    raise Redirect.to(read_account, account_id=account_id)


@app.get("/newest")
@reroutes(to=read_account)
async def newest_account() -> Never:
    """The newest account, answered by `read_account` in the same round trip."""
    raise Reroute.to(read_account, account_id=max(ACCOUNTS, default=0))


@accounts.get("/{account_id}/homepage")
@redirects(302, external="*", description="The page that this person named")
@raises(NotFound)
async def homepage(account_id: int) -> Redirect:
    """On to a person's own page: `WebURL` has seen to it that it is an http(s) URL."""
    page = find(account_id).homepage
    if page is None:
        raise NotFound("This person has named no page.")
    return Redirect(page)


@app.get("/help")
@redirects(302, external="https://help.example.com")  # this origin, and no other
async def help_page() -> Redirect:
    """The manual, on its own site."""
    return Redirect("https://help.example.com/accounts")


app.include_router(accounts)


# --- what moved: rules, for which nobody writes a handler -------------------------------------

app.redirect("/people/{account_id}", to="/accounts/{account_id}")  # 308
app.reroute("/v1/{rest:path}", to="/{rest}", headers={"x-rerouted": "yes"})
