"""The one seam: a frozen app comes out, or every fault that was found, at once."""

import dataclasses
import gc
import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any, Never

import pytest
from msgspec import Meta, Struct
from msgspec.structs import replace

from redirflow import (
    App,
    Depends,
    ErrorModel,
    Fault,
    HTTPError,
    NotFound,
    Place,
    Query,
    Redirect,
    RedirectTable,
    Router,
    SpecError,
    raises,
    redirects,
    reroutes,
    returns,
)
from redirflow.compile import NotCompiled, compile_app
from redirflow.endpoint import parts
from redirflow.serve.failures import ROUTER_ERRORS


class User(Struct):
    id: int


def line_of(function):
    return function.__code__.co_firstlineno


def faults_of(app):
    with pytest.raises(SpecError) as caught:
        app.compile()
    return caught.value.faults


def told(app):
    return [fault.found for fault in faults_of(app)]


# --- an app that can serve -------------------------------------------------------------------


def test_everything_that_serving_needs():
    app = App(title="Users")
    users = Router(prefix="/users", name="users")

    @users.get("/{user_id}")
    async def get(user_id: int) -> User: ...

    app.include_router(users)

    compiled = app.compile()

    (operation,) = compiled.endpoints
    assert (operation.name, operation.path) == ("users_get", "/users/{user_id}")
    assert compiled.router.serves("/users/5", "GET") is operation
    assert compiled.endpoints[operation].template.text == "/users/{user_id}"
    assert compiled.directory.location("users_get", {"user_id": 5}) == "/users/5"
    assert compiled.document["info"]["title"] == "Users"
    assert {*compiled.errors} == {*ROUTER_ERRORS}
    assert compiled.mounts == ()


def test_the_document_is_a_page():
    app = App()

    compiled = app.compile()

    (page,) = compiled.pages
    reply = compiled.pages[page]
    assert compiled.router.serves("/openapi.json", "GET") is page
    assert (reply.status, reply.body) == (200, compiled.document_bytes)
    assert dict(reply.headers) == {
        b"content-type": b"application/json",
        b"content-length": str(len(compiled.document_bytes)).encode(),
        b"x-content-type-options": b"nosniff",
    }


def test_there_may_be_no_page():
    assert App(openapi_url=None).compile().pages == {}


def test_overrides_stand_for_dependencies():
    def current_user() -> User: ...
    def fake() -> User: ...

    app = App()

    @app.get("/me")
    async def me(user: Annotated[User, Depends(current_user)]) -> User: ...

    declared = replace(app.declarations(), overrides={current_user: fake})
    compiled = compile_app(declared, ROUTER_ERRORS)

    (endpoint,) = compiled.endpoints.values()
    assert [step.function for step in endpoint.steps] == [fake]


def test_operations_may_lead_to_each_other_in_any_order():
    app = App()

    @app.get("/a")
    @redirects(303, to="b")
    async def a() -> Redirect: ...

    @app.get("/b")
    @redirects(303, to=a)
    async def b() -> Redirect: ...

    assert len(app.compile().endpoints) == 2


def test_pages_and_paths_can_be_targets():
    app = App()

    @app.get("/docs-please")
    @redirects(302, to=("/openapi.json", "/users/7"))
    async def document() -> Redirect: ...

    @app.get("/users/{user_id}")
    async def get_user(user_id: int) -> User: ...

    assert app.compile()


def test_what_is_below_a_mount_can_be_a_target():
    async def mounted(scope, receive, send): ...

    app = App()
    app.mount("/static", mounted)

    @app.get("/logo")
    @redirects(302, to="/static/logo.png")
    async def logo() -> Redirect: ...

    assert [mount.prefix for mount in app.compile().mounts] == ["/static"]


def test_rules_stand_beside_operations():
    app = App()

    @app.get("/users/{user_id}")
    async def get_user(user_id: int) -> User: ...

    @app.put("/users/{user_id}")
    async def put_user(user_id: int) -> User: ...

    app.redirect("/people/{user_id}", to="/users/{user_id}")

    compiled = app.compile()
    rule = compiled.router.serves("/people/5", "GET")

    assert rule.source.text == "/people/{user_id}"
    assert compiled.router.serves("/people/5", "PUT") is rule
    assert compiled.router.serves("/people/5", "POST") is None


