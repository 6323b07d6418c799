"""Notes: a database, sessions by cookie, pages, uploads and a feed of events, in one file.

    pip install "redirflow[examples]"
    redirflow run examples/notes.py        then open http://127.0.0.1:8000/notes

The database is a file that goes when the server stops; `NOTES_DATABASE` names one that stays.
"""

import hashlib
import html
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from sqlite3 import IntegrityError
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Generic, Never, TypeAlias, TypeVar

from aiosqlite import Connection, connect
from anyio import sleep, to_thread
from msgspec import Meta, Struct

from redirflow import (
    Alias,
    App,
    Conflict,
    Cookie,
    CookieSpec,
    Depends,
    Form,
    Header,
    LocalURL,
    NotFound,
    Query,
    Redirect,
    Request,
    Router,
    ServerSentEvent,
    UploadFile,
    raises,
    redirects,
    returns,
)

# --- what travels: types with their limits -----------------------------------------------------

T = TypeVar("T")
Id: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]  # what SQLite can hold


class SignIn(Struct):
    """What the form sends."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    password: Annotated[str, Meta(min_length=8, max_length=200)]
    next: LocalURL | None = None


class NewNote(Struct):
    """What people write."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    text: Annotated[str, Meta(max_length=10_000)] = ""


class Note(NewNote, kw_only=True):
    """A note that is kept."""

    id: Id


class Page(Struct, Generic[T]):
    """Some of many; `next` leads to more."""

    items: list[T]
    next: LocalURL | None = None


# --- what is kept --------------------------------------------------------------------------------

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name UNIQUE, salt, password);
CREATE TABLE IF NOT EXISTS sessions (token PRIMARY KEY, user);
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, user, title, text, file);
"""


@asynccontextmanager
async def lifespan(_: App) -> AsyncGenerator[dict[str, str]]:
    with TemporaryDirectory() as scratch:
        path = os.environ.get("NOTES_DATABASE") or f"{scratch}/notes.db"
        async with connect(path) as database:
            await database.executescript(SCHEMA)
        yield {"path": path}  # this is `request.state`


async def transaction(request: Request) -> AsyncIterator[Connection]:
    """Committed before the answer leaves; an error undoes it, a redirect does not."""
    async with connect(request.state["path"]) as database:
        yield database
        await database.commit()


Database: TypeAlias = Annotated[Connection, Depends(transaction)]


async def first(database: Connection, query: str, *values: object) -> Any:
    return next(iter(await database.execute_fetchall(query, values)), None)


def hashed(password: str, salt: bytes) -> bytes:
    """Slow, as it should be: call it in a thread."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


# --- signing up, in and out: POST, redirect, GET -------------------------------------------------

SESSION = "__Host-session"  # Secure, HttpOnly and SameSite=Lax, as every CookieSpec
Session: TypeAlias = Cookie[Annotated[str | None, Alias(SESSION)]]
# A spec is a value: three handlers wear this one.
leads_on = redirects(303, cookies={SESSION: CookieSpec(max_age=30 * 86400, required=False)})

app = App(title="Notes", version="1.0.0", lifespan=lifespan)


@app.get("/login", tags=["session"])
@returns(media_type="text/html")
async def login_form(next: LocalURL | None = None, failed: bool = False) -> str:
    """A form to sign in, and to sign up."""
    onward = f"<input type=hidden name=next value='{html.escape(next)}'>" if next else ""
    return (
        f"<!doctype html><title>Notes</title><p>{'Wrong name or password.' if failed else ''}"
        f"<form method=post>{onward}"
        "<label>Name <input name=name></label> "
        "<label>Password <input name=password type=password minlength=8></label> "
        "<button>Sign in</button> <button formaction=signup>Sign up</button></form>\n"
    )


async def start_session(database: Connection, user: int, next: str | None) -> Redirect:
    token = secrets.token_urlsafe()
    await database.execute("INSERT INTO sessions VALUES (?, ?)", (token, user))
    onward = Redirect(next) if next else Redirect.to("list_notes")
    return onward.with_cookies({SESSION: token})


@app.post("/signup", tags=["session"])
@leads_on
@raises(Conflict, on=IntegrityError)  # the database knows whether the name is taken
async def sign_up(database: Database, form: Form[SignIn]) -> Redirect:
    """Make an account and sign in."""
    salt = secrets.token_bytes()
    row = (form.name, salt, await to_thread.run_sync(hashed, form.password, salt))
    made = await database.execute("INSERT INTO users VALUES (NULL, ?, ?, ?)", row)
    return await start_session(database, made.lastrowid or 0, form.next)


