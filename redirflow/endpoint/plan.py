"""From what a handler returned or raised to a reply, by the specs of that function.

A redirect is judged by the function that raised it: a handler's by the handler's specs, a
dependency's by the dependency's. What no spec declares is a `ContractViolation`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct

from redirflow.declare.errors import HTTPError, NotFound, members_of
from redirflow.declare.faults import Fault, Place, SpecError
from redirflow.declare.formats import ErrorFormat
from redirflow.declare.redirects import Redirect, RedirectSpec
from redirflow.declare.specs import NOTHING, HeaderSpec
from redirflow.endpoint.binder import Refused
from redirflow.endpoint.body import BodyPlan, body_plan
from redirflow.endpoint.fields import FieldsPlan, fields_plan
from redirflow.endpoint.links import NOTHING_THERE, Directory, LinkRefused, Unreachable
from redirflow.endpoint.target import Destination, NotAllowed
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.location import LOCAL, LocationTooLong, compile_location
from redirflow.http.methods import REDIRECT_STATUSES, method_after_hop
from redirflow.http.reference import LocationRefused, quote_path
from redirflow.http.request import root_path
from redirflow.http.response import EMPTY, Reply, Response, content_length
from redirflow.http.types import RawHeaders, Scope

NO_STORE: Final = (b"cache-control", b"no-store")
NOSNIFF: Final = (b"x-content-type-options", b"nosniff")


def rooted(location: str, scope: Scope) -> str:
    """An app-relative location, seen from outside: behind the app's `root_path`."""
    return quote_path(root_path(scope)) + location if scope.get("root_path") else location


def located(redirect: Redirect, destination: Destination, method: str, scope: Scope) -> bytes:
    """The location of *redirect*, if *destination* lists it.

    Args:
        method: the one that the client uses for the next request.

    Raises:
        LocationRefused, LinkRefused, NotAllowed: it can't be sent from here.
        Unreachable: no path of its target holds a parameter.
    """
    text: Any = redirect.location
    extras = redirect.extras
    if text is None:
        link = destination.link(redirect.target)(redirect.params)
        return compile_location(rooted(extras.extend(link) if extras else link, scope), LOCAL)
    if extras and isinstance(text, str):
        text = extras.extend(text)
    return destination.admit(text, method, scope)


# --- redirects -------------------------------------------------------------------------------


class RedirectPlan(Struct, frozen=True, eq=False):
    """How one declared redirect is sent.

    Attributes:
        ready: the fields that each has besides its location.
    """

    spec: RedirectSpec
    destination: Destination
    fields: FieldsPlan
    ready: RawHeaders

    def reply(self, redirect: Redirect, scope: Scope) -> Reply:
        """The reply for *redirect*.

        Raises:
            LocationRefused, LinkRefused, NotAllowed: this spec does not allow its location.
            ContractViolation: this spec does not declare its headers or cookies.
        """
        status = self.spec.status_code
        method = method_after_hop(status, scope["method"])
        location = located(redirect, self.destination, method, scope)
        lines = self.fields.render(redirect.headers, redirect.cookies)
        ready = [NO_STORE] if redirect.cookies else self.ready
        own = [line for line in lines if line[0] == b"cache-control"] if ready else []
        if own:
            # One field: the handler's own, but nobody may store what sets cookies.
            lines = [line for line in lines if line not in own]
            ready = ready if redirect.cookies else own
        return Reply(status, [(b"location", location), EMPTY, *ready, *lines])


def redirect_plan(
    spec: RedirectSpec, destination: Destination, group: Mapping[str, HeaderSpec], *, private: bool
) -> RedirectPlan:
    """The plan of one declared redirect.

    Args:
        group: headers that the app and the routers declare; none of them is required here.
        private: whether the operation reads credentials or cookies, so that a shared cache
            must not keep its redirects (RFC 9111 5.2.2.7).

    Raises:
        TypeError: msgspec can't handle a declared type.
    """
    scope, age = "private, " if private else "", spec.max_age
    ready = [] if age is None else [(b"cache-control", f"{scope}max-age={age}".encode())]
    return RedirectPlan(spec, destination, fields_plan(spec.headers, spec.cookies, group), ready)


