"""A forgotten mark is told: what a dependency supplies is not silently a client's to send."""

from collections.abc import AsyncIterator
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address
from sqlite3 import Connection
from typing import Annotated, Any, Generic, NewType, TypeVar
from uuid import SafeUUID

import pytest
from msgspec import Meta, Struct

from redirflow import (
    App,
    Basic,
    Body,
    Credentials,
    Depends,
    Query,
    Redirect,
    SpecError,
    TypeHook,
    UploadFile,
)
from redirflow.testing import TestClient

T = TypeVar("T")


class User(Struct):
    id: int


class Item(Struct):
    name: str


class Page(Struct, Generic[T]):
    items: list[T]


class Role(Enum):
    ADMIN = "admin"


UserId = NewType("UserId", int)


class Session:
    """Nothing that travels."""


OfSession = NewType("OfSession", Session)


def supplying(type_, **options):
    """An app in which a dependency supplies *type_*."""
    app = App(**options)

    def supply() -> Any: ...

    @app.get("/supplied")
    async def supplied(it: Annotated[type_, Depends(supply)]) -> int:
        return 1

    return app


def asking(app, type_, path="/asked"):
    """What start-up says of a handler that takes *type_*."""

    @app.post(path)
    async def asked(it: type_) -> int:
        return 1

    try:
        app.compile()
    except SpecError as error:
        return [(fault.found, fault.allowed, fault.write) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("supplied", "asked", "kind", "where"),
    [
        (User, User, "User", "body"),
        (User | None, User, "User", "body"),
        (User, User | None, "User", "body"),
        (Role, Role, "Role", "query"),
        (UserId, UserId, "UserId", "query"),
        (UserId, Annotated[UserId, Meta(ge=1)], "UserId", "query"),
        (Page[User], Page[User], f"{__name__}.Page[{__name__}.User]", "body"),
    ],
)
def test_a_class_that_is_supplied_is_not_a_clients(supplied, asked, kind, where):
    """The fault names the handler, the dependency that was meant, and the marker to write else."""
    assert asking(supplying(supplied), asked) == [
        (
            f"asked(it): a client would send this {kind}, in the {where}; elsewhere in this app "
            "Depends(supply) supplies it",
            f"the same here, or {where.capitalize()}[{kind}] if clients are to send it",
            f"it: Annotated[{kind}, Depends(supply)]",
        )
    ]


@pytest.mark.parametrize(
    ("supplied", "asked"),
    [
        (User, Body[User]),
        (User, Query[User]),
        (Role, Query[Role]),
        (User, Item),
        (User, User | int),
        (User, list[User]),
        (UploadFile, UploadFile),
        (str, str),
        (int | None, int),
        (datetime, datetime),
        (dict[str, int], dict[str, int]),
        (Any, Any),
    ],
)
def test_what_is_marked_or_may_be_anything_is_left_alone(supplied, asked):
    """A class may come from both, with a marker; what Python brings along is no class of ours."""
    assert asking(supplying(supplied), asked) == []


@pytest.mark.parametrize(
    ("supplied", "asked", "kind"),
    [
        (Session, Session, "Session"),
        (Session, Session | None, "Session"),
        (Session, Body[Session], "Session"),
        (Connection, Connection, "Connection"),
        (OfSession, OfSession, "OfSession"),
    ],
)
def test_a_class_that_no_client_can_send_is_told_with_what_supplies_it(supplied, asked, kind):
    """And not with a hook, which would let clients send it."""
    assert asking(supplying(supplied), asked) == [
        (
            f"asked(it): no client can send a {kind}; elsewhere in this app Depends(supply) "
            "supplies it",
            "the same here",
            f"it: Annotated[{kind}, Depends(supply)]",
        )
    ]


@pytest.mark.parametrize(
    ("supplied", "asked"),
    [(User, Session), (SafeUUID, Session), (Session, list[Session]), (IPv4Address, IPv4Address)],
)
def test_a_class_that_nothing_supplies_is_told_with_a_hook(supplied, asked):
    type_hooks = [TypeHook(IPv4Address)] if supplied is IPv4Address else []

    faults = asking(supplying(supplied, type_hooks=type_hooks), asked)

    assert [write.partition("(")[0] for _, _, write in faults] == ["App"] * (not type_hooks)


def test_what_makes_a_class_does_not_take_it_from_itself():
    def session(it: Session) -> Session: ...

    (fault,) = asking(App(dependencies=[session]), int)

    assert fault[0] == "session(it): Session is no type that msgspec reads"


def test_a_parameter_of_the_path_is_the_clients_anyhow():
    assert asking(supplying(UserId), UserId, "/asked/{it}") == []


def test_what_a_guard_returns_is_supplied_too():
    """Whoever guards with `current_user` may think that `user: User` is its result."""

    def current_user() -> User: ...

    (fault,) = asking(App(dependencies=[current_user]), User)

    assert fault[2] == "it: Annotated[User, Depends(current_user)]"


def test_credentials_are_supplied_by_their_scheme():
    app = App()

    @app.get("/supplied")
    async def supplied(it: Annotated[Credentials, Basic()]) -> int: ...

    (fault,) = asking(app, Credentials)

    assert fault[2] == "it: Annotated[Credentials, Basic()]"


def test_what_supplies_a_class_may_read_it_from_the_client():
    """A dependency that checks what came is no handler that forgot it."""
    app = App()

    def checked(role: Role) -> Role:
        return role

    async def opened(it: Annotated[Role, Depends(checked)]) -> AsyncIterator[Role]:
        yield it

    @app.get("/role")
    async def get_role(it: Annotated[Role, Depends(opened)]) -> Role:
        return it

    assert TestClient(app).get("/role?role=admin").json() == "admin"


def test_a_dependency_that_forgot_it_is_told_once():
    """However many operations use it; and nothing else is said of its body."""
    app = supplying(User)

    def admin(user: User) -> Redirect | None: ...

    @app.get("/one", dependencies=[admin])
    async def one() -> int: ...

    @app.get("/two", dependencies=[admin])
    async def two() -> int: ...

    @app.get("/three", dependencies=[admin])
    async def three(user: User) -> int: ...

    with pytest.raises(SpecError) as caught:
        app.compile()

    assert [fault.found.partition(":")[0] for fault in caught.value.faults] == [
        "admin(user)",
        "three(user)",
    ]
    assert caught.value.faults[1].allowed.endswith("Query[User] if clients are to send it")
