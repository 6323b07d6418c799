"""Signatures: which argument comes from where, and what is told of those that come from nowhere."""

import dataclasses
import enum
import functools
import importlib.util
import inspect
import textwrap
import uuid
import weakref
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, Never, NewType, TypedDict, TypeVar

import attrs
import pydantic
import pytest
from msgspec import Meta, Struct, field

from redirflow import (
    Alias,
    APIKey,
    BackgroundTasks,
    Basic,
    Bearer,
    Body,
    Cookie,
    Depends,
    Fault,
    Form,
    Header,
    LocalURL,
    Place,
    Query,
    Request,
    UploadFile,
)
from redirflow.endpoint.reading import read_signature
from redirflow.endpoint.signature import (
    REQUIRED,
    UNKNOWN,
    is_async,
    kind_of,
)

T = TypeVar("T")
HERE = Place("handlers.py", 1)
ELSEWHERE = Annotated[str, Meta(max_length=5)]


class Color(enum.Enum):
    RED = "red"


class User(Struct):
    id: int


class Page(Struct, Generic[T]):
    items: T
    limit: int = 20


class Filter(Struct, rename="camel"):
    sort_by: str
    limit: Annotated[int, Meta(le=100)] = 20
    tags: list[str] = field(default_factory=lambda: ["new"])
    host: Annotated[str | None, Alias("X.Host")] = None


@dataclasses.dataclass
class Row:
    id: int


@attrs.define
class Seat:
    id: int


class Options(TypedDict):
    id: int


class Spot(NamedTuple):
    x: int
    y: int = 0


class Model(pydantic.BaseModel):
    id: int


class Custom:
    pass


UserId = NewType("UserId", int)


def read(function, *template, namespace=None):
    """The signature, and the faults found in it."""
    faults = []
    signature = read_signature(
        function, template=template, namespace=namespace or {}, place=HERE, faults=faults
    )
    return signature, faults


def sound(function, *template, namespace=None):
    signature, faults = read(function, *template, namespace=namespace)

    assert faults == []
    return signature


def faults_of(function, *template):
    """What was found, what is allowed, what to write: for each fault."""
    _, faults = read(function, *template)

    assert {fault.place for fault in faults} <= {HERE}
    return [(fault.found, fault.allowed, fault.write) for fault in faults]


def with_hint(hint, default=inspect.Parameter.empty):
    """A handler with the one argument `a`."""

    def handler(a): ...

    handler.__annotations__["a"] = hint
    handler.__defaults__ = () if default is inspect.Parameter.empty else (default,)
    return handler


# --- by position -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "where"),
    [
        (int, "query"),
        (str | None, "query"),
        (Any, "query"),
        (Color, "query"),
        (UserId, "query"),
        (Literal["a", 1], "query"),
        (LocalURL, "query"),
        (list[int], "query"),
        (tuple[str, ...], "query"),
        (set[str] | None, "query"),
        (Annotated[list[Color], Meta(max_length=3)], "query"),
        (Query[int], "query"),
        (Header[int], "header"),
        (Cookie[str | None], "cookie"),
        (Form[list[str]], "form"),
        (UploadFile, "form"),
        (list[UploadFile], "form"),
        (UploadFile | None, "form"),
    ],
)
def test_scalars_are_read_from_the_query_unless_marked(hint, where):
    parameters = sound(with_hint(hint)).parameters

    assert [(each.name, each.where, each.key) for each in parameters] == [("a", where, "a")]


@pytest.mark.parametrize(
    "hint",
    [
        User,
        User | None,
        Row,
        Seat,
        Options,
        Spot,
        Page[int],
        list[User],
        dict[str, int],
        tuple[int, str],
        list[list[int]],
        list[int] | str,
        Annotated[User, Meta(description="One of us.")],
        Body[int],
        Body[list[str]],
        Body[Any],
        dict[str, Any],
    ],
)
def test_composite_types_are_the_body(hint):
    signature = sound(with_hint(hint))

    assert signature.parameters == ()
    assert signature.body.name == "a"


