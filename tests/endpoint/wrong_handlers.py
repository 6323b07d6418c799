# Mistakes are what this file is for.
# ruff: noqa: ASYNC230, B018, BLE001, E501, SIM117, T201
"""Handlers that do what they do not declare.

Above a line that is warned of stands what is told of it, each warning after `# warns: `, its
further lines as comments that are indented; `{above}` is the last line above. Whoever is not
under `/unsent` or `/swallowed` answers a plain GET with a 500: the warning is right.
"""

import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial, wraps
from http import HTTPStatus
from typing import Annotated, Any, Never

import anyio
from msgspec import Struct

import redirflow as rf
from redirflow import (
    App,
    Conflict,
    Depends,
    Forbidden,
    HTTPError,
    NotFound,
    Query,
    Redirect,
    Request,
    Reroute,
    Response,
    Router,
    raises,
    redirects,
    reroutes,
    returns,
)

VALUES: dict[str, int] = {"one": 1}
LOG = logging.getLogger(__name__)


class Thing(Struct):
    id: int


class Taken(Conflict):
    """Another one has it."""


class Teapot(HTTPError, status_code=418):
    """It is short and stout."""


async def helper() -> int:
    return 1


def guard() -> None:
    # warns: guard raises Forbidden (403), which is not declared
    #     write: @raises(Forbidden)
    raise Forbidden


app = App()
guarded = Router(prefix="/guarded", dependencies=[guard])


@app.get("/")
async def home(page: Query[int] = 1) -> int:
    return page


@app.get("/things/{thing_id}")
async def get_thing(thing_id: int) -> Thing:
    return Thing(thing_id)


@app.get("/things/{thing_id}/parts")
async def longer(thing_id: int) -> int:
    return thing_id


async def twice() -> int:
    return 2


app.get("/twice/a", name="twice_a")(twice)
app.get("/twice/b", name="twice_b")(twice)


# --- errors ----------------------------------------------------------------------------------


@app.get("/error")
async def undeclared() -> int:
    # warns: undeclared raises NotFound (404), which is not declared
    #     write: @raises(NotFound)
    raise NotFound("no")


@app.get("/error/class")
# warns: undeclared_class declares Conflict, but no line of it raises it
@raises(Conflict)
async def undeclared_class() -> Never:
    # warns: undeclared_class raises NotFound (404), which is not declared
    #     write: @raises(NotFound)
    raise NotFound


@app.get("/error/attribute")
async def undeclared_attribute() -> int:
    # warns: undeclared_attribute raises Gone (410), which is not declared
    #     write: @raises(Gone)
    raise rf.Gone("no")


@app.get("/error/conditional")
async def undeclared_alternatives() -> int:
    # warns: undeclared_alternatives raises NotFound (404), which is not declared
    #     write: @raises(NotFound)
    # warns: undeclared_alternatives raises Conflict (409), which is not declared
    #     write: @raises(Conflict)
    raise (NotFound if VALUES else Conflict)("no") from KeyError()


@app.get("/error/chain")
async def undeclared_copy() -> int:
    # warns: undeclared_copy raises NotFound (404), which is not declared
    #     write: @raises(NotFound)
    raise NotFound("no").with_headers({}).with_traceback(None)


@app.get("/error/child")
# warns: parent_of_a_declared_error declares Taken, but no line of it raises it
@raises(Taken)
async def parent_of_a_declared_error() -> Never:
    # warns: parent_of_a_declared_error raises Conflict (409), which is not declared
    #     write: @raises(Conflict)
    raise Conflict("a subclass is declared, this one is not")


@app.get("/error/teapot")
async def error_of_the_author() -> int:
    # warns: error_of_the_author raises Teapot (418), which is not declared
    #     write: @raises(Teapot)
    raise Teapot(
        "no",
    )


def factory(error: type[HTTPError]) -> Any:
    async def made_by_a_factory() -> int:
        # warns: made_by_a_factory raises Conflict (409), which is not declared
        #     write: @raises(Conflict)
        raise error

    return made_by_a_factory


app.get("/error/factory")(factory(Conflict))


class Controller:
    async def show(self) -> int:
        # warns: Controller.show raises NotFound (404), which is not declared
        #     write: @raises(NotFound)
        raise NotFound