@app.post("/login", tags=["session"])
@leads_on
async def login(database: Database, form: Form[SignIn]) -> Redirect:
    """Sign in and go on to `next`, or back to the form."""
    row = await first(database, "SELECT * FROM users WHERE name = ?", form.name)
    user, _, salt, password = row or (0, "", b"", b"")  # strangers wait as long as users do
    given = await to_thread.run_sync(hashed, form.password, salt)
    if not secrets.compare_digest(given, password):
        return Redirect.to(login_form, next=form.next, failed=True)
    return await start_session(database, user, form.next)


@app.post("/logout", tags=["session"])
@leads_on
async def logout(database: Database, session: Session = None) -> Redirect:
    """Sign out."""
    await database.execute("DELETE FROM sessions WHERE token = ?", (session,))
    return Redirect.to(login_form).with_cookies({SESSION: None})


@redirects(303, to=login_form)
async def signed_in(request: Request, database: Database, session: Session = None) -> int:
    """Who asks; strangers are sent to the form. Each operation with a `User` documents this."""
    row = await first(database, "SELECT user FROM sessions WHERE token = ?", session)
    if row is None:
        back = request.local_url if request.method == "GET" else None
        raise Redirect.to(login_form, next=back)
    return int(row[0])


User: TypeAlias = Annotated[int, Depends(signed_in)]


# --- notes ---------------------------------------------------------------------------------------

notes = Router(prefix="/notes", tags=["notes"])


@notes.get("")
async def list_notes(
    request: Request,
    database: Database,
    user: User,
    after: Query[Id] = 0,
    limit: Query[Annotated[int, Meta(ge=1, le=100)]] = 20,
) -> Page[Note]:
    """The notes in the order of their ids, a page at a time."""
    query = "SELECT id, title, text FROM notes WHERE user = ? AND id > ? ORDER BY id LIMIT ?"
    rows = await database.execute_fetchall(query, (user, after, limit + 1))
    items = [Note(id=row[0], title=row[1], text=row[2]) for row in rows]
    if len(items) <= limit:
        return Page(items)
    last = items[limit - 1].id
    return Page(items[:limit], request.url_for("list_notes", after=last, limit=limit))


@notes.post("")
@redirects(303, to="read_note")
async def add_note(database: Database, user: User, note: NewNote) -> Never:
    """Keep a note; the answer leads to it."""
    row = (user, note.title, note.text)
    made = await database.execute("INSERT INTO notes VALUES (NULL, ?, ?, ?, NULL)", row)
    raise Redirect.to("read_note", note_id=made.lastrowid)  # by name: it has dependencies


@raises(NotFound)
async def own_note(database: Database, user: User, note_id: Id) -> Note:
    """A dependency may raise too; the notes of others are not there."""
    query = "SELECT title, text FROM notes WHERE id = ? AND user = ?"
    row = await first(database, query, note_id, user)
    if row is None:
        raise NotFound(f"You have no note {note_id}.")
    return Note(id=note_id, title=row[0], text=row[1])


OwnNote: TypeAlias = Annotated[Note, Depends(own_note)]


@notes.get("/{note_id}")
async def read_note(note: OwnNote) -> Note:
    """One note."""
    return note


@notes.post("/{note_id}/file", max_body_size=8 * 2**20)
@redirects(303, to="read_file")
async def attach_file(database: Database, note: OwnNote, file: UploadFile) -> Never:
    """Put a file to a note, in place of the one before."""
    row = (await file.read(), note.id)
    await database.execute("UPDATE notes SET file = ? WHERE id = ?", row)
    raise Redirect.to("read_file", note_id=note.id)


@notes.get("/{note_id}/file")
@returns(media_type="application/octet-stream")  # nothing that a browser would run
@raises(NotFound)
async def read_file(database: Database, note: OwnNote) -> bytes:
    """The file of a note."""
    (file,) = await first(database, "SELECT file FROM notes WHERE id = ?", note.id)
    if file is None:
        raise NotFound(f"Note {note.id} has no file.")
    return bytes(file)


@notes.get("/feed")
@returns(media_type="text/event-stream")
async def feed(
    database: Database, user: User, last_event_id: Header[Id] = 0
) -> AsyncIterator[ServerSentEvent]:
    """The titles of new notes as they come; who comes back with the last id misses none."""
    yield ServerSentEvent(event="hello", retry=1000)  # an answer begins with its first event
    query = "SELECT id, title FROM notes WHERE user = ? AND id > ? ORDER BY id"
    while True:
        for note_id, title in await database.execute_fetchall(query, (user, last_event_id)):
            yield ServerSentEvent(event="note", id=str(note_id), data=title)
            last_event_id = note_id
        await sleep(0.5)


app.include_router(notes)