def test_names_in_the_template_are_path_parameters():
    def handler(user_id: int, rest: str, q: str): ...

    parameters = sound(handler, "user_id", "rest").parameters

    assert [(each.name, each.where) for each in parameters] == [
        ("user_id", "path"),
        ("rest", "path"),
        ("q", "query"),
    ]


def test_an_alias_names_what_python_can_not():
    def handler(
        class_: Annotated[str, Alias("class")],
        sid: Cookie[Annotated[str, Alias("__Host-sid")]],
        trace: Header[Annotated[str, Alias("X-Trace.ID")]],
        from_: Annotated[int, Alias("from")] = 0,
    ): ...

    parameters = sound(handler, "class").parameters

    assert [(each.name, each.where, each.key) for each in parameters] == [
        ("class_", "path", "class"),
        ("sid", "cookie", "__Host-sid"),
        ("trace", "header", "x-trace.id"),
        ("from_", "query", "from"),
    ]


def test_header_names_have_dashes():
    def handler(x_token: Header[str], accept_language: Header[str] = "en"): ...

    assert [each.key for each in sound(handler).parameters] == ["x-token", "accept-language"]


def test_what_the_framework_gives():
    def handler(
        request: Request,
        tasks: BackgroundTasks,
        user: Annotated[User, Depends(len)],
        token: Annotated[str, Bearer()],
        key: Annotated[str | None, APIKey(header="X-Key")],
        login: Annotated[Any, Basic()],
    ) -> User: ...

    signature = sound(handler)

    assert (signature.requests, signature.tasks) == (("request",), ("tasks",))
    assert signature.depends == (("user", Depends(len)),)
    assert signature.schemes == (
        ("token", Bearer(), False),
        ("key", APIKey(header="X-Key"), True),
        ("login", Basic(), False),
    )
    assert signature.returns is User
    assert signature.parameters == ()


def test_constraints_survive_beside_our_marks():
    def handler(token: Annotated[str, Meta(min_length=5), Bearer()], a: Query[ELSEWHERE]): ...

    signature = sound(handler)

    assert signature.schemes == (("token", Bearer(), False),)
    assert signature.parameters[0].type == ELSEWHERE


def test_a_return_annotation_may_be_missing():
    def handler(): ...

    assert sound(handler).returns is UNKNOWN


# --- defaults --------------------------------------------------------------------------------


def test_defaults_are_made_anew_where_they_could_be_changed():
    def handler(a: int, b: int = 5, c: list[str] = ["x"], d: list[str] | None = None): ...  # noqa: B006

    a, b, c, d = sound(handler).parameters

    assert (a.default, a.required) == (REQUIRED, True)
    assert (b.default(), b.shown, b.required) == (5, 5, False)
    assert (c.default(), c.shown) == (["x"], ["x"])
    assert c.default() is not c.default()
    assert d.default() is None


@pytest.mark.parametrize(
    ("hint", "default", "fallible"),
    [
        (str, "", False),
        (str, inspect.Parameter.empty, True),
        (int, 0, True),
        (list[str], [], False),
    ],
)
def test_fallible_parameters_may_refuse_a_request(hint, default, fallible):
    assert sound(with_hint(hint, default)).parameters[0].fallible is fallible


def test_the_path_always_has_its_parameters():
    assert sound(with_hint(str), "a").parameters[0].fallible is False


def test_a_body_may_have_a_default():
    assert sound(with_hint(User | None, None)).body.default() is None
    assert sound(with_hint(User)).body.default is REQUIRED


def test_required_has_a_name_for_people():
    assert repr(REQUIRED) == "<required>"


# --- groups ----------------------------------------------------------------------------------