app.get("/error/method")(Controller().show)


async def configured(error: Any) -> int:
    # warns: configured raises NotFound (404), which is not declared
    #     write: @raises(NotFound)
    raise NotFound(error)


app.get("/error/partial", name="partial")(partial(configured, error="no"))


class Guard:
    def __call__(self) -> None:
        # warns: Guard.__call__ raises NotFound (404), which is not declared
        #     write: @raises(NotFound)
        raise NotFound


@app.get("/error/callable", dependencies=[Guard()])
async def guarded_by_an_object() -> int:
    return 1


class Page:
    def __init__(self, page: Query[int] = 1) -> None:
        if page < 1000:
            # warns: Page.__init__ raises NotFound (404), which is not declared
            #     write: @raises(NotFound)
            raise NotFound


@app.get("/error/init")
async def class_that_is_a_dependency(page: Annotated[Page, Depends(Page)]) -> int:
    return 1


@guarded.get("/a")
async def guarded_by_the_router() -> int:
    return 1


@guarded.get("/b")
async def guarded_too() -> int:
    return 1


def timed(function: Any) -> Any:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        LOG.debug("begins")
        result = await function(*args, **kwargs)
        LOG.debug("ends")
        return result

    return wrapper


@app.get("/error/wrapped")
@timed
@raises(Conflict)
async def wrapped_by_what_hands_it_on() -> Never:
    # warns: wrapped_by_what_hands_it_on raises NotFound (404), which is not declared
    #     write: @raises(NotFound)
    raise NotFound


def refusing(function: Any) -> Any:
    @wraps(function)
    async def wrapper() -> Any:
        if VALUES:
            # warns: wrapped_by_what_raises raises Forbidden (403), which is not declared
            #     write: @raises(Forbidden)
            raise Forbidden
        return await function()

    return wrapper


@app.get("/error/wrapper")
@refusing
async def wrapped_by_what_raises() -> int:
    return 1


async def begin() -> AsyncIterator[int]:
    if VALUES:
        # warns: begin raises NotFound (404), which is not declared
        #     write: @raises(NotFound)
        raise NotFound
    yield 1
    # warns: begin raises Conflict (409), which is not declared
    #     write: @raises(Conflict)
    raise Conflict


def end() -> Iterator[int]:
    yield 1
    # warns: end raises Conflict (409), which is not declared
    #     write: @raises(Conflict)
    raise Conflict


@app.get("/error/generator")
async def error_of_a_generator(one: Annotated[int, Depends(begin)]) -> int:
    return one


@app.get("/error/generator/end")
async def error_at_the_end(one: Annotated[int, Depends(end)]) -> int:
    return one


@app.get("/error/stream")
async def stream() -> AsyncIterator[int]:
    if VALUES:
        # warns: stream raises NotFound (404), which is not declared
        #     write: @raises(NotFound)
        raise NotFound
    yield 1


@app.get("/error/walrus")
async def named_and_raised() -> int:
    # warns: named_and_raised raises NotFound (404), which is not declared
    #     write: @raises(NotFound)
    raise (error := NotFound("no")) from (KeyError() if VALUES else error)


# --- errors that nothing keeps in ------------------------------------------------------------

LOCK = threading.Lock()


@app.get("/loose/blocks")
async def nothing_keeps_it_in() -> int:
    with LOCK:
        with suppress(KeyError), contextlib.suppress(ValueError):
            with open(__file__):
                try:
                    # warns: nothing_keeps_it_in raises NotFound (404), which is not declared
                    #     write: @raises(NotFound)
                    raise NotFound("no")
                except (KeyError, Forbidden):
                    pass
                finally:
                    print("closed")
    # warns: nothing_keeps_it_in raises Conflict (409), which is not declared
    #     write: @raises(Conflict)
    raise Conflict


@app.get("/loose/async")
async def lock_lets_it_pass() -> int:
    lock = anyio.Lock()
    async with lock:
        pass
    async with GATE:
        # warns: lock_lets_it_pass raises NotFound (404), which is not declared
        #     write: @raises(NotFound)
        raise NotFound("no")


GATE = anyio.Semaphore(1)


