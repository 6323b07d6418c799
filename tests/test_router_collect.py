"""`Router`: what is registered, with what its groups add to it."""

import functools
import inspect

import pytest

from redirflow import (
    App,
    Bearer,
    Conflict,
    Depends,
    HeaderSpec,
    NotFound,
    Router,
    SpecError,
    raises,
)


def the_fault(call, *args, **kwargs):
    with pytest.raises(SpecError) as caught:
        call(*args, **kwargs)
    (fault,) = caught.value.faults
    return fault


async def handler() -> None: ...


async def guard() -> None: ...


async def other_guard() -> None: ...


def collected(router):
    return {
        operation.name: (operation.method, operation.path)
        for operation in router.collect().operations
    }


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
def test_every_method_has_a_decorator(method):
    """It returns the handler unchanged."""
    router = Router()

    assert getattr(router, method)("/a")(handler) is handler
    assert collected(router) == {"handler": (method.upper(), "/a")}


def test_several_methods():
    """Each is an operation of its own, and is named for its method."""
    router = Router()
    router.route("/a", methods=["GET", "QUERY"])(handler)
    router.route("/b", methods=("POST",), name="b")(handler)
    router.route("/c", methods=["PUT", "PATCH"], name="c")(handler)

    assert collected(router) == {
        "handler_get": ("GET", "/a"),
        "handler_query": ("QUERY", "/a"),
        "b": ("POST", "/b"),
        "c_put": ("PUT", "/c"),
        "c_patch": ("PATCH", "/c"),
    }


def test_options_of_an_operation():
    router = Router()
    options = {
        "name": "named",
        "tags": ["a", "b"],
        "summary": "short",
        "description": "long",
        "deprecated": True,
        "include_in_schema": False,
        "max_body_size": 5,
        "cancel_on_disconnect": True,
    }
    router.route("/a", methods=["GET", "POST"], dependencies=[guard], **options)(handler)

    for operation in router.collect().operations:
        seen = {name: getattr(operation, name) for name in options}
        assert seen == {**options, "tags": ("a", "b"), "name": f"named_{operation.method.lower()}"}
        assert operation.dependencies == (Depends(guard),)
        assert operation.handler is handler
        assert (operation.place.file, operation.place.line) == (
            __file__,
            handler.__code__.co_firstlineno,
        )


def test_groups_add_up():
    """From the outside in: prefixes, names, tags, errors, headers, guards, deprecation."""
    bearer = Bearer()
    inner = Router(
        prefix="/inner",
        name="in",
        tags=["shared", "inner"],
        raises=[NotFound],
        headers={"X-A": HeaderSpec(int), "X-B": HeaderSpec()},
        dependencies=[other_guard],
        deprecated=True,
    )
    outer = Router(
        prefix="/outer",
        name="out",
        tags=["outer", "shared"],
        raises=[Conflict],
        headers={"X-A": HeaderSpec(str)},
        dependencies=[bearer],
    )
    app = App(dependencies=[guard])
    inner.get("/{x}", tags=["own"], dependencies=[Depends(guard)])(handler)
    outer.include_router(inner, prefix="/between", tags=["between"])
    outer.get("")(handler)
    app.include_router(outer)

    found = {operation.name: operation for operation in app.collect().operations}

    assert set(found) == {"out_in_handler", "out_handler"}
    deep = found["out_in_handler"]
    assert deep.path == "/outer/between/inner/{x}"
    assert deep.tags == ("outer", "shared", "between", "inner", "own")
    assert deep.raises == (Conflict, NotFound)
    assert dict(deep.headers) == {"X-A": HeaderSpec(int), "X-B": HeaderSpec()}
    assert deep.dependencies == (
        Depends(guard),
        bearer,
        Depends(other_guard),
        Depends(guard),
    )
    assert deep.deprecated is True
    flat = found["out_handler"]
    assert (flat.path, flat.deprecated, flat.tags) == ("/outer", False, ("outer", "shared"))


def test_what_is_registered_on_an_included_router_later_counts_too():
    app, router = App(), Router(prefix="/r")
    app.include_router(router)
    router.get("/late")(handler)

    assert collected(app) == {"handler": ("GET", "/r/late")}


def test_a_router_in_two_places():
    app, router = App(), Router()
    router.get("/a")(handler)
    app.include_router(router, prefix="/one", name="one")
    app.include_router(router, prefix="/two", name="two")

    operations = [(each.path, each.name) for each in app.collect().operations]
    assert operations == [("/one/a", "one_handler"), ("/two/a", "two_handler")]
    assert app.compile()


@pytest.mark.parametrize(
    "again", [{}, {"name": "b"}, {"prefix": "/b"}], ids=["alike", "same paths", "same names"]
)
def test_a_router_that_is_included_twice(again):
    """One fault that names both lines, and not one for each of its operations."""
    app, router = App(), Router()
    router.get("/a")(handler)
    app.include_router(router)
    line = inspect.currentframe().f_lineno
    app.include_router(router, **again)

    fault = the_fault(app.compile)

    assert fault.found.startswith("the same router is included twice: here and at ")
    assert fault.found.endswith(f":{line - 1}")
    assert fault.place.line == line + 1
    assert fault.write == 'include_router(router, prefix="/v2", name="v2")'


def test_rules_have_no_names_that_could_clash():
    app, router = App(), Router()
    app.get("/to")(handler)
    router.redirect("/old", to="/to")
    app.include_router(router, prefix="/one")
    app.include_router(router, prefix="/two")

    assert len(app.compile().checked.rules) == 2