def test_a_struct_under_a_marker_is_its_fields():
    def handler(filter: Query[Filter], page: Header[Page[int]]): ...

    signature = sound(handler)
    told = [
        (each.group, each.name, each.where, each.key, each.required)
        for each in signature.parameters
    ]

    assert told == [
        ("filter", "sort_by", "query", "sortBy", True),
        ("filter", "limit", "query", "limit", False),
        ("filter", "tags", "query", "tags", False),
        ("filter", "host", "query", "X.Host", False),
        ("page", "items", "header", "items", True),
        ("page", "limit", "header", "limit", False),
    ]
    assert signature.groups["filter"] is Filter
    assert signature.groups["page"](items=1) == Page(1)
    shown = [each.shown for each in signature.parameters]
    assert shown == [REQUIRED, 20, ["new"], None, REQUIRED, 20]
    assert signature.parameters[2].default() == ["new"]


@pytest.mark.parametrize(
    ("hint", "default"),
    [(Query[Filter], Filter("x")), (Query[Filter | None], inspect.Parameter.empty)],
)
def test_a_group_is_never_missing_as_a_whole(hint, default):
    assert faults_of(with_hint(hint, default)) == [
        (
            "handler(a): a Struct of query parameters that may be missing as a whole",
            "defaults in its fields",
            "class Filter(Struct): limit: int = 20",
        )
    ]


class Nested(Struct):
    user: User


def test_the_fields_of_a_group_are_scalars():
    assert faults_of(with_hint(Query[Nested])) == [
        (
            "handler(a): User can't be read from one text: "
            "it is neither a scalar nor a list of scalars",
            "a scalar, or a list of scalars",
            "Body[...] if it is the body",
        )
    ]


# --- what is refused -------------------------------------------------------------------------


def test_arguments_need_a_name():
    def handler(a: int, /, *args: int, **kwargs: int): ...

    assert faults_of(handler) == [
        ("handler(a): an argument of the kind positional-only", "arguments with a name", ""),
        ("handler(args): an argument of the kind variadic positional", "arguments with a name", ""),
        ("handler(kwargs): an argument of the kind variadic keyword", "arguments with a name", ""),
    ]


def test_arguments_need_an_annotation():
    """What it is told where the default, the name or the path says it, and nothing is guessed."""

    def load() -> list[str]: ...

    loaded, bearer = Depends(load), Bearer()

    def handler(
        a,
        b: int,
        p,
        request,
        tasks,
        c=1,
        d=loaded,
        e=bearer,
        f=(),
        g=None,
        background_tasks=3,
    ): ...

    assert [fault.removeprefix("handler") for fault, _, _ in faults_of(handler, "p")] == [
        f"({name}): it has no annotation"
        for name in ("a", "p", "request", "tasks", *"cdefg", "background_tasks")
    ]
    assert {allowed for _, allowed, _ in faults_of(handler)} == {
        "its type, or Annotated[..., Depends(...)]"
    }
    assert [write for _, _, write in faults_of(handler, "p")] == [
        "",
        "p: str",
        "request: Request",
        "tasks: BackgroundTasks",
        "c: int = 1",
        "d: Annotated[..., Depends(load)]",
        "e: Annotated[..., Bearer(...)]",
        "",
        "",
        "background_tasks: int = 3",
    ]


class Asked:
    """An object of which nothing can be asked."""

    def __getattr__(self, name):
        raise KeyError(name)


class Compared:
    __hash__ = object.__hash__

    def __eq__(self, other):
        raise ZeroDivisionError


class Shown:
    def __repr__(self):
        raise OSError("no")


class Classed:
    @property
    def __class__(self):
        raise LookupError


class Holding(Struct):
    value: Any = Compared()