@app.get("/loose/again")
async def surely_raised_again() -> int:
    try:
        # warns: surely_raised_again raises NotFound (404), which is not declared
        #     write: @raises(NotFound)
        raise NotFound("no")
    except HTTPError as error:
        LOG.info("%s", error)
        raise error
    except Exception:
        pass


@app.get("/loose/handler")
async def raised_in_other_blocks() -> int:
    try:
        VALUES["two"]
    except KeyError:
        # warns: raised_in_other_blocks raises NotFound (404), which is not declared
        #     write: @raises(NotFound)
        raise NotFound("no") from None
    else:
        # warns: raised_in_other_blocks raises Conflict (409), which is not declared
        #     write: @raises(Conflict)
        raise Conflict("no")


@app.get("/loose/branches/{number}")
async def raised_in_branches(number: int) -> int:
    for _ in range(number):
        while number:
            match number:
                case 1:
                    # warns: raised_in_branches raises NotFound (404), which is not declared
                    #     write: @raises(NotFound)
                    raise NotFound("no")
                case 2:
                    # warns: raised_in_branches raises Conflict (409), which is not declared
                    #     write: @raises(Conflict)
                    raise Conflict("no")
                case _:
                    break
    else:
        # warns: raised_in_branches raises Forbidden (403), which is not declared
        #     write: @raises(Forbidden)
        raise Forbidden("no")
    if number == 1:
        pass
    elif number == 2:
        # warns: raised_in_branches raises Taken (409), which is not declared
        #     write: @raises(Taken)
        raise Taken("no")
    return 1


@app.get("/loose/star")
async def past_except_star() -> int:
    try:
        # warns: past_except_star raises NotFound (404), which is not declared
        #     write: @raises(NotFound)
        raise NotFound("no")
    except* KeyError:
        pass


# --- redirects: their status -----------------------------------------------------------------


@app.get("/status/none")
async def no_redirect_declared() -> int:
    # warns: no_redirect_declared redirects, but declares no redirect
    #     write: @redirects(303, to=...)
    raise Redirect("/")


@app.get("/status/none/307")
async def no_such_redirect_declared() -> int:
    # warns: no_such_redirect_declared redirects, but declares no redirect
    #     write: @redirects(307, to=...)
    return Redirect("/", status_code=307)


@app.get("/status/none/external")
async def no_external_redirect_declared() -> int:
    # warns: no_external_redirect_declared redirects, but declares no redirect
    #     write: @redirects(302, external="https://example.com")
    raise Redirect("https://EXAMPLE.com:443/a", status_code=302)


@app.get("/status/none/elsewhere")
async def no_odd_redirect_declared() -> int:
    # warns: no_odd_redirect_declared redirects, but declares no redirect
    #     write: @redirects(303, to=...)
    raise Redirect("mailto:a@example.com")


@app.get("/status/none/handler")
async def no_redirect_to_a_handler_declared() -> int:
    # warns: no_redirect_to_a_handler_declared redirects, but declares no redirect
    #     write: @redirects(303, to=...)
    raise Redirect.to("https://example.com")


@app.get("/status/other")
# warns: another_status declares a redirect with 303, but no line of it sends one
@redirects(303, to=home)
# warns: another_status declares a redirect with 307, but no line of it sends one
@redirects(307, to=home)
async def another_status() -> int:
    # warns: another_status redirects with 302, which it does not declare
    #     allowed: 303, 307
    #     write: @redirects(302, to=...)
    raise Redirect("/", status_code=302)


@app.get("/status/enum")
# warns: another_status_of_the_enum declares a redirect with 303, but no line of it sends one
@redirects(303, to=home)
async def another_status_of_the_enum() -> Never:
    # warns: another_status_of_the_enum redirects with 302, which it does not declare
    #     allowed: 303
    #     write: @redirects(302, to=...)
    raise Redirect.to(home).with_status(HTTPStatus.FOUND)


@app.get("/status/no-redirect")
# warns: status_of_no_redirect declares a redirect with 303, but no line of it sends one
@redirects(303, to=home)
async def status_of_no_redirect() -> Never:
    # warns: status_of_no_redirect redirects with 200, which it does not declare
    #     allowed: 303
    raise Redirect("/").with_status(200).with_query(page=2)