def test_an_operation_may_lead_to_a_rule_and_to_a_row():
    app = App()
    app.redirect("/old", to="https://new.test/")
    app.redirect_table(RedirectTable.from_pairs([("/row", "https://row.test/")]))

    @app.get("/a")
    @redirects(302, to=("/old", "/row"))
    async def a() -> Redirect: ...

    (endpoint,) = app.compile().endpoints.values()

    assert endpoint.judge.redirects[302][0].destination.paths == {"/old", "/row"}


# --- faults ----------------------------------------------------------------------------------


class Nowhere(HTTPError, status_code=409):
    left: int


@dataclasses.dataclass
class Unhashable:
    name: str = ""

    def __call__(self) -> str: ...


def broken():
    """An app with one of each fault, and the line of each handler."""
    app = App(openapi_url="/taken")

    @app.get("users")
    async def no_slash() -> str: ...

    @app.get("/a/{x}")
    async def unread(y: Query[str]) -> str: ...

    @app.get("/a/{z}")
    async def clash(z: int) -> str: ...

    @app.get("/taken")
    async def taken() -> str: ...

    @app.get("/b")
    async def unannotated(a) -> None: ...

    @app.get("/c")
    @redirects(303, to="nobody")
    @raises(Nowhere, on=KeyError)
    async def lost() -> Redirect: ...

    @app.get("/d")
    @returns(str)
    async def contradicts() -> int: ...

    @app.get("/e", name="lost")
    async def renamed() -> str: ...

    app.get("/f")(Unhashable())
    names = {name: value for name, value in locals().items() if callable(value)}
    return app, {name: line_of(function) for name, function in names.items() if name != "app"}


def test_all_faults_are_told_together_with_their_lines():
    app, lines = broken()

    faults = faults_of(app)

    found = [
        (fault.found, next((n for n in lines if fault.place == Place(__file__, lines[n])), None))
        for fault in faults
    ]
    clash_place = Place(__file__, lines["unread"])
    lost_place = Place(__file__, lines["lost"])
    assert sorted(found, key=str) == sorted(
        [
            ("no_slash: the path 'users' does not begin with '/'", "no_slash"),
            (
                "unread: the path parameter 'x' of '/a/{x}' is not an argument of the handler "
                "or of its dependencies",
                "unread",
            ),
            (f"clash: GET /a/{{z}} is served by unread ({clash_place}) already", "clash"),
            ("taken: GET /taken is where the app serves its openapi", "taken"),
            ("unannotated(a): it has no annotation", "unannotated"),
            ("lost: there is no operation named 'nobody'", "lost"),
            ("lost: Nowhere: 'left' is missing (fields: left)", "lost"),
            ("contradicts: @returns(str) contradicts the return annotation int", "contradicts"),
            (f"two operations are named 'lost': GET /c ({lost_place}) and GET /e", "renamed"),
            ("Unhashable objects can't be hashed, and so not be told apart", None),
        ],
        key=str,
    )
    assert all(fault.severity == "error" for fault in faults)
    assert len({*faults}) == len(faults)


def test_what_is_right_beside_the_faults():
    """Operations that nothing is wrong with, whichever pass finds out, and the warnings."""
    app = App()

    def faulty(what: print) -> int: ...

    @app.get("/a/{id}")
    async def unread(other: int) -> int: ...

    @app.get("/b")
    async def undeclared() -> Redirect: ...

    @app.get("/c")
    async def dependent(value: Annotated[int, Depends(faulty)]) -> int: ...

    @app.get("/d{}")
    async def placed_nowhere() -> int: ...

    @app.post("/e")
    @redirects(302, to="right")
    async def unclear() -> Redirect: ...

    @app.get("/f")
    async def right() -> int: ...

    with pytest.raises(NotCompiled) as caught:
        app.compile()

    (warning,) = caught.value.warnings
    assert [each.operation.name for each in caught.value.endpoints] == ["unclear", "right"]
    assert warning.found.startswith("unclear (POST /e) redirects with 302, after which")
    assert len(caught.value.faults) == 4
    assert {fault.severity for fault in caught.value.faults} == {"error"}


def test_faults_read_like_those_of_a_compiler(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)
    app = App(openapi_url=None)

    @app.get("/books/{id}")
    async def read_book(book_id: int, limit: int = 5) -> str: ...

    with pytest.raises(SpecError) as caught:
        app.compile()

    assert str(caught.value) == (
        "1 fault in the declarations of this app\n"
        f"test_compile.py:{line_of(read_book)}: error: read_book: the path parameter 'id' of "
        "'/books/{id}' is not an argument of the handler or of its dependencies\n"
        "    allowed: its arguments are: book_id, limit\n"
        "    write: id: int, or {book_id} in the path"
    )