@pytest.mark.parametrize(
    ("odd", "raised"),
    [
        (lambda: with_hint(Asked()), "KeyError"),
        (lambda: with_hint(Shown()), "OSError"),
        (lambda: with_hint(int, Shown()), "OSError"),
        (lambda: with_hint(int, Classed()), "LookupError"),
        (lambda: with_hint(Annotated[int, Classed()]), "LookupError"),
        (lambda: with_hint(Holding), "ZeroDivisionError"),
    ],
)
def test_what_raises_when_it_is_looked_at(odd, raised):
    """The handler and the argument are told, and the line that raises: it is the author's."""
    ((found, allowed, _),) = faults_of(odd())

    assert found == f"handler(a): to look at its annotation or default raises {raised}"
    assert f"it is raised at {Path(__file__).name}:" in allowed.replace("tests/endpoint/", "")


def test_what_is_raised_by_no_line_of_the_authors_comes_out_as_it_is():
    """It may be a mistake of ours, and those keep their traceback."""
    gone = weakref.proxy(Shown())

    with pytest.raises(ReferenceError):
        faults_of(with_hint(int, gone))


def test_there_is_one_body():
    def handler(a: User, b: Row): ...

    assert faults_of(handler) == [
        ("handler(b): a is the body already", "one body", "one Struct with both as its fields")
    ]


@pytest.mark.parametrize(
    ("hint", "default", "fault"),
    [
        (
            Query[int],
            inspect.Parameter.empty,
            (
                "handler(a): it stands in the path, but is marked as query",
                "a path parameter has no marker",
                "",
            ),
        ),
        (
            int,
            5,
            ("handler(a): a path parameter with a default", "none: the path always has it", ""),
        ),
        (
            list[int],
            inspect.Parameter.empty,
            ("handler(a): a path parameter that is a list", "a scalar", ""),
        ),
        (
            User,
            inspect.Parameter.empty,
            ("handler(a): a path parameter that is a Struct", "a scalar", ""),
        ),
        (
            Row,
            inspect.Parameter.empty,
            (
                "handler(a): Row can't be read from one text: "
                "it is neither a scalar nor a list of scalars",
                "a scalar, or a list of scalars",
                "Body[...] if it is the body",
            ),
        ),
    ],
)
def test_path_parameters(hint, default, fault):
    assert faults_of(with_hint(hint, default), "a") == [fault]


READ = (
    "Struct, dataclass, attrs class, TypedDict, most types of the standard library, "
    "and what the app has a hook for"
)


@pytest.mark.parametrize(
    ("hint", "name"),
    [
        (Model, "Model"),
        (list[Model], "Model"),
        (dict[str, Custom | None], "Custom"),
        (Custom, "Custom"),
        (Query[Custom], "Custom"),
        (Custom | None, "Custom"),
        (complex, "complex"),
    ],
)
def test_classes_of_other_libraries(hint, name):
    assert faults_of(with_hint(hint)) == [
        (
            f"handler(a): {name} is no type that msgspec reads",
            READ,
            f"App(type_hooks=[TypeHook({name}, decode=..., encode=...)]), or a Struct",
        )
    ]


def test_an_object_is_anything():
    ((_, _, write),) = faults_of(with_hint(dict[str, object]))

    assert write == "Any"


def test_what_msgspec_itself_refuses():
    assert faults_of(with_hint(Body[User | Page[int]])) == [
        (
            f"handler(a): msgspec can't read a {User | Page[int]} (If a type union contains "
            "multiple Struct types, all Struct types must be tagged (via `tag` or `tag_field` "
            f"kwarg) - type `{User | Page[int]!r}` is not supported)",
            "the types that msgspec reads",
            "a Struct or a dataclass with the same fields",
        )
    ]


COLLIDING = (
    "handler(a): a set, or keys of a dict, of numbers or UUIDs in a request: "
    "colliding ones stall it",
    "a list, text, or bounded integers",
    "set[Annotated[int, Meta(ge=0, le=1_000_000)]]",
)


class Deep(Struct):
    rows: list[dict[int, str]]


@pytest.mark.parametrize(
    "hint", [Query[set[int]], dict[int, str], Body[Deep | None], set[uuid.UUID], Form[set[Any]]]
)
def test_what_could_be_made_to_collide(hint):
    """464 kB of chosen integers take seconds to insert into a set."""
    assert faults_of(with_hint(hint)) == [COLLIDING]