@app.get("/status/several")
@redirects(301, to=home)
@redirects(302, to=home)
async def none_of_several() -> Never:
    # warns: none_of_several redirects without a status, and declares several
    #     allowed: 301, 302
    #     write: .with_status(301)
    raise Redirect("/")


def current_user() -> int:
    # warns: current_user redirects, but declares no redirect
    #     write: @redirects(303, to=...)
    raise Redirect.to("home")


@app.get("/status/dependency")
@redirects(303, to=home)
async def redirect_of_a_dependency(user: Annotated[int, Depends(current_user)]) -> int:
    if user:
        return user
    raise Redirect.to(home)


# --- redirects: where they go ----------------------------------------------------------------


@app.get("/to/other")
@redirects(303, to=home)
async def another_operation() -> Never:
    # warns: another_operation redirects to get_thing: an operation that the spec does not list
    #     allowed: to=home
    raise Redirect.to(get_thing, thing_id=1)


@app.get("/to/outside")
@redirects(303, external="https://example.com")
async def operation_where_origins_are_declared() -> Never:
    # warns: operation_where_origins_are_declared redirects to home: an operation that the spec does not list
    #     allowed: external=https://example.com
    raise Redirect.to(home)


@app.get("/to/unknown")
@redirects(303, to="*")
async def unknown_name() -> Never:
    # warns: unknown_name redirects to get_thin: there is no operation named 'get_thin'; did you mean 'get_thing'?
    raise Redirect.to("get_thin", thing_id=1)


@app.get("/to/function")
@redirects(303, to="*")
async def no_handler() -> Never:
    # warns: no_handler redirects to helper: helper is not a handler of this app
    raise Redirect.to(helper)


@app.get("/to/twice")
@redirects(303, to="twice_a")
async def one_of_two() -> Never:
    # warns: one_of_two redirects to twice: twice is registered 2 times; say which by name: 'twice_a', 'twice_b'
    raise Redirect.to(twice)


@app.get("/to/missing")
@redirects(303, to=get_thing)
async def parameter_that_misses() -> Redirect:
    # warns: parameter_that_misses redirects to get_thing: get_thing needs the parameter 'thing_id'
    return Redirect.to(get_thing)


@app.get("/to/unknown-parameter")
@redirects(303, to=get_thing)
async def parameter_that_is_unknown() -> Never:
    name = "1"
    # warns: parameter_that_is_unknown redirects to get_thing: get_thing takes no parameter 'thing' in a link (takes: thing_id)
    raise Redirect.to("get_thing", thing=name)


@app.get("/to/wrong")
@redirects(303, to=get_thing)
async def parameter_of_another_type() -> Never:
    # warns: parameter_of_another_type redirects to get_thing: the parameter 'thing_id': Expected `int`
    raise Redirect.to(get_thing, "one").with_query(page=2)


@app.get("/to/keyword")
@redirects(303, to=home)
@redirects(307, to="*")
async def parameter_in_a_chain() -> Never:
    if not VALUES:
        # warns: parameter_in_a_chain redirects to home: home takes no parameter 'size' in a link (takes: page)
        raise Redirect.to(home, size=1).with_status(307)
    # warns: parameter_in_a_chain redirects to home: the parameter 'page': Expected `int`
    raise Redirect.to(home, page="two").with_headers({}).with_fragment("top")


@app.get("/to/too-many")
@redirects(303, to=get_thing)
async def too_many_parameters() -> Never:
    # warns: too_many_parameters redirects to get_thing: too many positional arguments
    raise Redirect.to(get_thing, 1, VALUES)  # type: ignore[call-arg]


@app.get("/to/name-and-position")
@redirects(303, to=get_thing)
async def position_without_a_signature() -> Never:
    # warns: position_without_a_signature redirects to get_thing: parameters of a target that is a name are given by keyword
    raise Redirect.to("get_thing", 1)  # type: ignore[call-overload]


@app.get("/location/other")
@redirects(303, to=home)
@redirects(303, to=get_thing)
async def another_location() -> Never:
    # warns: another_location redirects to '/twice/a?page=2#top': a location that the spec does not list
    #     allowed: to=home or to=get_thing
    raise Redirect("/twice/a?page=2#top")


