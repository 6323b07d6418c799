"""The flat plan: guards first, then dependencies and credentials, each function once."""

import dataclasses
from functools import partial
from typing import Annotated, Any

import pytest

from redirflow import APIKey, Basic, Bearer, Depends, Place, Query
from redirflow.declare.operation import Operation
from redirflow.endpoint.steps import CredentialsStep, Step, flat_plan, functions

PLACE = Place("app.py", 5)


def settings(debug: Query[bool] = False) -> dict[str, Any]: ...


async def database(settings: Annotated[dict[str, Any], Depends(settings)]):
    yield 1


def session(database: Annotated[int, Depends(database)]):
    yield 2


async def user(
    session: Annotated[int, Depends(session)],
    token: Annotated[str, Bearer()],
    database: Annotated[int, Depends(database)],
) -> str: ...


def guard(user: Annotated[str, Depends(user)]) -> None: ...


def fake_user() -> str: ...


def plan(handler, *, guards=(), path="/x", overrides=None, namespace=None):
    """The steps by name with what they feed on, the handler's, and the faults."""
    operation = Operation(
        method="GET",
        path=path,
        name="handler",
        handler=handler,
        place=PLACE,
        dependencies=guards,
        namespace=namespace or {},
    )
    faults = []
    steps, last = flat_plan(operation, overrides or {}, faults)
    return steps, last, faults


def outline(steps):
    """Name and feeds of each function; the scheme of credentials."""
    return [
        (step.name, step.feeds) if isinstance(step, Step) else (step.scheme, step.optional)
        for step in steps
    ]


def test_what_is_needed_comes_first_and_once():
    """What a later function needs of an earlier one is an index."""

    async def handler(
        user: Annotated[str, Depends(user)],
        same: Annotated[str, Depends(user)],
        database: Annotated[int, Depends(database)],
        token: Annotated[str, Bearer()],
    ) -> str: ...

    steps, last, faults = plan(handler)

    assert faults == []
    assert outline(steps) == [
        ("settings", ()),
        ("database", (("settings", 0),)),
        ("session", (("database", 1),)),
        (Bearer(), False),
        ("user", (("session", 2), ("database", 1), ("token", 3))),
    ]
    assert last.feeds == (("user", 4), ("same", 4), ("database", 1), ("token", 3))
    assert (last.name, last.place, last.kind) == ("handler", PLACE, "async")
    assert [step.name for step in functions(steps)] == ["settings", "database", "session", "user"]


def test_guards_come_before_everything_else():
    async def handler(key: Annotated[str, APIKey(header="X-Key")]) -> str: ...

    steps, _, _ = plan(handler, guards=(Depends(settings), Basic(), Depends(guard)))

    assert outline(steps)[:2] == [("settings", ()), (Basic(), False)]
    assert outline(steps)[-2:] == [
        ("guard", (("user", 5),)),
        (APIKey(header="X-Key"), False),
    ]


def test_credentials_are_read_once_unless_they_differ():
    """Credentials that may be missing are not the ones that may not."""

    async def handler(
        a: Annotated[str, Bearer()],
        b: Annotated[str, Bearer()],
        c: Annotated[str | None, Bearer()],
        d: Annotated[str, Bearer(scopes=("read",))],
    ) -> str: ...

    steps, last, _ = plan(handler)

    assert outline(steps) == [
        (Bearer(), False),
        (Bearer(), True),
        (Bearer(scopes=("read",)), False),
    ]
    assert [index for _, index in last.feeds] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (settings, "sync"),
        (user, "async"),
        (session, "sync generator"),
        (database, "async generator"),
        (partial(user, token="x"), "async"),
    ],
)
def test_kinds(function, kind):
    assert plan(function)[1].kind == kind


def test_an_override_stands_for_a_dependency_everywhere():
    async def handler(user: Annotated[str, Depends(user)]) -> str: ...

    steps, _, _ = plan(handler, guards=(Depends(guard),), overrides={user: fake_user})

    assert outline(steps) == [("fake_user", ()), ("guard", (("user", 0),))]


def test_a_dependency_reads_the_path_too():
    def owner(user_id: int, q: int) -> str: ...

    async def handler(owner: Annotated[str, Depends(owner)]) -> str: ...

    (step,), _, _ = plan(handler, path="/users/{user_id}/{rest:path}")

    assert [each.where for each in step.signature.parameters] == ["path", "query"]


# --- faults ----------------------------------------------------------------------------------


def told(faults):
    return [(fault.found, fault.allowed, fault.write) for fault in faults]


def circle_a(b): ...


def circle_b(c): ...


def circle_c(a): ...


circle_a.__annotations__["b"] = Annotated[str, Depends(circle_b)]
circle_b.__annotations__["c"] = Annotated[str, Depends(circle_c)]
circle_c.__annotations__["a"] = Annotated[str, Depends(circle_a)]


def itself(again): ...


itself.__annotations__["again"] = Annotated[str, Depends(itself)]


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (circle_a, "circle_a -> circle_b -> circle_c -> circle_a"),
        (itself, "itself -> itself"),
    ],
)
def test_a_circle(function, names):
    async def handler(a: Annotated[str, Depends(function)]) -> str: ...

    _, _, faults = plan(handler)

    assert told(faults) == [(f"dependencies in a circle: {names}", "dependencies that end", "")]
    assert faults[0].place.file == __file__


@dataclasses.dataclass
class Unhashable:
    role: str = ""

    def __call__(self) -> str: ...


def test_a_dependency_can_be_told_from_others():
    async def handler(a: Annotated[str, Depends(Unhashable())]) -> str: ...

    _, last, faults = plan(handler)

    assert told(faults) == [
        (
            "Unhashable objects can't be hashed, and so not be told apart",
            "functions and hashable objects",
            "@dataclass(eq=False)",
        )
    ]
    assert last.feeds == ()


def test_faults_stand_where_the_function_does():
    def broken(a): ...

    async def handler(broken: Annotated[str, Depends(broken)], b) -> str: ...

    _, _, faults = plan(handler)
    line = broken.__code__.co_firstlineno

    assert [(fault.found, fault.place) for fault in faults] == [
        ("handler(b): it has no annotation", PLACE),
        ("broken(a): it has no annotation", Place(__file__, line)),
    ]


def test_a_builtin_has_no_place_of_its_own():
    depends = Depends(len)

    async def handler(n: Annotated[int, depends]) -> str: ...

    _, _, faults = plan(handler)

    assert [(fault.found, fault.place) for fault in faults] == [
        ("len(obj): an argument of the kind positional-only", depends.place)
    ]


class Role:
    def __call__(self, token: Annotated[str, Bearer()]) -> str: ...


def test_an_object_has_the_name_of_its_class():
    role = Role()

    async def handler(
        a: Annotated[str, Depends(role)], b: Annotated[str, Depends(role)]
    ) -> str: ...

    steps, _, _ = plan(handler)

    assert outline(steps) == [(Bearer(), False), ("Role", (("token", 0),))]
    assert isinstance(steps[0], CredentialsStep)