def test_a_bound_makes_a_set_of_integers_harmless():
    sound(with_hint(set[Annotated[int, Meta(ge=0, le=1_000)]]))


@pytest.mark.parametrize("where", ["header", "cookie"])
def test_an_alias_must_be_a_token_where_names_are(where):
    marker = {"header": Header, "cookie": Cookie}[where]

    assert faults_of(with_hint(marker[Annotated[str, Alias("a b")]])) == [
        (f"handler(a): Alias('a b') can't name a {where}", "letters, digits and '-'", "")
    ]


@pytest.mark.parametrize("mark", [Depends(len), Bearer(), Basic(), APIKey(query="key")])
def test_dependencies_stand_in_the_annotation(mark):
    name = type(mark).__name__

    assert faults_of(with_hint(str, mark)) == [
        (
            f"handler(a): {name}(...) is its default",
            "defaults that are values",
            f"a: Annotated[..., {name}(...)]",
        )
    ]


def test_an_argument_comes_from_one_place():
    twice = Query[Header[int]]
    both = Query[Annotated[str, Depends(len)]]

    assert faults_of(with_hint(twice)) == [
        (
            "handler(a): it comes from 2 places: [Header, Query]",
            "one marker",
            "",
        )
    ]
    assert len(faults_of(with_hint(both))) == 1


def test_every_fault_is_told():
    def handler(a, b: Custom, c: Query[int]): ...

    assert [found for found, _, _ in faults_of(handler, "c")] == [
        "handler(a): it has no annotation",
        "handler(b): Custom is no type that msgspec reads",
        "handler(c): it stands in the path, but is marked as query",
    ]


# --- what can be called ----------------------------------------------------------------------


def names_of(function, *template):
    return [each.name for each in sound(function, *template).parameters]


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


async def search(q: str, limit: int = 10) -> User: ...


class Searcher:
    def __init__(self, role: str = "user"):
        self.role = role

    async def __call__(self, q: str) -> User: ...

    async def method(self, q: str) -> User: ...

    @classmethod
    async def of_class(cls, q: str) -> User: ...

    @staticmethod
    async def static(q: str) -> User: ...

    @logged
    async def decorated(self, q: str) -> User: ...


class Plain:
    pass


CALLABLES = {
    "function": (search, ["q", "limit"]),
    "wrapped": (logged(logged(search)), ["q", "limit"]),
    "object": (Searcher(), ["q"]),
    "bound method": (Searcher().method, ["q"]),
    "class method": (Searcher.of_class, ["q"]),
    "static method": (Searcher.static, ["q"]),
    "decorated method": (Searcher().decorated, ["q"]),
    "partial": (functools.partial(search, limit=5), ["q"]),
    "partial by position": (functools.partial(search, "x"), ["limit"]),
    "partial of an object": (functools.partial(Searcher(), q="x"), []),
    "partial of a wrapper": (functools.partial(logged(search), limit=5), ["q"]),
    "partial that looks like its function": (
        functools.update_wrapper(functools.partial(search, limit=5), search),
        ["q"],
    ),
    "wrapper of a partial": (logged(functools.partial(search, limit=5)), ["q"]),
    "partial of a partial": (
        functools.partial(functools.partial(search, limit=5), q="x"),
        [],
    ),
}


@pytest.mark.parametrize("name", [*CALLABLES])
def test_whatever_can_be_called_has_a_signature(name):
    """What a partial gives is no client's to give."""
    function, names = CALLABLES[name]

    assert names_of(function) == names
    assert sound(function).returns is User
    assert kind_of(function) == "async"


CLASSES = {
    Searcher: ["role"],
    Plain: [],
    Row: ["id"],
    Seat: ["id"],
    User: ["id"],
    Spot: ["x", "y"],
}