@app.get("/location/keyword")
@redirects(303, to=home)
async def location_by_keyword() -> Redirect:
    # warns: location_by_keyword redirects to '/nowhere': a location that the spec does not list
    #     allowed: to=home
    return Redirect(location="/nowhere", status_code=303)


@app.get("/location/itself")
@redirects(303, to=home)
async def location_of_itself() -> Never:
    # warns: location_of_itself redirects to '?page=2': a location that the spec does not list
    #     allowed: to=home
    raise Redirect("?page=2")


@app.get("/location/origin")
@redirects(303, external="https://example.com")
async def another_origin() -> Never:
    # warns: another_origin redirects to 'https://example.org/a': an absolute URL is never local, and its origin is not declared (declared: https://example.com): write '/path' for this site, or declare the origin with external=
    raise Redirect("https://example.org/a").with_query(a=1)


@app.get("/location/refused")
@redirects(303, to="*")
async def location_that_is_refused() -> Never:
    # warns: location_that_is_refused redirects to 'home': the location is relative to the page it is sent from: write '/ok' rather than 'ok' for a path of this site, 'https://host/path' for another one
    raise Redirect("home")


@app.get("/location/method")
@redirects(307, to=home)
async def location_under_another_method() -> Never:
    # warns: location_under_another_method redirects to '/things/1': a location that the spec does not list
    #     allowed: to=home
    raise Redirect("/things/1")


# --- responses -------------------------------------------------------------------------------


@app.get("/response/status")
async def response_with_another_status() -> Response[int]:
    # warns: response_with_another_status returns a Response with 202, which it does not declare
    #     allowed: 200
    #     write: @returns(status_code=202)
    return Response(1, status_code=202)


@app.get("/response/error")
@returns(int, status_code=200)
@returns(int, status_code=202)
async def response_that_is_an_error() -> Response[int]:
    if not VALUES:
        return Response(1, status_code=HTTPStatus.ACCEPTED)
    # warns: response_that_is_an_error returns a Response with 404, which it does not declare
    #     allowed: 200, 202
    #     write: raise a subclass of HTTPError with status_code=404
    return Response(1, status_code=404)


@app.get("/response/strange")
async def response_with_a_strange_status() -> Response[int]:
    # warns: response_with_a_strange_status returns a Response with 100, which it does not declare
    #     allowed: 200
    return Response(1, status_code=100)


@app.get("/response/several")
@returns(int, status_code=202)
@returns(int, status_code=203)
async def response_without_a_status() -> Response[int]:
    if VALUES == {"one": 2}:
        return Response(1, status_code=202)
    if VALUES == {"one": 3}:
        return Response(1, status_code=203)
    # warns: response_without_a_status returns a Response without a status, and none is the usual one
    #     allowed: 202, 203
    return Response(1)


@app.get("/response/redirect")
async def response_that_redirects() -> Response[int]:
    # warns: response_that_redirects redirects, but declares no redirect
    #     write: @redirects(302, to=...)
    return Response(status_code=302, headers={"Location": "/"})


@app.get("/response/location")
@redirects(302, to=home)
async def response_to_another_location() -> Response[None]:
    # warns: response_to_another_location redirects to '/nowhere': a location that the spec does not list
    #     allowed: to=home
    return Response(status_code=HTTPStatus.FOUND, headers={"x": "y", "location": "/nowhere"})


@app.get("/response/operation")
@redirects(302, to=home)
async def response_to_another_operation() -> Response[None]:
    there = "LOCATION"
    if not VALUES:
        return Response(status_code=302, headers={there: "/nowhere"})
    # warns: response_to_another_operation redirects to get_thing: an operation that the spec does not list
    #     allowed: to=home
    return Response(status_code=302, headers={"LOCATION": Redirect.to(get_thing, thing_id=1)})


@app.get("/returned/error")
@raises(NotFound)
async def returned_error() -> int:
    # warns: returned_error returns NotFound instead of raising it
    #     write: raise NotFound(...)
    return NotFound("no")  # type: ignore[return-value]


@app.get("/returned/class")
@raises(NotFound)
async def returned_class() -> int:
    # warns: returned_class returns NotFound instead of raising it
    #     write: raise NotFound(...)
    return NotFound  # type: ignore[return-value]


