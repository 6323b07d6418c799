"""Answering a request by another operation: the scope that it gets."""

from typing import Final
from urllib.parse import unquote, urlencode

from msgspec import Struct

from redirflow.declare.errors import NotFound
from redirflow.declare.operation import Operation
from redirflow.declare.redirects import Reroute
from redirflow.endpoint.binder import Refused
from redirflow.endpoint.links import NOTHING_THERE, Unreachable
from redirflow.endpoint.plan import Judge
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.headers import FRAMING, HeaderRefused, field_name, field_value
from redirflow.http.location import LOCAL, LocationTooLong, compile_location
from redirflow.http.query import pairs_of
from redirflow.http.reference import quote_path
from redirflow.http.request import ORIGINAL_PATH, Request, local_path, root_path
from redirflow.http.types import RawHeaders, Scope

HOPS: Final = "redirflow.hops"
"""The scope key that counts the reroutes of one request; never a header, which a client
could send.
"""

INSIDE: Final = "redirflow.inside"
"""The scope key under which a rerouted request has the scope that it was answered in."""

MAX_HOPS: Final = 10


class Rerouted(Struct, frozen=True):
    """Where a reroute leads.

    Attributes:
        path: app-relative, percent-encoded.
        query: the new query; `None` keeps the client's.
        headers: replace the client's fields of the same names.
    """

    path: str
    query: bytes | None
    headers: RawHeaders


def rerouted(reroute: Reroute, request: Request, judge: Judge) -> Rerouted:
    """Where a handler's reroute leads.

    Raises:
        ContractViolation: the handler does not declare the target, a parameter or header is
            wrong, part of the body is gone, or the reroutes of this request go in a circle.
        Refused: 404, for a path parameter whose value no path holds.
        TypeError: a subclass did not make its parent.
    """
    reroute.check_made()
    destination = judge.reroutes
    if destination is None:
        declared = "no reroute; @reroutes(to=...) declares one"
        raise ContractViolation("a reroute", declared, reroute.path)
    if request.partly_read:
        sent = "a reroute after part of the body was read"
        raise ContractViolation(sent, "a body kept by body()")
    scope = request.scope
    if scope.get(HOPS, 0) >= MAX_HOPS:
        raise ContractViolation(f"reroutes in a circle, {MAX_HOPS} of them", "reroutes that end")
    try:
        path, mark, own = _location(reroute, judge).partition("?")
        query = _query(reroute, own.encode() if mark else None)
        headers = checked_fields(dict(reroute.headers or {}))
    except (Unreachable, LocationTooLong):
        raise Refused(NotFound(NOTHING_THERE)) from None
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        said = f"a reroute that can't be followed: {error}"
        raise ContractViolation(said, destination.listed, reroute.path) from None
    target = unquote(path)
    owner = destination.serves(target, scope["method"])
    listed = owner in destination.owners or target in destination.paths
    if not listed or not isinstance(owner, Operation):
        sent = f"a {scope['method']} to what the spec does not list"
        raise ContractViolation(f"a reroute of {sent}", destination.listed, path)
    return Rerouted(path, query, headers)


def _location(reroute: Reroute, judge: Judge) -> str:
    if reroute.path is None:
        return judge.directory.location(reroute.target, reroute.params)
    return compile_location(reroute.path, LOCAL).decode("ascii").partition("#")[0]


def _query(reroute: Reroute, own: bytes | None) -> bytes | None:
    if reroute.query is None:
        return own
    return urlencode(pairs_of(reroute.query)).encode("ascii")


def checked_fields(headers: dict[str, str]) -> RawHeaders:
    """Request fields that a reroute sets.

    Raises:
        HeaderRefused: one is malformed, or is Host or belongs to the connection.
    """
    fields = [
        (field_name(name).encode("ascii"), field_value(value)) for name, value in headers.items()
    ]
    for name, _ in fields:
        if name == b"host" or name.decode("ascii") in FRAMING:
            raise HeaderRefused(f"a reroute can't set the header {name.decode('ascii')!r}")
    return fields


def scope_after(scope: Scope, to: Rerouted) -> Scope:
    """A copy of *scope* in which path, raw path, query and headers have changed in step."""
    root = root_path(scope)
    query = scope.get("query_string", b"") if to.query is None else to.query
    replaced = {name for name, _ in to.headers}
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in replaced]
    scope[INSIDE] = inside = {
        **scope,
        "path": root + unquote(to.path),
        "raw_path": (quote_path(root) + to.path).encode("ascii"),
        "query_string": query,
        "headers": [*kept, *to.headers],
        ORIGINAL_PATH: scope.get(ORIGINAL_PATH) or local_path(scope),
        HOPS: scope.get(HOPS, 0) + 1,
    }
    return inside