def test_what_is_registered_on_a_router_counts_until_the_app_is_compiled():
    app, outer, router = App(), Router(), Router()
    app.include_router(outer)
    outer.include_router(router)
    router.get("/a")(handler)

    assert app.url_for(handler) == "/a"
    for late in (app, outer, router):
        fault = the_fault(late.get("/b"), handler)
        assert fault.found == "the app is compiled: what is registered now would never be served"
        assert fault.place.file == __file__


def test_rules_have_the_prefix_of_their_groups():
    app, router = App(), Router(prefix="/r")
    router.redirect("/old", to="/new", max_age=5)
    router.reroute("/v0/{rest:path}", to="/{rest}", headers={"x": "1"}, query={"a": 1})
    app.include_router(router, prefix="/api")

    redirect, reroute = app.collect().rules

    assert (redirect.source, redirect.to, redirect.max_age) == ("/api/r/old", "/new", 5)
    assert (reroute.source, dict(reroute.headers)) == ("/api/r/v0/{rest:path}", {"x": "1"})
    assert redirect.place.file == __file__


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_router_inside_itself(depth):
    """Would never end; told with the place at which it was included."""
    routers = [Router() for _ in range(depth + 1)]
    for outer, inner in zip(routers, [*routers[1:], routers[0]], strict=True):
        outer.include_router(inner)
    app = App()
    app.include_router(routers[0])

    (fault,) = app.collect().faults

    assert (fault.found, fault.allowed) == ("a router is included in itself", "routers that end")
    assert fault.place.file == __file__


# --- what is refused ---------------------------------------------------------------------------

KNOWN = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, QUERY"
WRITE = 'methods=["GET", "POST"]'
OPTIONS = (
    "name, tags, summary, description, deprecated, sunset, callbacks, include_in_schema, "
    "max_body_size, cancel_on_disconnect, dependencies"
)


@pytest.mark.parametrize(
    ("make", "found", "allowed", "write"),
    [
        (lambda: Router().route("/", methods=[]), "methods=[]", KNOWN, WRITE),
        (lambda: Router().route("/", methods=["get"]), "methods=['get']", KNOWN, WRITE),
        (
            lambda: Router().route("/", methods="GET"),
            "route(methods='GET')",
            "a list, each text",
            'methods=["GET", "POST"]',
        ),
        (lambda: Router().get("/")(5), "a route decorates 5", "a function", ""),
        (
            lambda: Router().get("/", dependencies=["guard"]),
            "route(dependencies=['guard'])",
            "a list, each a function or a Depends or a Bearer or a Basic or an APIKey",
            "dependencies=[current_user]",
        ),
        (
            lambda: Router().post("/", status_code=201),
            "a route with status_code=...",
            OPTIONS,
            "@returns(status_code=...)",
        ),
        (
            lambda: Router().post("/", response_model=int),
            "a route with response_model=...",
            OPTIONS,
            "a return annotation, or @returns(User)",
        ),
        (lambda: Router().post("/", nmae="x"), "a route with nmae=...", OPTIONS, "name=..."),
        (
            lambda: Router(tags="users"),
            "Router(tags='users')",
            "a list, each text",
            'tags=["users"]',
        ),
        (
            lambda: Router().get("/", tags="users")(handler),
            "route(tags='users')",
            "a list, each text",
            'tags=["users"]',
        ),
        (
            lambda: Router().include_router(Router(), tags="users"),
            "include_router(tags='users')",
            "a list, each text",
            'tags=["users"]',
        ),
        (
            lambda: Router(prefix="users"),
            "prefix='users'",
            "a path that begins with '/' and does not end with it",
            '"/users"',
        ),
        (
            lambda: Router().include_router(Router(), prefix="/users/"),
            "prefix='/users/'",
            "a path that begins with '/' and does not end with it",
            '"/users"',
        ),
        (lambda: Router().include_router(5), "include_router(router=5)", "a Router", ""),
        (
            lambda: Router().redirect("/a", to="/b", status_code=304),
            "redirect('/a', status_code=304)",
            "301, 302, 303, 307, 308",
            "",
        ),
        (
            lambda: Router().redirect("/a", to="/b", max_age=-1),
            "redirect(max_age=-1)",
            "seconds, 0 or more",
            "",
        ),
    ],
)
def test_what_means_nothing(make, found, allowed, write):
    """Told at the line of the author."""
    fault = the_fault(make)

    assert (fault.found, fault.allowed, fault.write) == (found, allowed, write)
    assert fault.place.file == __file__


# --- handlers of other kinds -------------------------------------------------------------------


class Callable:
    async def __call__(self) -> str:
        return "x"


def test_handlers_that_have_no_name_of_their_own():
    router = Router()
    router.get("/object")(Callable())
    router.get("/partial")(functools.partial(handler))

    router.get("/both")(functools.partial(functools.partial(Callable())))

    names = [operation.name for operation in router.collect().operations]
    assert names == ["Callable", "handler", "Callable"]


def test_a_handler_with_local_types():
    """String annotations can name what is local to the function that makes the handler."""

    def make(app):
        class Local:
            pass

        @app.get("/")
        @raises(NotFound)
        async def local(x: "int") -> "str":
            return str(x)

        return Local

    app = App()
    made = make(app)

    (operation,) = app.collect().operations
    assert operation.namespace["Local"] is made
    assert app.compile()