@app.get("/returned/reroute")
@reroutes(to=home)
async def returned_reroute() -> int:
    # warns: returned_reroute returns Reroute instead of raising it
    #     write: raise Reroute(...)
    return Reroute("/")  # type: ignore[return-value]


# --- reroutes --------------------------------------------------------------------------------


@app.get("/reroute/none")
async def no_reroute_declared() -> int:
    # warns: no_reroute_declared reroutes, but declares no reroute
    #     write: @reroutes(to=...)
    raise Reroute("/")


@app.get("/reroute/path")
@reroutes(to=home)
async def reroute_to_another_path() -> Never:
    # warns: reroute_to_another_path reroutes to '/things/1?a=b', which it does not declare
    #     allowed: to=home
    raise Reroute("/things/1?a=b")


@app.get("/reroute/refused")
@reroutes(to=home)
async def reroute_that_is_refused() -> Never:
    # warns: reroute_that_is_refused reroutes to 'things': the location is relative to the page it is sent from: write '/ok' rather than 'ok' for a path of this site, 'https://host/path' for another one
    raise Reroute(path="things")


@app.get("/reroute/unknown")
@reroutes(to=home)
async def reroute_to_an_unknown_name() -> Never:
    # warns: reroute_to_an_unknown_name reroutes to hom: there is no operation named 'hom'; did you mean 'home'?
    raise Reroute.to("hom")


@app.get("/reroute/other")
@reroutes(to=(home, "twice_a"))
async def reroute_to_another_operation() -> Never:
    number = 1
    # warns: reroute_to_another_operation reroutes to get_thing, which it does not declare
    #     allowed: to=home, twice_a
    raise Reroute.to(get_thing, thing_id=number)


@app.get("/reroute/longer/{number}")
@reroutes(to=get_thing)
async def reroute_to_a_longer_path(number: int) -> Never:
    # warns: reroute_to_a_longer_path reroutes to longer, which it does not declare
    #     allowed: to=get_thing
    raise Reroute.to(longer, thing_id=number)


@app.get("/reroute/literal")
@reroutes(to=home)
async def reroute_to_a_literal_one() -> Never:
    # warns: reroute_to_a_literal_one reroutes to get_thing, which it does not declare
    #     allowed: to=home
    raise Reroute.to(get_thing, thing_id=1)


@app.get("/reroute/wrong")
@reroutes(to=get_thing)
async def reroute_without_a_parameter() -> Never:
    # warns: reroute_without_a_parameter reroutes to get_thing: get_thing needs the parameter 'thing_id'
    raise Reroute.to(get_thing)


# --- links -----------------------------------------------------------------------------------


@app.get("/link/unknown")
async def link_to_nothing(request: Request) -> list[str]:
    return [
        request.url_for("home"),
        # warns: link_to_nothing links to get_thin: there is no operation named 'get_thin'; did you mean 'get_thing'?
        request.url_for("get_thin", thing_id=1),
    ]


@app.get("/link/function")
async def link_to_no_handler(asked: Request) -> str:
    if VALUES:
        # warns: link_to_no_handler links to helper: helper is not a handler of this app
        return f"<{asked.url_for(helper)}>"
    return ""


@app.get("/link/twice")
async def link_to_one_of_two(*, request: Request) -> str:
    # warns: link_to_one_of_two links to twice: twice is registered 2 times; say which by name: 'twice_a', 'twice_b'
    while request.url_for(twice):
        pass
    return ""


@app.get("/link/missing/{number}")
async def link_without_a_parameter(request: Request, number: int) -> str:
    with LOCK:
        try:
            # warns: link_without_a_parameter links to get_thing: get_thing needs the parameter 'thing_id'
            return request.url_for(get_thing) + str(number)
        except KeyError:
            return ""


@app.get("/link/other/{number}")
async def link_with_another_parameter(request: Request, number: int) -> str:
    # warns: link_with_another_parameter links to get_thing: get_thing takes no parameter 'id' in a link (takes: thing_id)
    return request.url_for("get_thing", id=number)


@app.get("/link/wrong")
async def link_with_a_wrong_value(request: Request) -> str:
    # warns: link_with_a_wrong_value links to home: the parameter 'page': Expected `int`
    link = request.url_for(home, page="two")
    return link[1:]


class Holder:
    request: Request