class QuickRedirect(NamedTuple):
    """The usual redirect, to a listed operation whose one parameter is an integer.

    Attributes:
        ready: fields that each such redirect has.
        known: by target, the name of the parameter and the location, a form with `%d`.
    """

    status: int
    ready: RawHeaders
    known: Mapping[Any, tuple[str, bytes]]


def quick_redirect(judge: "Judge") -> QuickRedirect | None:
    """What the fast way may answer at once; any other redirect `Judge.redirect` answers."""
    plans = judge.redirects.get(judge.default_status or 0, ())
    if len(plans) != 1 or not plans[0].fields.idle:
        return None
    status, ready = plans[0].spec.status_code, plans[0].ready
    known = {
        target: (link.plain, f"{link.prefix}%d".encode())
        for target, link in plans[0].destination.links.items()
        if link.plain is not None
    }
    return QuickRedirect(status, ready, known) if known else None


# --- errors ----------------------------------------------------------------------------------


class ErrorPlan(Struct, frozen=True, eq=False):
    """How one class of errors is sent."""

    error: type[HTTPError]
    format: ErrorFormat
    body: BodyPlan
    fields: FieldsPlan

    def reply(self, error: HTTPError, more: Iterable[tuple[bytes, bytes]] = ()) -> Reply:
        """The reply for *error*.

        Raises:
            ContractViolation: a field, header or cookie is not what the class declares.
        """
        body = self.body.render(self.format.body(self._narrowed(error)))
        lines = self.fields.render(error.headers, error.cookies)
        head = [(b"content-type", self.body.media_type), content_length(len(body)), NOSNIFF]
        return Reply(self.error.status_code, [*head, *more, *lines], body)

    def _narrowed(self, error: HTTPError) -> HTTPError:
        """An instance of a subclass as the declared class, which is what clients know."""
        if type(error) is self.error:
            return error
        fields = {name: getattr(error, name) for name in members_of(self.error)}
        return self.error(error.detail, **fields)


def error_plan(
    error: type[HTTPError], format: ErrorFormat, group: Mapping[str, HeaderSpec] = NOTHING
) -> ErrorPlan:
    """The plan of one class of errors.

    Raises:
        TypeError: msgspec can't handle the type of a header.
        SpecError, NameError: its fields can't be read, or the format has no body for it.
    """
    try:
        body = body_plan(format.body_type(error), format.media_type)
    except (NameError, SpecError):
        raise
    except Exception as failure:
        found = f"{type(format).__name__} has no body for {error.__name__}: {failure}"
        place = None if error.built_in else error._place
        raise SpecError([Fault(found, place=place)]) from failure
    return ErrorPlan(
        error, format, body, fields_plan(error.header_specs, error.cookie_specs, group)
    )


# --- one function ----------------------------------------------------------------------------