@pytest.mark.parametrize("cls", [*CLASSES])
def test_a_class_is_a_dependency_too(cls):
    if cls is Searcher:
        cls.__init__.__annotations__["role"] = str

    assert names_of(cls) == CLASSES[cls]
    assert kind_of(cls) == "sync"


def test_arguments_by_position():
    def keyword(a: str, *, b: str): ...

    assert sound(search).positional == ("q", "limit")
    assert sound(keyword).positional is None
    assert sound(CALLABLES["partial that looks like its function"][0]).positional is None


def wrapped_by(wrapper, function=search):
    """*function*, wrapped by what has a signature of its own."""
    return functools.wraps(function)(wrapper)


async def swapped(limit, q): ...


async def some(q, *args, **kwargs): ...


async def by_name(**kwargs): ...


@pytest.mark.parametrize(
    ("function", "positional"),
    [
        (logged(search), ("q", "limit")),
        (functools.cache(search), ("q", "limit")),
        (wrapped_by(some), ("q", "limit")),
        (wrapped_by(swapped), None),
        (wrapped_by(by_name), None),
    ],
)
def test_a_wrapper_gets_each_argument_as_what_it_is(function, positional):
    """By name, unless it takes them by position, in the same order."""
    assert sound(function).positional == positional
    assert names_of(function) == ["q", "limit"]


async def without(): ...


async def only_by_position(*args): ...


async def more(q, limit, user): ...


@pytest.mark.parametrize(
    ("wrapper", "said"),
    [
        (without, "got an unexpected keyword argument 'q'"),
        (only_by_position, "got an unexpected keyword argument 'q'"),
        (more, "missing a required argument: 'user'"),
        (functools.partial(wrapped_by(more)), "missing a required argument: 'user'"),
    ],
)
def test_a_wrapper_that_can_not_be_called_with_the_arguments_of_its_function(wrapper, said):
    """It would fail at each request."""
    function = wrapper if isinstance(wrapper, functools.partial) else wrapped_by(wrapper)

    found, allowed, write = faults_of(function)[0]

    assert found.endswith(f"what wraps it can't be called with its arguments: {said}")
    assert allowed == "a wrapper that takes them all by name"
    assert write == "def wrapper(*args, **kwargs), which hands them on"


def test_a_partial_of_what_does_not_take_it():
    function = functools.partial(functools.partial(search, "x"), nope=1)

    assert faults_of(function) == [
        (
            "a functools.partial of search: got an unexpected keyword argument 'nope'",
            "its arguments, which are: q, limit",
            "",
        )
    ]


@pytest.mark.parametrize(
    "function",
    [len, print, dict, functools.partial(search, "x", 5, 7), functools.partial(search, nope=1)],
)
def test_what_has_no_readable_signature_is_a_fault(function):
    signature, faults = read(function)

    assert faults
    assert all(isinstance(fault, Fault) for fault in faults)
    assert signature.parameters == ()


async def gives():
    yield 1


def gives_sync():
    yield 1


async def waits(): ...


class Gives:
    async def __call__(self):
        yield 1


@functools.wraps(gives)
async def collected():
    return [each async for each in gives()]


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (waits, "async"),
        (gives, "async generator"),
        (gives_sync, "sync generator"),
        (Gives(), "async generator"),
        (functools.partial(gives_sync), "sync generator"),
        (logged(gives), "async generator"),
        (logged(gives_sync), "sync generator"),
        (collected, "async"),
        (len, "sync"),
        (Plain, "sync"),
    ],
)
def test_kinds_of_functions(function, kind):
    """A plain wrapper hands on what it wraps; one with a kind of its own decides."""
    assert kind_of(function) == kind
    assert is_async(function) is (kind == "async")


# --- annotations that are texts --------------------------------------------------------------


@pytest.fixture
def module(tmp_path):
    """Makes a module of a source in which every annotation is a text."""

    def make(source):
        path = tmp_path / "written.py"
        path.write_text("from __future__ import annotations\n" + textwrap.dedent(source))
        spec = importlib.util.spec_from_file_location("written", path)
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made

    return make


