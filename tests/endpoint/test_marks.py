"""What looks like a mark and is none, and defaults that no client may send: told at start-up."""

import re
from collections.abc import Sequence, Set
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, NamedTuple, NewType, TypedDict

import annotated_types
import pydantic
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType, field

from redirflow import (
    Alias,
    APIKey,
    App,
    Basic,
    Bearer,
    Body,
    Cookie,
    Depends,
    Form,
    Header,
    LocalURL,
    Query,
    Request,
    SpecError,
    UploadFile,
)
from redirflow.endpoint.marks import refuse_strays
from redirflow.testing import TestClient


class Item(Struct):
    name: str


class Bad(Struct):
    limit: Annotated[int, Meta(ge=1)] = 0


class Guarded(Struct):
    token: Annotated[str, Bearer()]


class Nested(Struct):
    inner: list[Bad] = []


class Filed(Struct):
    file: UploadFile


class Letter(Enum):
    A = "a"


class Digit(IntEnum):
    ONE = 1


class Name(StrEnum):
    A = "a"


class Slug(str):
    __slots__ = ()


class Pair(NamedTuple):
    left: int
    right: Letter


class Keys(TypedDict):
    a: int


ONE = Decimal(1)
PRICE = Annotated[Decimal, Meta(title="Price")]
ONE_AND_B = "a: tuple[int, str] = (1, 'b')"


class Limits:
    """A dependency that nobody can hash."""

    __hash__ = None

    def __call__(self) -> int: ...

    def __repr__(self):
        return "<Limits>"


LIMITS = Limits()


def current_user() -> str:
    return "me"


def handler_of(hint, default=...):
    def handler(a): ...

    handler.__annotations__ = {"a": hint, "return": None}
    handler.__defaults__ = None if default is ... else (default,)
    return handler


def fault_of(handler, method="POST"):
    """The one fault: what was found, and what to write."""
    app = App()
    app.route("/", methods=[method])(handler)
    with pytest.raises(SpecError) as caught:
        app.compile()
    (fault,) = caught.value.faults

    assert fault.place.line == handler.__code__.co_firstlineno
    return fault.found, fault.write


@pytest.mark.parametrize(
    ("hint", "found", "write"),
    [
        (Annotated[str, Bearer], "Bearer stands in Annotated, and does nothing", "Bearer()"),
        (Annotated[str, Basic], "Basic stands in Annotated, and does nothing", "Basic()"),
        (
            Annotated[str, APIKey],
            "APIKey stands in Annotated, and does nothing",
            'APIKey(header="X-API-Key")',
        ),
        (
            Annotated[Item, Depends],
            "Depends stands in Annotated, and does nothing",
            "Depends(current_user)",
        ),
        (Annotated[int, Alias], "Alias stands in Annotated, and does nothing", 'Alias("x-name")'),
        (Annotated[int, Meta], "Meta stands in Annotated, and does nothing", "Meta(ge=1)"),
        (
            Annotated[Item, current_user],
            "current_user stands in Annotated, and does nothing",
            "Depends(current_user)",
        ),
        (Annotated[Item, Item], "Item stands in Annotated, and does nothing", "Depends(Item)"),
        (Annotated[int, Query], "Query stands beside its type", "Query[int]"),
        (Annotated[Item, Form], "Form stands beside its type", "Form[int]"),
        (
            Annotated[int, annotated_types.Ge(1)],
            "Ge(ge=1) is not known here",
            "Meta(ge=1)",
        ),
        (
            Annotated[int, pydantic.Field(ge=1)],
            f"{pydantic.Field(ge=1)!r} is not known here",
            "Meta(ge=1)",
        ),
        (Annotated[str, Bearer()] | None, "a mark inside of {}", "Header[str | None]"),
        (Annotated[str, Bearer] | None, "a mark inside of {}", "Header[str | None]"),
        (list[Annotated[int, Query]], "a mark inside of {}", "Header[str | None]"),
        (
            Annotated[int, LIMITS],
            "<Limits> stands in Annotated, and does nothing",
            "Depends(<Limits>)",
        ),
        (Header[str] | None, "a mark inside of {}", "Header[str | None]"),
        (Query[list[Annotated[str, Alias("x")]]], "a mark inside of {}", "Header[str | None]"),
        (
            Query[Guarded],
            "Bearer(scopes=(), name='bearer', format=None) in a field of a Struct",
            "",
        ),
    ],
)
def test_marks_that_would_do_nothing(hint, found, write):
    assert fault_of(handler_of(hint)) == (f"handler(a): {found.format(hint)}", write)