class Judge(Struct, frozen=True, eq=False):
    """What one function, a handler or a dependency, may raise, and the reply for it.

    Attributes:
        name: for messages.
        redirects: by status, in declared order.
        default_status: the status of a redirect that does not say it; `None` if it must.
        errors: by class.
        foreign: exceptions of others, each with the class that stands for it.
        reroutes: where it may reroute to, if it may.
        place: where the function is defined.
    """

    name: str
    directory: Directory
    redirects: Mapping[int, tuple[RedirectPlan, ...]] = NOTHING
    default_status: int | None = None
    errors: Mapping[type[HTTPError], ErrorPlan] = NOTHING
    foreign: tuple[tuple[type[Exception], type[HTTPError]], ...] = ()
    reroutes: Destination | None = None
    place: Place | None = None

    def redirect(self, redirect: Redirect, scope: Scope) -> Reply:
        """The reply for a redirect that this function raised or returned.

        Raises:
            ContractViolation: no spec of the function allows it.
            Refused: 404, for a parameter whose value no path of its target holds, and for a
                location of more bytes than clients take.
            TypeError: a subclass did not make its parent.
        """
        redirect.check_made()
        plans = self._plans(redirect)
        refused = ""
        for plan in plans:
            try:
                return plan.reply(redirect, scope)
            except (Unreachable, LocationTooLong):
                raise Refused(NotFound(NOTHING_THERE)) from None
            except (LocationRefused, NotAllowed, LinkRefused, TypeError) as error:
                refused = str(error)
        raise ContractViolation(
            f"a redirect that can't be sent: {refused}",
            " or ".join(plan.destination.listed for plan in plans),
            redirect.location or redirect.params,
        )

    def _plans(self, redirect: Redirect) -> tuple[RedirectPlan, ...]:
        status = redirect.status_code or self.default_status
        plans = self.redirects.get(status) if status else None
        if plans is not None:
            return plans
        if not self.redirects:
            raise ContractViolation("a redirect", f"no redirect; {_spec_of(redirect)} declares one")
        declared = ", ".join(map(str, self.redirects))
        if status is not None:
            raise ContractViolation(f"a redirect with the status {status}", declared)
        write = f"say which: .with_status({next(iter(self.redirects))})"
        raise ContractViolation("a redirect without a status", f"{declared}; {write}")

    def error(self, error: HTTPError, more: Iterable[tuple[bytes, bytes]] = ()) -> Reply:
        """The reply for an error that this function raised.

        A subclass of a declared class is sent as the declared one.

        Raises:
            ContractViolation: neither its class nor a parent of it is declared.
        """
        for kind in type(error).__mro__:
            plan = self.errors.get(kind)
            if plan is not None:
                return plan.reply(error, more)
        declared = ", ".join(kind.__name__ for kind in self.errors) or "no errors"
        raise ContractViolation(
            f"the error {type(error).__name__} ({error.status_code})",
            f"{declared}; @raises({type(error).__name__}) declares it",
        )

    def translated(self, error: Exception) -> HTTPError | None:
        """The declared error that stands for a foreign exception, without its text."""
        for foreign, kind in self.foreign:
            if isinstance(error, foreign):
                return kind()
        return None


def _spec_of(redirect: Redirect) -> str:
    """The spec that declares *redirect*; its origin may be a client's, and stays out of logs."""
    status = redirect.status_code if redirect.status_code in REDIRECT_STATUSES else 303
    leaves = str(redirect.location).lower().startswith(("http://", "https://"))
    where = 'external="https://..."' if leaves else "to=..."
    return f"@redirects({status}, {where})"


def location_key(headers: Mapping[str, Any]) -> str | None:
    """The key of `Location` in *headers*, however it is spelt."""
    return next((name for name in headers if str(name).lower() == "location"), None)


def default_status(statuses: list[int]) -> int | None:
    """The status of a redirect that names none: the only one, else 303 if declared."""
    return statuses[0] if len(statuses) == 1 else 303 if 303 in statuses else None


def as_redirect(response: Response[Any]) -> Redirect | None:
    """A `Response` with a redirect status, as the `Redirect` that it means.

    Raises:
        ContractViolation: it has a body, or no location.
    """
    if response.status_code not in REDIRECT_STATUSES:
        return None
    headers = dict(response.headers or NOTHING)
    key = location_key(headers)
    if key is None or response.body is not None:
        raise ContractViolation(
            f"a {response.status_code} with a body or without Location",
            'an empty body and headers={"Location": ...}, or Redirect(...)',
        )
    location = headers.pop(key)
    redirect = location if isinstance(location, Redirect) else Redirect(location)
    return (
        redirect.with_status(response.status_code)
        .with_headers(headers)
        .with_cookies(response.cookies or {})
    )