@pytest.mark.parametrize(
    ("annotations", "write"),
    [
        ({}, "id: str"),
        ({"book": User}, "id: str"),
        ({"item_id": int, "size": float}, "id: int, or {item_id} in the path"),
        ({"item": Annotated[int, Meta(ge=1)]}, "id: int, or {item} in the path"),
        ({"item": str | None}, "id: str | None, or {item} in the path"),
    ],
)
def test_the_argument_that_was_meant_for_a_part_of_the_path(annotations, write):
    """The one that would be read from the query and must be there; its own annotation is told."""
    app = App()

    def handler(**_: Any) -> None: ...

    handler.__annotations__ |= annotations
    handler.__signature__ = inspect.Signature(
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in annotations
    )
    app.post("/items/{id}")(handler)

    with pytest.raises(SpecError) as caught:
        app.compile()

    assert [fault.write for fault in caught.value.faults] == [write]


def test_a_hole_that_a_dependency_reads():
    def owner(user_id: int) -> User: ...

    app = App()

    @app.get("/users/{user_id}/posts")
    async def posts(owner: Annotated[User, Depends(owner)]) -> str: ...

    assert app.compile()


def test_a_hole_beside_another_fault_is_not_told_twice():
    app = App()

    @app.get("/a/{x}")
    async def a(x) -> str: ...

    assert told(app) == ["a(x): it has no annotation"]


def test_no_arguments_at_all():
    app = App()

    @app.get("/a/{x}/{y:path}")
    async def a() -> str: ...

    assert [fault.allowed for fault in faults_of(app)] == ["its arguments are: none"] * 2


def test_annotations_that_mean_nothing_hide_no_other_fault_and_make_none():
    app = App()

    @app.get("/a/{x}")
    async def a(x: "Missing") -> "Missing": ...  # noqa: F821 - that is the point

    @app.get("/b")
    async def b(): ...

    assert told(app) == [
        "the annotations of a can't be resolved: name 'Missing' is not defined",
        "b has no return annotation",
    ]


def test_a_page_has_its_path_for_itself():
    app = App()

    @app.get("/openapi.json")
    async def a() -> str: ...

    (fault,) = faults_of(app)

    assert (fault.found, fault.allowed, fault.write, fault.place.line) == (
        "a: GET /openapi.json is where the app serves its openapi",
        "another path for one of the two",
        "App(openapi_url=None), or another address for it",
        line_of(a),
    )


def test_two_pages_at_one_path():
    app = App(docs_url=None)
    declared = app.declarations()
    (page,) = declared.pages
    twice = replace(declared, pages=(page, replace(page, name="docs")))

    with pytest.raises(SpecError) as caught:
        compile_app(twice, ROUTER_ERRORS)

    (fault,) = caught.value.faults
    assert fault == Fault(
        "docs: GET /openapi.json is where the app serves its openapi",
        "another path for one of the two",
        "App(openapi_url=None), or another address for it",
    )


def test_one_handler_at_two_places_has_two_names():
    app = App()

    async def shared() -> str: ...

    app.get("/a")(shared)
    app.get("/b")(shared)
    place = Place(__file__, line_of(shared))

    (fault,) = faults_of(app)

    assert fault == Fault(
        f"two operations are named 'shared': GET /a ({place}) and GET /b",
        "a name for each: it is the operationId and the name for to=",
        '@app.get("/b", name="...")',
        place,
    )


def test_faults_of_the_routers_come_with_the_others():
    app = App()
    app.include_router(app)

    @app.get("bad")
    async def a() -> str: ...

    assert sorted(told(app)) == [
        "a router is included in itself",
        "a: the path 'bad' does not begin with '/'",
    ]


def test_faults_of_rules_come_with_the_others():
    app = App()
    app.redirect("/old", to="/nowhere")

    @app.get("bad")
    async def a() -> str: ...

    found = told(app)

    assert len(found) == 2
    assert "a: the path 'bad' does not begin with '/'" in found


def test_a_shared_dependency_with_a_fault_is_told_once():
    def guard(a) -> None: ...

    app = App(dependencies=[guard])
    app.get("/a", name="a")(make())
    app.get("/b", name="b")(make())

    assert told(app) == ["guard(a): it has no annotation"]


def make():
    async def handler() -> str: ...

    return handler