@app.get("/link/held")
async def link_of_a_request_that_is_held_too(request: Request, number: Query[int] = 1) -> str:
    holder = Holder()
    holder.request = request
    # warns: link_of_a_request_that_is_held_too links to hom: there is no operation named 'hom'; did you mean 'home'?
    return request.url_for("hom", page=number)


@app.get("/link/position")
async def link_with_a_parameter_by_position(request: Request) -> str:
    # warns: link_with_a_parameter_by_position links to get_thing: the parameters of url_for are given by keyword
    return request.url_for(get_thing, 1)  # type: ignore[call-arg]


def linked(request: Request) -> str:
    # warns: linked links to hom: there is no operation named 'hom'; did you mean 'home'?
    return request.url_for("hom")


@app.get("/link/dependency")
async def link_of_a_dependency(link: Annotated[str, Depends(linked)]) -> str:
    return link


def logged(function: Any) -> Any:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


@app.get("/link/wrapped")
@logged
async def link_of_a_wrapped_handler(request: Request) -> str:
    # warns: link_of_a_wrapped_handler links to hom: there is no operation named 'hom'; did you mean 'home'?
    return request.url_for("hom")


# --- a forgotten raise -----------------------------------------------------------------------


class Missing(NotFound):
    """There is none of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no {number}")


def audit() -> None:
    if not VALUES:
        # warns: audit makes Forbidden here, but does not raise it
        #     write: raise Forbidden(...)
        Forbidden("nobody may")


@app.get("/unsent/raise", dependencies=[audit])
@raises(NotFound, Conflict, rf.Gone)
async def raise_is_forgotten(number: Query[int] = 1) -> int:
    if number == 1:
        # warns: raise_is_forgotten makes NotFound here, but does not raise it
        #     write: raise NotFound(...)
        NotFound("no such note")
    elif number == 2:
        # warns: raise_is_forgotten makes Conflict here, but does not raise it
        #     write: raise Conflict(...)
        Conflict
    try:
        async with GATE:
            # warns: raise_is_forgotten makes Gone here, but does not raise it
            #     write: raise Gone(...)
            rf.Gone(
                "for good",
            ).with_headers({}).with_cookies({})
    except Exception:
        # warns: raise_is_forgotten makes Missing here, but does not raise it
        #     write: raise Missing(...)
        Missing(number)
    # warns: raise_is_forgotten makes NotFound here, but does not raise it
    #     write: raise NotFound(...)
    # warns: raise_is_forgotten makes Teapot here, but does not raise it
    #     write: raise Teapot(...)
    NotFound() if number else Teapot()
    return number


@app.get("/unsent/raise/redirect")
@redirects(303, to=home)
@reroutes(to=home)
async def raise_of_a_redirect_is_forgotten() -> int:
    for _ in VALUES:
        # warns: raise_of_a_redirect_is_forgotten makes Redirect here, but does not raise it
        #     write: raise Redirect(...)
        Redirect.to(home).with_status(303)
    # warns: raise_of_a_redirect_is_forgotten makes Reroute here, but does not raise it
    #     write: raise Reroute(...)
    Reroute("/")
    return 1


# --- broad clauses ---------------------------------------------------------------------------


@app.get("/swallowed/bare")
@redirects(303, to=home)
async def bare_except() -> int:
    try:
        raise Redirect.to(home)
    # warns: bare_except catches everything here, and so swallows the Redirect of line {above}
    #     write: except Redirect: raise
    except:  # noqa: E722
        return 0


@app.get("/swallowed/exception")
@redirects(303, to=home)
async def broad_except() -> int:
    try:
        if VALUES:
            raise Redirect.to(home)
    # warns: broad_except catches everything here, and so swallows the Redirect of line {above}
    #     write: except Redirect: raise
    except Exception as error:
        LOG.exception("failed")
        print(f"failed: {error}", str(error))
    return 0


@app.get("/swallowed/tuple")
@redirects(303, to=home)
async def broad_tuple() -> int:
    try:
        with LOCK:
            raise Redirect.to(home)
    # warns: broad_tuple catches everything here, and so swallows the Redirect of line {above}
    #     write: except Redirect: raise
    except (KeyError, BaseException):
        pass
    return 0


@app.get("/swallowed/replaced")
@redirects(303, to=home)
@raises(rf.ServiceUnavailable)
async def broad_except_that_raises_something_else() -> int:
    try:
        raise Redirect("/")
    # warns: broad_except_that_raises_something_else catches everything here, and so swallows the Redirect of line {above}
    #     write: except Redirect: raise
    except Exception as error:
        raise rf.ServiceUnavailable(str(error)) from error


@app.get("/swallowed/star")
@redirects(303, to=home)
async def broad_except_star() -> int:
    try:
        raise Redirect("/")
    # warns: broad_except_star catches everything here, and so swallows the Redirect of line {above}
    #     write: except Redirect: raise
    except* Exception:
        pass
    return 0


@app.get("/swallowed/reroute")
@reroutes(to=home)
async def broad_except_around_a_reroute() -> int:
    try:
        raise Reroute("/")
    # warns: broad_except_around_a_reroute catches everything here, and so swallows the Reroute of line {above}
    #     write: except Reroute: raise
    except Exception:
        return 0


# --- what is never sent ----------------------------------------------------------------------


@app.get("/unsent/error")
# warns: error_that_no_line_raises declares Conflict, but no line of it raises it
@raises(NotFound, Conflict)
async def error_that_no_line_raises(number: Query[int] = 1) -> int:
    if str(number) not in VALUES and number < 5:
        raise NotFound(f"no {number}")
    return VALUES.get("one", number + 1)


@app.get("/unsent/child")
# warns: parent_of_what_is_declared declares Taken, but no line of it raises it
@raises(Taken)
@raises(Conflict)
async def parent_of_what_is_declared() -> int:
    if not VALUES:
        raise Conflict("this is sent as a Conflict")
    return 1


# warns: spec_of_the_module declares Teapot, but no line of it raises it
TABLE = raises(Teapot)


@app.get("/unsent/spec")
@TABLE
async def spec_of_the_module() -> str:
    return "tea"


@app.get("/unsent/redirect")
@redirects(303, to=home)
# warns: redirects_that_no_line_sends declares a redirect with 307, but no line of it sends one
@redirects(307, to=home)
@redirects(308, to=home)
async def redirects_that_no_line_sends() -> Never:
    if VALUES:
        raise Redirect("/")
    raise Redirect("/").with_status(308)


@app.get("/unsent/all")
# warns: neither_redirect_nor_reroute declares a redirect with 303, but no line of it sends one
@redirects(303, to=home)
# warns: neither_redirect_nor_reroute declares a reroute, but no line of it raises one
@reroutes(to=home)
async def neither_redirect_nor_reroute() -> int:
    try:
        keys = [key for key in sorted(VALUES) if key is not None]
        for _ in sorted(VALUES):
            print(len(VALUES) if VALUES else -1)
        return VALUES["one"] if keys else 0
    except KeyError as error:
        raise ValueError("no") from error
    finally:
        pass


@app.get("/unsent/status")
@returns(int, status_code=200)
# warns: statuses_that_no_line_sends declares the status 202, but no line of it sends it
@returns(int, status_code=202)
@returns(int, status_code=203)
async def statuses_that_no_line_sends() -> Response[int]:
    if len(VALUES) == 7:
        return Response(1, status_code=203)
    return Response(1)


@app.get("/unsent/value")
@returns(int, status_code=200)
# warns: status_that_a_plain_value_has_not declares the status 202, but no line of it sends it
@returns(int, status_code=202)
async def status_that_a_plain_value_has_not() -> Annotated[int, "all"] | None:
    (first, second), third = (1, 2), 3
    while not VALUES:
        print("waiting")
    assert first is not second or third
    return VALUES["one"]


# warns: permit declares Forbidden, but no line of it raises it
@raises(Forbidden)
def permit() -> int:
    return 1


@raises(NotFound)
def pick() -> int:
    return 1


@app.get("/unsent/dependency")
async def declared_by_a_dependency(
    one: Annotated[int, Depends(permit)], two: Annotated[int, Depends(pick)]
) -> int:
    return one


@app.get("/unsent/dependency/used")
async def raised_for_a_dependency(two: Annotated[int, Depends(pick)]) -> int:
    raise NotFound


app.include_router(guarded)