def test_names_of_the_module(module):
    made = module(
        """
        from typing import Annotated
        from msgspec import Struct
        from redirflow import Depends, Query

        class User(Struct):
            id: int

        def current_user() -> User: ...

        class Search:
            async def __call__(
                self, limit: Query[int], user: Annotated[User, Depends(current_user)], new: User
            ) -> User | None: ...
        """
    )

    signature = sound(made.Search())

    assert signature.parameters[0].type is int
    assert signature.depends == (("user", Depends(made.current_user)),)
    assert signature.body.type is made.User
    assert signature.returns == made.User | None


FACTORY = """
    from msgspec import Struct

    class Local(Struct):
        outside: str

    def at_module_level(new: Local): ...

    def make():
        class Local(Struct):
            id: int

        later: str

        async def handler(new: Local) -> Local:
            return later

        def plain(new: Local): ...

        return handler, plain, dict(locals())

    def make_held():
        class Local(Struct):
            id: int

        async def handler(new: Local) -> Local:
            return Local(1)

        return handler, Local
"""


def test_types_local_to_a_factory(module):
    """The router keeps the names of the function in which a handler was made."""
    handler, plain, local = module(FACTORY).make()

    assert sound(handler, namespace=local).body.type is local["Local"]
    assert sound(handler, namespace=local).returns is local["Local"]
    assert sound(plain, namespace=local).body.type is local["Local"]


def test_names_of_a_factory_mean_nothing_elsewhere(module):
    made = module(FACTORY)
    _, _, local = made.make()

    assert sound(made.at_module_level, namespace=local).body.type is made.Local


def test_what_the_function_itself_holds(module):
    handler, local = module(FACTORY).make_held()

    assert sound(handler).body.type is local


def unresolved(name, error):
    return [
        (
            f"the annotations of {name} can't be resolved: {error}",
            "names of the module, or of the function in which the handler is defined",
            "define the type at module level, or without `from __future__ import annotations`",
        )
    ]


@pytest.mark.parametrize(
    ("annotation", "error"),
    [
        ("Nowhere", "name 'Nowhere' is not defined"),
        ("Struct.nowhere", "type object 'Struct' has no attribute 'nowhere'"),
        ("'a b'", "Forward reference must be an expression -- got 'a b'"),
        ("int[str]", "type 'int' is not subscriptable"),
    ],
)
def test_names_that_mean_nothing(module, annotation, error):
    made = module(f"from msgspec import Struct\ndef handler(a: {annotation}) -> int: ...")

    signature, _ = read(made.handler)

    assert faults_of(made.handler) == unresolved("handler", error)
    assert signature.returns is Never


def test_a_field_of_a_type_that_means_nothing(module):
    made = module(
        """
        from msgspec import Struct

        class User(Struct):
            id: Nowhere

        def handler(new: User): ...
        """
    )

    assert faults_of(made.handler) == [
        (
            "handler(new): a field of User has an annotation that can't be resolved: "
            "name 'Nowhere' is not defined",
            "names of the module",
            "define the type at module level, or without `from __future__ import annotations`",
        )
    ]


def test_a_wrapper_without_wraps_hides_the_signature():
    def wrapper(*args, **kwargs): ...

    assert [found for found, _, _ in faults_of(wrapper)] == [
        "wrapper(args): an argument of the kind variadic positional",
        "wrapper(kwargs): an argument of the kind variadic keyword",
    ]


def test_uploads_are_files():
    reader = sound(with_hint(UploadFile)).parameters[0].reader

    with pytest.raises(ValueError, match="Expected a file"):
        reader.read("text")

    file = object.__new__(UploadFile)
    assert reader.read(file) is file
    assert not reader.many
    assert sound(with_hint(list[UploadFile])).parameters[0].reader.many
