# The tricks are what this file is for, clean code is not.
# ruff: noqa: BLE001, E731, F402, N803, N806, N812, RET504, RET505, T201, UP018
"""Handlers that do nothing wrong, but look as if they did: none of them is warned of.

Every operation here answers a plain GET as declared; a test asks them all.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext, suppress
from functools import cache, partial, update_wrapper, wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Never

import anyio.lowlevel
from msgspec import Struct

import redirflow as rf
from redirflow import (
    App,
    Bearer,
    Conflict,
    CookieSpec,
    Depends,
    Forbidden,
    HeaderSpec,
    HTTPError,
    NotFound,
    Query,
    Redirect,
    Request,
    Reroute,
    Response,
    Router,
    Unauthorized,
    ValidationFailed,
    raises,
    redirects,
    reroutes,
    returns,
)

app = App()
YES = True
VALUES: dict[str, int] = {"one": 1}


class Thing(Struct):
    id: int


@app.get("/")
async def home(page: Query[int] = 1) -> int:
    return page


@app.get("/things/{thing_id}")
async def get_thing(thing_id: int) -> Thing:
    return Thing(thing_id)


class Taken(Conflict):
    """A kind of conflict."""


# --- helpers ---------------------------------------------------------------------------------


def find(number: int) -> int:
    if number == 1:
        raise NotFound
    return number


@app.get("/helper")
@raises(NotFound)
async def helper_raises() -> int:
    return find(1)


@app.get("/nested")
async def nested_function_raises_for_its_caller() -> int:
    def inner() -> int:
        raise NotFound("inside")

    try:
        return inner()
    except NotFound:
        return 0


@app.get("/unused")
async def nested_things_never_run() -> int:
    class Inner:
        def method(self) -> Never:
            raise NotFound

    async def task() -> Never:
        raise Redirect("//nowhere")

    make = lambda: Redirect("//nowhere")  # noqa: F841
    return len([Inner, task])


@app.get("/lambda")
@redirects(303, to=home)
async def redirect_made_by_a_lambda() -> Never:
    make = lambda: Redirect("/")
    raise make()


@app.get("/assigned")
@redirects(303, to=home)
async def redirect_in_a_variable() -> Redirect:
    there = Redirect("nowhere at all") if VALUES is None else Redirect.to(home)
    return there


HOME = Redirect.to(home)
GONE = NotFound("gone")


@app.get("/instance")
@redirects(303, to=home)
async def redirect_of_the_module() -> Never:
    raise HOME


@app.get("/error-instance")
@raises(NotFound)
async def error_of_the_module() -> Never:
    raise GONE


# --- decorators ------------------------------------------------------------------------------


def to_home(function: Any) -> Any:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except NotFound:
            raise Redirect.to(home) from None

    return wrapper


@app.get("/wrapped")
@redirects(303, to=home)
@to_home
async def error_that_a_decorator_turns_into_a_redirect() -> Never:
    raise NotFound


def number_only(function: Any) -> Any:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = await function(*args, **kwargs)
        return 0 if isinstance(result, Exception) else result

    return wrapper


@app.get("/replaced")
@number_only
async def result_that_a_decorator_replaces() -> int:
    return NotFound("this is looked at by the decorator")  # type: ignore[return-value]


def never_called(function: Any) -> Any:
    @wraps(function)
    async def wrapper() -> int:
        return 1

    return wrapper


@app.get("/out-of-order")
@never_called
async def handler_that_its_decorator_leaves_out() -> int:
    raise NotFound


def without_wraps(function: Any) -> Any:
    async def wrapper() -> int:
        with suppress(HTTPError):
            return await function()
        return 0

    return wrapper


@app.get("/without-wraps", name="without_wraps")
@without_wraps
async def decorated_without_wraps() -> int:
    raise NotFound


def gathering(function: Any) -> Any:
    @wraps(function)
    async def wrapper() -> int:
        work = function()
        results = await asyncio.gather(function(), work, return_exceptions=True)
        return len(results)

    return wrapper


@app.get("/gathered")
@gathering
async def decorated_by_what_awaits_it_elsewhere() -> int:
    raise NotFound


class Quietly:
    """A decorator that is an object."""

    def __init__(self, function: Any) -> None:
        self.function = function
        update_wrapper(self, function)

    async def __call__(self) -> int:
        try:
            return await self.function()
        except HTTPError:
            return 0


@app.get("/object-decorator")
@Quietly
async def decorated_by_an_object() -> int:
    raise NotFound


@app.get("/cached")
@raises(NotFound)
@cache
def cached() -> int:
    raise NotFound


# --- things that are called ------------------------------------------------------------------


class Controller:
    missing = NotFound

    def __init__(self, error: type[HTTPError]) -> None:
        self.error = error

    @raises(NotFound)
    async def show(self) -> int:
        raise self.error("gone")

    @raises(NotFound)
    async def edit(self) -> int:
        raise self.missing


controller = Controller(NotFound)
app.get("/method")(controller.show)
app.get("/method/edit")(controller.edit)


@app.route("/two-methods", methods=["GET", "DELETE"])
@redirects(303, to=home)
@redirects(307, to="*")
async def one_handler_for_two_methods() -> Never:
    raise Redirect("/", status_code=303) if VALUES else Redirect("/x", status_code=307)


async def configured(error: Any) -> int:
    raise error("no")


app.get("/partial", name="partial")(raises(NotFound)(partial(configured, error=NotFound)))


class Guard:
    def __init__(self, error: type[HTTPError]) -> None:
        self.error = error

    def __call__(self) -> None:
        raise self.error


@app.get("/callable", dependencies=[raises(Forbidden)(Guard(Forbidden))])
async def guarded_by_an_object() -> int:
    return 1


class Page:
    def __init__(self, page: Query[int] = 1) -> None:
        if page > 1000:
            raise NotFound
        self.page = page


@app.get("/class")
@raises(NotFound)
async def class_that_is_a_dependency(page: Annotated[Page, Depends(Page)]) -> int:
    return page.page


# --- names -----------------------------------------------------------------------------------

R = Redirect
Missing: type[HTTPError] = NotFound


@app.get("/alias")
@redirects(303, to=home)
async def alias_of_the_module() -> Never:
    raise R.to(home, page=2)


@app.get("/alias-of-an-error")
@raises(NotFound)
async def alias_of_an_error() -> Never:
    raise Missing("x")


@app.get("/local-alias")
@redirects(303, to=home)
async def local_alias() -> Never:
    Go = Redirect
    raise Go.to(home)


@app.get("/module")
@redirects(303, to=home)
@raises(rf.NotFound)
async def attribute_of_the_package() -> Never:
    if VALUES:
        raise rf.Redirect.to(home)
    raise rf.NotFound


def give_str() -> type[str]:
    return str


@app.get("/shadow/parameter")
async def shadowed_by_a_parameter(NotFound: Annotated[Any, Depends(give_str)]) -> str:
    return NotFound("x")


@app.get("/shadow/assignment")
async def shadowed_by_an_assignment() -> str:
    NotFound = str
    return NotFound("x")


@app.get("/shadow/comprehension")
async def shadowed_in_a_comprehension() -> list[str]:
    return [NotFound("x") for NotFound in (str,)]


@app.get("/shadow/walrus")
async def shadowed_by_a_walrus() -> str:
    return (NotFound := str)("x") + NotFound("y")


@app.get("/shadow/match")
async def shadowed_by_a_pattern() -> str:
    match str:
        case NotFound:
            return NotFound("x")


@app.get("/shadow/with")
async def shadowed_by_with() -> str:
    with nullcontext(str) as NotFound:
        return NotFound("x")


@app.get("/shadow/for")
async def shadowed_by_for() -> str:
    for NotFound in (str, int):
        return NotFound("x")
    return ""


@app.get("/shadow/except")
async def shadowed_by_except() -> str:
    try:
        raise KeyError("x")
    except KeyError as Redirect:
        return str(Redirect)


@app.get("/shadow/import")
async def shadowed_by_an_import() -> str:
    from builtins import str as NotFound

    return NotFound("x")


@app.get("/shadow/def")
async def shadowed_by_a_function() -> str:
    def NotFound(text: str) -> str:
        return text

    return NotFound("x")


@app.get("/shadow/class")
async def shadowed_by_a_class() -> str:
    class Redirect:
        def __new__(cls, text: str) -> Any:
            return text

    return Redirect("x")


Answer: Any = NotFound


class Private:
    @app.get("/shadow/private")
    @raises(Forbidden)
    @staticmethod
    async def name_that_is_mangled() -> Never:
        raise __Missing("x")


__Missing = NotFound
_Private__Missing = Forbidden


@app.get("/shadow/global")
async def shadowed_by_a_global() -> str:
    global Answer
    Answer = str
    return Answer("x")


@app.get("/shadow/global-elsewhere")
async def rebound_by_another_function() -> str:
    choose()
    return Choice("x")


Choice: Any = NotFound


def choose() -> None:
    global Choice
    Choice = str


def closure() -> Any:
    Kind: Any = NotFound

    def rebind() -> None:
        nonlocal Kind
        Kind = str

    async def rebound_in_a_closure() -> str:
        rebind()
        return Kind("x")

    return rebound_in_a_closure


app.get("/shadow/nonlocal")(closure())


def late_closure() -> Any:
    async def name_that_has_no_value_yet() -> str:
        return NotFound("x")

    app.get("/shadow/unbound")(name_that_has_no_value_yet)
    yield
    NotFound = str
    yield


LATE = late_closure()
next(LATE)
# At the time of the check the cell is empty; `answer_late` fills it.
answer_late = partial(next, LATE)


def factory(error: type[HTTPError], path: str) -> None:
    @app.get(path, name=f"made_{error.__name__}")
    @raises(error)
    async def made_by_a_factory() -> Never:
        raise error("no")


factory(NotFound, "/factory/404")
factory(Forbidden, "/factory/403")


# --- expressions -----------------------------------------------------------------------------


@app.get("/f-string")
@redirects(303, to=get_thing)
async def location_in_an_f_string() -> Never:
    raise Redirect(f"/things/{len(VALUES)}")


@app.get("/sum")
@redirects(303, to=get_thing)
async def location_that_is_computed() -> Never:
    raise Redirect("/things/" + "7")


@app.get("/conditional")
@raises(NotFound, Forbidden)
async def conditional_class() -> Never:
    raise (NotFound if VALUES else Forbidden)("no")


@app.get("/conditional-instance")
@raises(NotFound)
@redirects(303, to=home)
async def conditional_instance() -> Never:
    raise NotFound("no") if VALUES else Redirect.to(home)


ERRORS: dict[int, type[HTTPError]] = {404: NotFound}


@app.get("/conditional-unknown")
@raises(NotFound, Forbidden)
async def conditional_of_something_unknown() -> Never:
    raise (ERRORS[404] if VALUES else Forbidden)("no")


@app.get("/table")
@raises(NotFound)
async def class_from_a_table() -> Never:
    raise ERRORS[404]("no")


@app.get("/from")
@raises(NotFound)
async def raised_from_another() -> Never:
    try:
        VALUES["two"]
    except KeyError as error:
        raise NotFound("no") from error


@app.get("/bare")
@raises(NotFound)
async def raise_alone() -> int:
    try:
        return find(1)
    except NotFound:
        raise


@app.get("/walrus")
@raises(NotFound)
async def raised_through_a_walrus() -> Never:
    raise (error := NotFound("no")).with_traceback(None) if VALUES else error


@app.get("/status")
@redirects(303, to=home)
@redirects(307, to=home)
async def status_that_is_an_enum_member() -> Never:
    if VALUES:
        raise Redirect("/", status_code=HTTPStatus.SEE_OTHER)
    raise Redirect.to(home).with_status(HTTPStatus.TEMPORARY_REDIRECT)


@app.get("/status/none")
@redirects(307, to=home)
async def status_that_is_none() -> Never:
    raise Redirect("/", status_code=None)


@app.get("/status/computed")
@redirects(301, to=home)
@redirects(308, to=home)
async def status_that_is_computed() -> Never:
    status = 300 + 8
    raise Redirect("/").with_status(status)


EXTRA: dict[str, Any] = {"status_code": 308}
POSITIONAL = ("/",)


@app.get("/status/kwargs")
@redirects(301, to=home)
@redirects(308, to=home)
async def status_in_double_stars() -> Never:
    raise Redirect(*POSITIONAL, **EXTRA)


@app.get("/status/method")
@redirects(301, to=home)
@redirects(308, to=home)
async def status_by_keyword() -> Never:
    raise Redirect("/").with_status(status_code=308) if VALUES else Redirect("/").with_status(301)


@app.get("/to/kwargs")
@redirects(303, to=get_thing)
async def parameters_in_double_stars() -> Never:
    params = {"thing_id": 1}
    raise Redirect.to(get_thing, **params)


@app.get("/to/args")
@redirects(303, to=get_thing)
async def parameters_in_a_star() -> Never:
    params = (1,)
    raise Redirect.to(get_thing, *params)


@app.get("/to/all")
@redirects(303, to=get_thing)
async def target_in_a_star() -> Never:
    everything = (get_thing, 1)
    raise Redirect.to(*everything)


@app.get("/to/position")
@redirects(303, to=get_thing)
async def parameter_by_position() -> Never:
    raise Redirect.to(get_thing, 1)


@app.get("/to/name")
@redirects(303, to=get_thing)
async def target_by_name() -> Never:
    raise Redirect.to("get_thing", thing_id=len(VALUES))


@app.get("/to/variable")
@redirects(303, to=get_thing)
async def target_in_a_variable() -> Never:
    target = "get_" + "thing"
    raise Redirect.to(target, thing_id=1)


@app.get("/query")
@redirects(303, to=home)
@redirects(307, external="https://example.com")
async def query_and_fragment() -> Never:
    if not VALUES:
        raise Redirect("https://example.com", status_code=307).with_query(a=1).with_fragment("b")
    raise Redirect("").with_query(page=2) if VALUES == 0 else Redirect("/").with_fragment("top")


@app.get("/query/only")
@redirects(303, to="*")
async def location_that_is_a_query_only() -> Never:
    raise Redirect("").with_query(page=2)


@app.get("/chain")
@redirects(303, to=home, headers={"X-A": HeaderSpec(str)}, cookies={"a": CookieSpec()})
async def chain_of_copies() -> Redirect:
    return Redirect.to(home).with_headers({"X-A": "a"}).with_cookies({"a": "b"}).with_query(page=3)


class Home(Redirect):
    """A redirect that takes something else than a location."""

    __slots__ = ()

    def __init__(self, page: int) -> None:
        super().__init__("/", status_code=303 if page else 307)


class Status(Redirect):
    __slots__ = ()

    def with_status(self, status_code: int) -> Any:
        return super().with_status(300 + status_code)

    @classmethod
    def to(cls, target: Any, /, *args: Any, **params: Any) -> Any:
        return Redirect("/")


@app.get("/subclass")
@redirects(303, to=home)
@redirects(307, to=home)
async def redirect_of_a_class_of_its_own() -> Never:
    raise Home(0) if VALUES else Home(7)


@app.get("/subclass/method")
@redirects(303, to=home)
async def redirect_whose_methods_are_its_own() -> Never:
    raise Status("/").with_status(3) if VALUES else Status.to("nothing at all")


class Login(Redirect):
    """A redirect that is one by another name."""

    __slots__ = ()


SEE_HOME = redirects(303, to=home)


@app.get("/subclass/plain")
@SEE_HOME
async def redirect_by_another_name() -> Never:
    if VALUES:
        raise Login("/").with_query(page=2)
    raise Login.to(home)


@app.get("/local-class")
async def error_class_of_the_function() -> int:
    class Local(Exception):
        pass

    try:
        raise Local
    except Local:
        return 1


@app.get("/child")
@raises(Conflict)
async def child_of_a_declared_error() -> Never:
    raise Taken("a subclass is sent as the declared class")


class Strict(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return NotFound("made by the metaclass")


class Disguised(HTTPError, metaclass=Strict, status_code=418):
    pass


class Swapped(HTTPError, status_code=418):
    def __new__(cls, *args: Any) -> Any:
        return NotFound("made by __new__")


@app.get("/metaclass")
@raises(NotFound)
async def class_that_makes_something_else() -> Never:
    raise Disguised("no") if VALUES else Swapped("no")


# --- what keeps an exception in --------------------------------------------------------------


@app.get("/caught")
async def error_caught_here() -> int:
    try:
        raise NotFound("no")
    except HTTPError as error:
        return error.status_code


CAUGHT = (KeyError, NotFound)


@app.get("/caught/tuple")
async def error_caught_by_a_tuple_of_the_module() -> int:
    try:
        raise NotFound("no")
    except CAUGHT:
        return 1


@app.get("/caught/unknown")
async def error_caught_by_something_unknown() -> int:
    kinds = (NotFound,)
    try:
        raise NotFound("no")
    except kinds:
        return 1


@app.get("/caught/some")
@raises(Forbidden)
async def error_raised_again_sometimes() -> int:
    try:
        if VALUES:
            raise NotFound("no")
        raise Forbidden("no")
    except HTTPError as error:
        if error.status_code != 404:
            raise
        return 1


@app.get("/caught/outer")
async def error_raised_again_and_caught_outside() -> int:
    try:
        try:
            raise NotFound("no")
        except NotFound as error:
            print("seen")
            raise error
    except HTTPError:
        return 1


@app.get("/caught/unless")
async def error_raised_again_at_the_end_only() -> int:
    for _ in range(1):
        try:
            raise NotFound("no")
        except NotFound:
            if VALUES:
                continue
            raise
    return 1


@app.get("/caught/else")
@raises(NotFound)
async def error_raised_in_other_blocks() -> int:
    try:
        pass
    except NotFound:
        return 1
    else:
        raise NotFound("declared, and not caught")
    finally:
        print("done")


@app.get("/star")
async def caught_by_except_star() -> int:
    caught = 0
    try:
        raise NotFound("no")
    except* NotFound:
        caught = 1
    return caught


@app.get("/suppress")
async def suppressed() -> int:
    with suppress(KeyError, NotFound):
        raise NotFound("no")
    with contextlib.suppress(*CAUGHT):
        raise NotFound("no")
    return 1


class Swallowing:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *raised: object) -> bool:
        return True

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *raised: object) -> bool:
        return True


@contextlib.contextmanager
def to_forbidden() -> Iterator[None]:
    try:
        yield
    except NotFound:
        raise Forbidden("translated") from None


@app.get("/with")
@raises(Forbidden)
async def kept_in_by_context_managers() -> int:
    lock = Swallowing()
    with Swallowing():
        raise NotFound("no")
    async with lock, nullcontext():
        raise NotFound("no")
    with to_forbidden():
        raise NotFound("no")
    return 1


@app.get("/group")
@raises(NotFound)
async def alone_in_a_group() -> Never:
    raise ExceptionGroup("one", [NotFound("no")])


@app.get("/tasks")
@raises(NotFound)
async def raised_in_a_task() -> int:
    async def fail() -> None:
        raise NotFound("no")

    async with anyio.create_task_group() as group:
        group.start_soon(fail)
    return 1


# --- lines that are not reached --------------------------------------------------------------


@app.get("/unreached")
async def lines_that_are_not_reached() -> int:
    if TYPE_CHECKING:
        raise NotFound
    if not YES:
        raise NotFound
    while False:
        raise NotFound
    if YES:
        pass
    else:
        raise NotFound
    if 0:
        raise NotFound
    for number in (1, 2):
        if number == 1:
            continue
            raise NotFound
        break
        raise NotFound
    if VALUES:
        return 1
    else:
        return 2
    raise NotFound


@app.get("/unreached/loop")
async def line_after_an_endless_loop() -> int:
    while True:
        if VALUES:
            return 1
    raise NotFound


@app.get("/unreached/try")
async def line_after_a_try_that_returns() -> int:
    try:
        number = VALUES["two"]
    except KeyError:
        return 1
    else:
        return number
    raise NotFound


@app.get("/unreached/match")
async def line_after_a_match_that_returns() -> int:
    match VALUES:
        case {"two": number}:
            return number
        case _:
            return 1
    raise NotFound


# --- broad clauses ---------------------------------------------------------------------------


@app.get("/broad/first")
@redirects(303, to=home)
async def redirect_let_through_first() -> int:
    try:
        raise Redirect.to(home)
    except (Redirect, Reroute):
        raise
    except Exception:
        return 0


@app.get("/broad/asked")
@redirects(303, to=home)
async def broad_clause_that_asks() -> int:
    try:
        raise Redirect.to(home)
    except Exception as error:
        if isinstance(error, Redirect):
            raise
        return 0


@app.get("/broad/kept")
@redirects(303, to=home)
async def broad_clause_that_keeps_it_for_later() -> int:
    failure: Exception | None = None
    try:
        raise Redirect.to(home)
    except Exception as error:
        failure = error
    raise failure


class Collector:
    def __init__(self) -> None:
        self.errors: list[Exception] = []

    def error(self, error: Exception) -> None:
        self.errors.append(error)


@app.get("/broad/collected")
@redirects(303, to=home)
async def broad_clause_that_collects() -> int:
    collector = Collector()
    try:
        raise Redirect.to(home)
    except Exception as error:
        collector.error(error)
    raise collector.errors[0]


def handle(error: BaseException | None = None) -> Never:
    if error:
        raise error
    raise


@app.get("/broad/handed-on")
@redirects(303, to=home)
async def broad_clause_that_hands_it_on() -> int:
    try:
        raise Redirect.to(home)
    except Exception as error:
        print(handle(error))
        return 0


@app.get("/broad/hidden")
@redirects(303, to=home)
async def broad_clause_that_calls_someone() -> int:
    try:
        raise Redirect.to(home)
    except Exception:
        handle()


@app.get("/broad/wrapped")
@redirects(303, to=home)
async def broad_clause_that_raises_it_in_a_group() -> int:
    try:
        raise Redirect.to(home)
    except Exception as error:
        raise ExceptionGroup("one", [error]) from None


@app.get("/broad/returned")
@redirects(303, to=home)
async def broad_clause_that_returns_it() -> Redirect:
    try:
        raise Redirect.to(home)
    except Exception as error:
        return error  # type: ignore[return-value]


@app.get("/broad/meant")
async def broad_clause_that_means_it() -> int:
    try:
        raise Redirect("//nowhere")
    except (Redirect, Exception):
        return 1


@app.get("/broad/error")
async def broad_clause_around_an_error() -> int:
    try:
        raise NotFound("this may well be meant")
    except Exception:
        return 1


@app.get("/broad/elsewhere")
@redirects(303, to=home)
async def broad_clause_around_something_else() -> Never:
    try:
        VALUES["two"]
    except Exception:
        raise Redirect.to(home) from None


@app.get("/broad/inner")
async def redirect_caught_further_in() -> int:
    try:
        try:
            raise Redirect("/")
        except Redirect:
            return 1
    except Exception:
        return 0


# --- where it goes ---------------------------------------------------------------------------


@app.get("/rooted")
@redirects(303, to=home)
async def location_below_a_root_path() -> Never:
    if VALUES == 0:
        raise Redirect("/api/v1/?page=2")  # right where the app is mounted at /api/v1
    raise Redirect("/?page=2")


@app.get("/itself/{number}")
@redirects(303, to="itself")
async def itself(number: int, page: Query[int] = 1) -> int:
    if page == 1000:
        raise Redirect("?page=2")  # of this very path, whatever the number is
    return page


@app.get("/rooted/path")
@redirects(303, to="/openapi.json")
async def location_of_a_page_below_a_root_path() -> Never:
    if VALUES == 0:
        raise Redirect("/api/v1/openapi.json")
    raise Redirect("/openapi.json")


@app.get("/several")
@redirects(303, to=home)
@redirects(303, external="https://example.com")
@redirects(307, to="*")
async def several_specs_of_a_status() -> Never:
    if VALUES:
        raise Redirect("https://example.com/a")
    raise Redirect("/anywhere", status_code=307)


async def twice() -> int:
    return 2


app.get("/twice/a", name="twice_a")(twice)
app.get("/twice/b", name="twice_b")(twice)


@app.get("/twice")
@redirects(303, to="twice_a")
async def handler_that_is_registered_twice() -> Never:
    raise Redirect.to("twice_a")


@app.get("/names/{name}")
async def get_name(name: str) -> str:
    return name


@app.get("/names/latest")
async def latest_name() -> str:
    return "Zoe"


@app.get("/reroute")
@reroutes(to=latest_name)
async def reroute_to_where_another_operation_answers() -> Never:
    name = "late" + "st"
    if not VALUES:
        raise Reroute.to(get_name, name="latest")
    raise Reroute.to(get_name, name=name)


@app.get("/reroute/path")
@reroutes(to=(home, get_thing))
async def reroute_to_a_path() -> Never:
    if VALUES:
        raise Reroute("/?page=2")
    raise Reroute(path=f"/things/{len(VALUES)}") if VALUES else Reroute.to("get_thing", thing_id=1)


REST = Router()


@REST.get("/rest/{rest:path}")
async def rest_of_a_path(rest: str) -> str:
    return rest


@REST.get("/reroute/rest")
@reroutes(to=rest_of_a_path)
async def reroute_that_may_match_the_rest() -> Never:
    one = 1
    if not VALUES:
        raise Reroute.to(get_rest, one=one)
    raise Reroute("/rest/a/b")


@REST.get("/rest/{one}/two")
async def get_rest(one: int) -> int:
    return one


app.include_router(REST)


# --- responses -------------------------------------------------------------------------------


@app.get("/response")
@returns(int, status_code=200)
@returns(int, status_code=202)
async def response_with_a_computed_status() -> Response[int]:
    status = 200 + 2
    return Response(1, status_code=status)


@app.get("/response/generic")
@returns(int, status_code=203)
async def response_of_a_generic_class() -> Response[int]:
    return Response[int](1, status_code=HTTPStatus.NON_AUTHORITATIVE_INFORMATION)


@app.get("/response/redirect")
@redirects(302, to=(home, get_thing))
async def response_that_redirects() -> Response[None]:
    if not VALUES:
        return Response(status_code=302, headers={"location": Redirect.to(get_thing, thing_id=1)})
    return Response(status_code=302, headers={"Location": "/"})


@app.get("/response/headers")
@redirects(302, to=home)
async def response_with_computed_headers() -> Response[None]:
    headers = {"Location": "/"}
    if VALUES:
        return Response(status_code=302, headers=headers)
    return Response(status_code=302, headers={**headers, "X": "y"})


@app.get("/response/location")
@returns(Thing, status_code=201, location=get_thing)
async def redirect_that_is_a_location() -> Response[Thing]:
    there = Redirect.to(get_thing, thing_id=1)
    return Response(Thing(1), status_code=201, headers={"Location": there})


def make_redirect() -> Redirect:
    return Redirect.to("home")


def make_error() -> HTTPError:
    return NotFound("data")


@app.get("/response/injected")
@redirects(303, to=home)
async def redirect_made_by_a_dependency(
    there: Annotated[Redirect, Depends(make_redirect)],
    error: Annotated[HTTPError, Depends(make_error)],
) -> Redirect:
    return there


PREPARED: dict[str, Redirect] = {"home": HOME}


@app.get("/response/prepared")
@redirects(303, to=home)
async def redirect_from_a_table() -> Redirect | int:
    return PREPARED["home"]


# --- generators and streams ------------------------------------------------------------------


def settle() -> Iterator[int]:
    yield 1
    if VALUES == 0:
        raise Redirect.to(home)  # judged by the specs of the handler, when the answer is made
    raise Conflict("the commit failed")


@app.get("/generator")
@redirects(303, to=home)
@raises(Conflict)
async def error_after_the_yield(value: Annotated[int, Depends(settle)]) -> int:
    return value


async def session() -> AsyncIterator[int]:
    try:
        yield 1
    except Exception:
        print("rolled back")
    finally:
        print("closed")


@app.get("/session")
async def broad_clause_around_a_yield(value: Annotated[int, Depends(session)]) -> int:
    return value


@app.get("/stream")
@raises(NotFound)
async def stream() -> AsyncIterator[int]:
    if not VALUES:
        raise NotFound
    yield 1


@app.get("/sync")
@redirects(303, to=home)
@raises(NotFound)
def sync_handler() -> int:
    if VALUES:
        raise Redirect.to(home)
    raise NotFound


# --- who else declares it, or may raise it ---------------------------------------------------


@app.get("/on")
@raises(Conflict, on=KeyError)
async def foreign_exception() -> int:
    return VALUES["two"]


strict = Router(prefix="/strict", raises=[Forbidden])
whole = App(raises=[NotFound])


@strict.get("/router")
async def error_that_the_router_declares() -> Never:
    raise Forbidden


app.include_router(strict)


@whole.get("/app")
async def error_that_the_app_declares() -> Never:
    raise NotFound


@app.get("/implied")
async def error_that_the_inputs_imply(limit: Query[int] = 3) -> int:
    raise ValidationFailed(f"{limit} is too little")


@app.get("/scheme")
async def error_that_the_scheme_implies(token: Annotated[str, Bearer()]) -> int:
    raise Unauthorized


@raises(Forbidden)
def declares_for_others() -> int:
    return 1


def raises_undeclared(number: Annotated[int, Depends(declares_for_others)]) -> int:
    if number > 1:
        raise NotFound
    return number


@app.get("/union")
@raises(NotFound)
async def errors_of_the_whole_operation(
    value: Annotated[int, Depends(raises_undeclared)],
) -> int:
    if value == 1:
        raise Forbidden
    return value


@app.get("/union/other")
@raises(NotFound)
async def same_dependency_again(value: Annotated[int, Depends(raises_undeclared)]) -> int:
    return value


@app.get("/explicit")
@raises(ValidationFailed, rf.InternalServerError)
async def what_the_framework_raises_is_declared_too() -> int:
    return 1


@app.get("/stub")
@raises(NotFound)
@redirects(303, to=home)
async def stub() -> None:
    """To be written."""


@app.get("/stub/short")
@raises(NotFound)
async def short_stub() -> None: ...


@app.get("/stub/raising")
@raises(NotFound)
@redirects(303, to=home)
async def stub_that_raises(kind: Query[int] = 1) -> int:
    if kind == 1:
        return kind
    raise NotImplementedError


# --- code that is not seen -------------------------------------------------------------------


class Users(dict[int, str]):
    def __missing__(self, key: int) -> Never:
        raise NotFound(f"no user {key}")


class Session:
    @property
    def user(self) -> Never:
        raise Forbidden

    def __eq__(self, other: object) -> bool:
        raise Conflict

    def __iter__(self) -> Iterator[int]:
        raise rf.Gone

    def __add__(self, other: int) -> int:
        raise rf.Locked

    def __format__(self, spec: str) -> str:
        raise rf.BadGateway

    __hash__ = None  # type: ignore[assignment]


USERS = Users()
SESSION = Session()


@app.get("/unseen/index")
@raises(NotFound)
async def raised_by_an_index() -> str:
    return USERS[1]


@app.get("/unseen/attribute")
@raises(Forbidden)
async def raised_by_a_property() -> str:
    return SESSION.user


@app.get("/unseen/operator")
@raises(Conflict)
async def raised_by_an_operator() -> bool:
    return SESSION == 1


@app.get("/unseen/loop")
@raises(rf.Gone)
async def raised_by_a_loop() -> list[int]:
    return [each for each in SESSION]  # noqa: C416


@app.get("/unseen/sum")
@raises(rf.Locked)
async def raised_by_a_sum() -> int:
    return SESSION + 1


class Unreadable(HTTPError, status_code=418):
    pass


class Moody(HTTPError, status_code=409):
    def __init__(self) -> None:
        raise Unreadable("before it is made")


@app.get("/unseen/init")
@raises(Moody, Unreadable)
async def raised_while_an_error_is_made() -> Never:
    raise Moody


@app.get("/unseen/init/redirect")
@redirects(303, to=home)
@raises(Moody, Unreadable)
async def raised_while_an_error_is_made_by_a_call() -> Never:
    if VALUES:
        raise Moody()
    raise Redirect("/")


@app.get("/unseen/await")
@raises(NotFound)
@redirects(303, to=home)
async def raised_by_what_is_awaited(request: Request) -> int:
    await anyio.lowlevel.checkpoint()
    return find(len(await request.body()) + 1)


@app.get("/unseen/parameter")
@raises(Conflict)
async def raised_by_a_parameter(value: Annotated[Any, Depends(Session)]) -> bool:
    return value != 1


@app.get("/unseen/mention")
@raises(NotFound, Forbidden)
@redirects(303, to=home)
async def classes_that_are_only_mentioned() -> int:
    kinds = [NotFound, rf.Forbidden, Redirect]
    if len(VALUES) > 7:
        raise kinds
    return 1


class Filters(Struct):
    page: int = 1

    def __post_init__(self) -> None:
        raise Conflict


@app.get("/unseen/struct")
@raises(Conflict)
async def raised_while_a_struct_is_made(filters: Query[Filters]) -> int:
    return 1


LOCK = threading.Lock()


@app.get("/lock")
@raises(NotFound)
def lock_lets_it_pass() -> Never:
    with LOCK:
        raise NotFound


# --- what is made, and raised or used elsewhere ----------------------------------------------


class Counted(Conflict):
    """It can be counted."""

    def count(self) -> None:
        VALUES["conflicts"] = 1


PROBLEMS: list[Exception] = []


@app.get("/made/used")
@raises(NotFound, Conflict)
async def errors_that_are_used() -> int:
    error: NotFound = NotFound("noted")
    PROBLEMS.append(NotFound("noted"))
    Counted("counted").count()
    str(Redirect("/"))
    _ = Conflict("named")
    Response(1)
    lambda: NotFound("made later")
    [Conflict("in a list")]
    return len(error.args)


@app.get("/made/shadowed")
async def name_that_means_something_else() -> int:
    def Conflict(text: str) -> None:
        PROBLEMS.append(KeyError(text))

    Conflict("this is no error")
    return 1


@app.get("/made/unreached")
async def made_where_nothing_is_reached() -> int:
    if TYPE_CHECKING:
        NotFound("never")
    while True:
        if VALUES:
            return 1
            NotFound("never either")


# --- links -----------------------------------------------------------------------------------


class Elsewhere:
    """It has links of its own."""

    def url_for(self, *names: str, **params: object) -> str:
        return f"/{len(names)}/{len(params)}"


SITE = Elsewhere()
ARGS: tuple[Any, ...] = (home,)
PARAMS: dict[str, Any] = {"thing_id": 1}


@app.get("/links")
async def links_that_are_right(request: Request) -> list[str]:
    number, name = 1, "get_thing"
    return [
        request.url_for("home"),
        request.url_for(home, page=2),
        request.url_for(get_thing, thing_id=number),
        request.url_for(name, thing_id=number),
        request.url_for(get_thing, **PARAMS),
        request.url_for(*ARGS),
        request.url_for(home, *ARGS[1:]),
        request.url_for(links_that_are_right),
        *(request.url_for(get_thing, thing_id=each) for each in range(3)),
    ]


@app.get("/links/elsewhere")
async def links_of_something_else(request: Request) -> list[str]:
    request, here = Elsewhere(), request  # type: ignore[assignment]
    return [request.url_for("nothing", id=1), SITE.url_for("nothing"), here.path]


@app.get("/links/argument")
async def links_of_an_argument(
    request: Request, site: Annotated[Elsewhere, Depends(Elsewhere)]
) -> list[str]:
    def change() -> None:
        nonlocal request
        request = Elsewhere()  # type: ignore[assignment]

    change()
    return [site.url_for("nothing"), request.url_for("nothing")]


@app.get("/links/bound")
async def link_of_what_is_bound_by_a_pattern(request: Request) -> str:
    match {"site": SITE}:
        case {"site": request}:  # type: ignore[misc]
            pass
    return request.url_for("nothing")


@app.get("/links/tried")
async def links_that_are_tried(request: Request) -> str:
    try:
        return request.url_for("nothing")
    except LookupError:
        pass
    with suppress(ValueError):
        request.url_for(get_thing)
    try:
        return request.url_for(get_thing, 1)  # type: ignore[call-arg]
    except TypeError:
        return ""


@app.get("/links/later")
async def links_that_are_never_made(request: Request) -> int:
    def link() -> str:
        return request.url_for("nothing")

    if TYPE_CHECKING:
        request.url_for("nothing")
    return len([link, lambda: request.url_for("nothing")])


def linking(function: Any) -> Any:
    request = SITE

    @wraps(function)
    async def wrapper(**kwargs: Any) -> Any:
        VALUES["links"] = len(request.url_for("nothing"))
        return await function(**kwargs)

    return wrapper


@app.get("/links/wrapped")
@linking
async def links_of_a_wrapper(request: Request) -> str:
    return request.url_for("home")


# --- source that is hard to read -------------------------------------------------------------

made: dict[str, Any] = {"app": app, "NotFound": NotFound}
exec(
    "@app.get('/exec')\nasync def from_a_text() -> int:\n    return str(NotFound)[:0] or 1\n", made
)


@app.get("/größe")
@raises(
    NotFound,
    Forbidden,
)
async def größe(
    länge: Annotated[
        int,
        "ünïcödé",
    ] = 1,
) -> str:
    """An emoji: 🦊."""
    if länge == 2:
        raise NotFound(
            """over
several lines"""
        )
    raise Forbidden(f"ß{länge}")