@pytest.mark.parametrize(
    "hint", [Annotated[int, "seconds"], Annotated[int, 5, Meta(ge=1)], Query[Annotated[int, "doc"]]]
)
def test_other_notes_are_left_alone(hint):
    app = App()
    app.post("/")(handler_of(hint))
    app.compile()


def test_a_mark_behind_a_type_statement_counts():
    typing_extensions = pytest.importorskip("typing_extensions")
    token = typing_extensions.TypeAliasType("token", Annotated[str, Bearer()])
    app = App()
    app.post("/")(handler_of(token))

    assert app.openapi()["paths"]["/"]["post"]["security"] == [{"bearer": []}]
    assert "a mark inside" in fault_of(handler_of(token | None))[0]


class Tree:
    """What `type Tree = list[Tree]` makes."""

    @property
    def __value__(self):
        return list[self]


def test_a_type_statement_may_mean_itself():
    assert refuse_strays(list[Tree()], []) is None


@pytest.mark.parametrize(
    "hint",
    [
        Query[UploadFile],
        Header[list[UploadFile]],
        Cookie[UploadFile | None],
        Body[UploadFile],
    ],
)
def test_files_come_from_forms(hint):
    assert fault_of(handler_of(hint)) == (
        "handler(a): a file that comes from no form",
        "a: UploadFile",
    )


def test_no_file_in_the_path():
    app = App()

    @app.post("/{a}")
    def handler(a: UploadFile) -> None: ...

    with pytest.raises(SpecError, match="a file that comes from no form"):
        app.compile()


@pytest.mark.parametrize("hint", [Form[int], Form[Item], UploadFile])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_form_without_a_body(hint, method):
    name = "name" if hint == Form[Item] else "a"

    assert fault_of(handler_of(hint), method) == (
        f"handler({name}): it comes from a form, but {method} / has no body",
        "@app.post('/')",
    )


def test_no_form_beside_a_body():
    def csrf(token: Form[str]) -> None: ...

    def handler(a: Item, user: Annotated[None, Depends(csrf)]) -> None: ...

    app = App()
    app.post("/")(handler)
    with pytest.raises(SpecError) as caught:
        app.compile()

    (fault,) = caught.value.faults
    assert fault.found == "csrf(token): it comes from a form, but a is the body already"
    assert fault.write == "a: Form[...], or token as its field"


async def reading_body(a: Form[int], request: Request) -> None:
    await request.body()


async def reading_headers(a: Form[int], request: Request) -> None:
    _ = request.headers


async def handing_on(a: Form[int], request: Request) -> None:
    _ = [request]


async def keeping(a: Form[int], request: Request) -> None:
    _ = [lambda: request]


@pytest.mark.parametrize("handler", [reading_headers, handing_on, keeping, reading_body])
def test_no_form_beside_the_body_itself(handler):
    """Of a multipart form nothing would be left: a 500 by the client's Content-Type."""
    app = App()
    app.post("/")(handler)
    if handler is not reading_body:
        app.compile()
        return

    with pytest.raises(SpecError) as caught:
        app.compile()

    (fault,) = caught.value.faults
    assert fault.found == (
        "reading_body reads a form, and request.body(), which a multipart form leaves nothing to"
    )