def test_a_format_of_an_authors_own():
    class Plain(ErrorModel):
        def body(self, error: HTTPError) -> Any:
            return super().body(error)

    app = App(error_format=Plain(), raises=[NotFound])
    app.get("/a")(make())

    assert app.compile().errors[NotFound].format == Plain()


def test_compiling_again_gives_the_same():
    app = App()

    assert app.compile() is app.compile()
    assert compile_app(app.declarations(), ROUTER_ERRORS).document_bytes == (
        app.compile().document_bytes
    )


# --- mistakes that nobody else would tell ------------------------------------------------------


async def never() -> Never: ...
async def away() -> Redirect: ...
async def maybe_away() -> User | Redirect: ...


@asynccontextmanager
async def managed() -> AsyncIterator[int]:
    yield 1


@contextmanager
def managed_sync() -> Iterator[int]:
    yield 1


async def numbers() -> int:
    yield 1


def numbers_sync() -> Iterator[int]:
    yield 1


def rerouted_to(path):
    def declare(app):
        async def rerouting() -> None: ...

        app.mount("/mounted", rerouting)
        app.redirect("/old", to="/")
        app.get("/")(reroutes(to=path)(rerouting))

    return declare


MANAGES = "which makes a context manager"
SILENT = [
    (lambda app: app.get(never), "the decorator above never lacks its parentheses"),
    (lambda app: app.get("/")(never), "never never returns, and declares nothing that it raises"),
    (lambda app: app.get("/")(away), "away returns a Redirect, and declares none"),
    (lambda app: app.get("/")(maybe_away), "maybe_away returns a Redirect, and declares none"),
    (lambda app: app.get("/")(managed), f"a route decorates managed, {MANAGES}"),
    (lambda app: Depends(managed), f"Depends(managed), {MANAGES}"),
    (lambda app: App(dependencies=[managed_sync]), f"Depends(managed_sync), {MANAGES}"),
    (lambda app: app.overridden({len: managed}), f"an override by managed, {MANAGES}"),
    (lambda app: app.get("/")(numbers), "numbers is an async generator, and no stream"),
    (lambda app: app.get("/")(numbers_sync), "numbers_sync is a sync generator, and no stream"),
    *(
        (rerouted_to(path), f"rerouting: reroutes(to={path!r}) leads to no operation")
        for path in ("/openapi.json", "/old", "/mounted/file")
    ),
    (
        lambda app: app.redirect("/d/<id>", to="/{id}"),
        "the segment '<id>' of '/d/<id>' is no parameter here: write {id}; its type stands in the "
        "handler's annotation",
    ),
    (lambda app: app.get("/d/<int:id>")(never), "no parameter here: write {id};"),
    (lambda app: app.get("/d/:id")(never), "no parameter here: write {id};"),
]


@pytest.mark.parametrize(("declare", "found"), SILENT, ids=range(len(SILENT)))
def test_a_mistake_is_told_and_not_served(declare, found):
    """Each of these would be a 500 for every request, or a path that nobody asks for."""

    def declare_all():
        app = App()
        declare(app)
        app.compile()

    with pytest.raises(SpecError) as caught:
        declare_all()

    (fault,) = [fault for fault in caught.value.faults if found in fault.found]
    assert fault.place.file == __file__


def test_what_declares_its_answers_may_never_return():
    app = App()
    app.get("/a")(raises(NotFound)(make_never()))
    app.get("/b", name="b", dependencies=[raises(NotFound)(make_never())])(make_never())
    inner = Router(raises=[NotFound])
    inner.get("/c", name="c")(make_never())
    app.include_router(inner)

    assert app.compile()


def make_never():
    async def handler() -> Never: ...

    return handler


@pytest.mark.parametrize("enabled", [True, False])
def test_compiling_keeps_nothing_and_leaves_the_collector_as_it_was(enabled):
    """What is known of types is needed once; a fault changes nothing about that."""
    sound, broken = App(), App()

    class Thing(Struct):
        name: str

    @sound.get("/x")
    async def x(thing: Query[str]) -> Thing: ...

    @broken.get("/x")
    async def y(thing: Query[str]): ...

    was = gc.isenabled()
    gc.enable() if enabled else gc.disable()
    try:
        sound.compile()
        with pytest.raises(SpecError):
            broken.compile()

        assert gc.isenabled() is enabled
    finally:
        gc.enable() if was else gc.disable()
    assert parts._class_info.cache_info().currsize == 0