@pytest.mark.parametrize("scheme", [Bearer, Basic, APIKey])
def test_the_class_of_a_scheme_is_no_dependency(scheme):
    """Called as one, it would be made of query parameters, and let everybody in."""
    with pytest.raises(SpecError) as caught:
        Depends(scheme)

    assert caught.value.faults[0].write == f"Annotated[str, {scheme.__name__}()]"


def test_a_marker_is_not_called():
    """`limit: int = Query(20)` is how other frameworks say it."""
    with pytest.raises(SpecError) as caught:
        Query(20, ge=1, le=100, description="How many")

    (fault,) = caught.value.faults
    assert fault.found == (
        "Query(20, ge=1, le=100, description='How many'): a marker takes a type, in brackets"
    )
    assert fault.write == (
        "limit: Query[Annotated[int, Meta(ge=1, le=100, description='How many')]] = 20"
    )


@pytest.mark.parametrize(
    ("call", "write"),
    [
        (lambda: Query(), "Query[int]"),
        (lambda: Query(...), "Query[int]"),
        (lambda: Query(ge=1), "Query[Annotated[int, Meta(ge=1)]]"),
        (lambda: Query(..., multiple_of=5), "Query[Annotated[int, Meta(multiple_of=5)]]"),
        (lambda: Query(default=None, gt=0), "Query[Annotated[int, Meta(gt=0)] | None] = None"),
        (lambda: Query("a", max_length=3), "Query[Annotated[str, Meta(max_length=3)]] = 'a'"),
        (
            lambda: Query(None, regex="^a"),
            "Query[Annotated[str, Meta(pattern='^a')] | None] = None",
        ),
        (lambda: Query([1], min_length=1), "Query[Annotated[list, Meta(min_length=1)]] = [1]"),
        (lambda: Query([], title="Tags"), "Query[Annotated[list, Meta(title='Tags')]] = []"),
        (lambda: Header(alias="X-Y"), "Header[Annotated[int, Alias('X-Y')]]"),
        (
            lambda: Cookie(lt=5, alias="c"),
            "Cookie[Annotated[Annotated[int, Meta(lt=5)], Alias('c')]]",
        ),
        (lambda: Query(True, include_in_schema=False), "Query[bool] = True"),
        (lambda: Body(embed=True), "Body[int]"),
    ],
)
def test_what_stands_for_a_called_marker(call, write):
    """With the constraints and the name, which are given otherwise here; and it works."""
    with pytest.raises(SpecError) as caught:
        call()

    (fault,) = caught.value.faults
    assert fault.write == f"limit: {write}"
    scope = {**globals()}
    exec(f"def handler({fault.write}) -> int: ...", scope)
    app = App()
    app.post("/")(scope["handler"])
    app.compile()


@pytest.mark.parametrize(
    ("hint", "default", "said", "write"),
    [
        (Annotated[int, Meta(ge=1)], 0, "Expected `int` >= 1", ""),
        (Header[Annotated[str, Meta(max_length=2)]], "abc", "Expected `str` of length <= 2", ""),
        (int, "7", "Expected `int`, got `str`", ""),
        (list[int], ["a"], "Expected `int`, got `str` - at `$[0]`", ""),
        (int, None, "Expected `int`, got `null`", "a: int | None = None"),
        (LocalURL, "//evil.test", "Expected `str` matching regex", ""),
        (UploadFile, None, "Expected a file", "a: UploadFile | None = None"),
        (int, Query, "Expected `int`, got `object`", ""),
        (Item, 5, "Expected `object`, got `int`", ""),
        (Letter, "a", "Expected `Letter`, got `str`", "a: Letter = Letter.A"),
        (Digit, 1, "Expected `Digit`, got `int`", "a: Digit = Digit.ONE"),
        (str, Letter.A, "Expected `str`, got `Letter`", "a: str = 'a'"),
        (list[int], {1, 2}, "Expected `list[int]`, got `set`", "a: list[int] = [1, 2]"),
        (Body[tuple[int, str]], [1, "b"], "Expected `tuple[int, str]`, got `list`", ONE_AND_B),
        (list[Letter], ["a"], f"Expected `{list[Letter]}`, got", f"a: {list[Letter]} = [Letter.A]"),
        (Letter | None, "a", f"Expected `{Letter | None}`, got", f"a: {Letter | None} = Letter.A"),
        (PRICE, 1, f"Expected `{PRICE}`", f"a: {PRICE} = {ONE!r}"),
        (Body[dict[str, int]], [], "Expected `object`, got `array`", ""),
        (Item, {"name": "x"}, "Expected `Item`, got `dict`", "a: Item = Item(name='x')"),
        (int, UNSET, "Expected `int`, got `msgspec.UnsetType`", "a: int | UnsetType = UNSET"),
    ],
)
def test_defaults_that_break_their_type(hint, default, said, write):
    found, remedy = fault_of(handler_of(hint, default))

    assert found.startswith(f"handler(a): the default {default!r} of a is not of its type: {said}")
    assert remedy == write


@pytest.mark.parametrize("hint", [list[int], list[int] | None, Annotated[list, Meta(min_length=1)]])
def test_a_tuple_as_the_default_of_a_list_is_a_list(hint):
    """Linters like it better than a list, which the next call could find changed."""
    app, seen = App(), []

    @app.get("/")
    async def handler(a: Query[hint] = (1, 2)) -> None:
        seen.append([*a])
        a.append(3)

    for _ in range(2):
        TestClient(app).get("/")

    assert seen == [[1, 2], [1, 2]]
    assert app.openapi()["paths"]["/"]["get"]["parameters"][0]["schema"]["default"] == [1, 2]


def test_a_default_too_long_to_be_written():
    """Python refuses to write integers of more than some thousand digits."""
    found, _ = fault_of(handler_of(Annotated[int, Meta(le=5)], 10**5000))

    assert re.search(r"the default <int object at \w+> of a is not .*: Expected `int` <= 5$", found)
    test_defaults_that_hold(int, 10**5000)


@pytest.mark.parametrize("hint", [Bad, list[Bad], Nested, Query[Bad], Form[Bad]])
def test_defaults_of_fields(hint):
    found, _ = fault_of(handler_of(hint))

    assert found == (
        "handler(a): the default 0 of Bad.limit is not of its type: Expected `int` >= 1"
    )


class Fine(Struct):
    made: list[str] = field(default_factory=list)
    missing: str | UnsetType = UNSET
    none: int | None = None
    item: Item = field(default_factory=lambda: Item("x"))


@pytest.mark.parametrize(
    ("hint", "default"),
    [
        (Fine, ...),
        (Any, object()),
        (Item, Item("x")),
        (Item | None, None),
        (Annotated[int, Meta(ge=0)] | None, None),
        (UploadFile | None, None),
        (float, 1),
        (float | None, 1),
        (list[float], [1, 2.5]),
        (Letter, Letter.A),
        (Literal["a", 1], 1),
        (Letter | int, 1),
        (str, Name.A),
        (str, Slug("a")),
        (list, ["a"]),
        (list[Letter], [Letter.A]),
        (Sequence[Letter], (Letter.A,)),
        (Set[str], frozenset({"a"})),
        (tuple[int, ...], (1, 2)),
        (Body[tuple[int, Letter]], (1, Letter.A)),
        (Body[dict[str, Letter]], {"a": Letter.A}),
        (Body[Pair], Pair(1, Letter.A)),
        (Body[Keys], {"a": 1}),
        (NewType("UserId", int), 1),
        (datetime, datetime(2026, 1, 1, tzinfo=UTC)),
        (Decimal, Decimal(1)),
    ],
)
def test_defaults_that_hold(hint, default):
    app = App()
    app.post("/")(handler_of(hint, default))
    app.compile()


def test_the_request_needs_no_default():
    app = App()
    app.get("/")(handler_of(Request))
    app.compile()
