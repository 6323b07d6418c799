"""From an operation and its parameters to a location: what `Redirect.to` and `url_for` do.

A value is written as text and read back by the very reader that will read it in the next
request, so a link never leads to a 422.
"""

import difflib
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from redirflow.declare.operation import Operation
from redirflow.endpoint.convert import discreet
from redirflow.endpoint.signature import Parameter
from redirflow.http.reference import quote_query
from redirflow.http.values import query_pairs, wire_text
from redirflow.routing.template import Hole, Template


class LinkRefused(ValueError):
    """Parameters that the target does not take, misses, or would not read. Repeats no value."""


_BESIDE: Final = {
    word: f"; a redirect has it by {write} behind its parameters"
    for word, write in (
        ("status_code", ".with_status(301)"),
        ("headers", ".with_headers({...})"),
        ("cookies", ".with_cookies({...})"),
        ("query", ".with_query({...})"),
        ("fragment", '.with_fragment("...")'),
    )
}
"""What is no parameter of a target: what `Redirect` takes, and `Redirect.to` does not."""

_BITS: Final = 10_000  # surely fewer than 4300 digits
_TOO_MANY: Final = 10**4300
"""The first integer of more digits than Python writes, or a parameter is read with."""

NOTHING_THERE: Final = "There is nothing at this path."


class Unreachable(LinkRefused):
    """A path parameter of the right type whose value no path of the target holds.

    It is empty, a dot segment, or has a slash where none fits. Such values come from clients
    (`/old/{rest:path}`), so a redirect or reroute is answered with 404: nothing is there, and
    nobody is at fault.
    """


class Link(Struct, frozen=True):
    """How a location of one operation is made.

    Attributes:
        path, query: the operation's parameters by argument name.
        groups: the arguments that are Structs of query parameters.
        plain: the one path parameter, if the operation has no more than that and it is `int`.
    """

    operation: Operation
    template: Template
    path: Mapping[str, Parameter]
    query: Mapping[str, Parameter]
    groups: frozenset[str]
    plain: str | None
    prefix: str

    def __call__(self, params: dict[str, Any]) -> str:
        """The app-relative location for *params*.

        Raises:
            LinkRefused: a parameter is unknown, missing or not of its type.
            Unreachable: a value can't stand in the path.
        """
        # PERF: one integer in the path is most of all redirects; 1.1 us less.
        if self.plain is not None and len(params) == 1:
            value = params.get(self.plain)
            if type(value) is int and value.bit_length() <= _BITS:
                return self.prefix + str(value)
        return self._careful(params)

    def _careful(self, params: dict[str, Any]) -> str:
        self.refuse_names(params)
        params = self._spread(params)
        texts = {each.key: _text(each, params[name]) for name, each in self.path.items()}
        try:
            path = self.template.expand(texts)
        except ValueError as error:
            raise Unreachable(f"the path parameter {error}") from None
        pairs = [
            f"{quote_query(key)}={quote_query(text)}"
            for name, parameter in self.query.items()
            for key, text in _pairs(parameter, params.get(name))
        ]
        return f"{path}?{'&'.join(pairs)}" if pairs else path

    def _spread(self, params: dict[str, Any]) -> dict[str, Any]:
        """*params* with the fields of each group in place of the group."""
        spread: dict[str, Any] = {}
        for name, value in params.items():
            if name not in self.groups:
                spread[name] = value
            elif isinstance(value, msgspec.Struct):
                spread |= msgspec.structs.asdict(value)
            else:
                raise LinkRefused(f"the parameter {name!r}: Expected its Struct")
        return spread

    def refuse_names(self, params: Mapping[str, Any]) -> None:
        """Refuse unknown names and missing ones, by `LinkRefused`."""
        name = self.operation.name
        taken = (*self.path, *self.query, *self.groups)
        unknown = [key for key in params if key not in taken]
        if unknown:
            raise LinkRefused(
                f"{name} takes no parameter {unknown[0]!r} in a link "
                f"(takes: {', '.join(taken) or 'none'}){_BESIDE.get(unknown[0], '')}"
            )
        needed = [key for key, query in self.query.items() if query.required]
        grouped = {key for key, query in self.query.items() if query.group in params}
        missing = [
            key for key in (*self.path, *needed) if params.get(key) is None and key not in grouped
        ]
        if missing:
            raise LinkRefused(f"{name} needs the parameter {missing[0]!r}")


def _text(parameter: Parameter, value: Any) -> str:
    if type(value) is int and abs(value) >= _TOO_MANY:
        raise Unreachable(f"the parameter {parameter.name!r}: an integer of too many digits")
    try:
        text = wire_text(value, parameter.reader.hook)
        parameter.reader.read(text)
    except (TypeError, ValueError) as error:
        raise LinkRefused(f"the parameter {parameter.name!r}: {discreet(str(error))}") from None
    return text


def _pairs(parameter: Parameter, value: Any) -> Iterable[tuple[str, str]]:
    if value is None:
        return []
    if not parameter.reader.many:
        return [(parameter.key, _text(parameter, value))]
    try:
        pairs = list(query_pairs(parameter.key, value, parameter.reader.hook))
        parameter.reader.collect([parameter.reader.read(text) for _, text in pairs])
    except (TypeError, ValueError) as error:
        raise LinkRefused(f"the parameter {parameter.name!r}: {discreet(str(error))}") from None
    if parameter.required and not pairs:
        raise LinkRefused(f"the parameter {parameter.name!r}: an empty list can't be told")
    return pairs


def link_to(operation: Operation, template: Template, parameters: Iterable[Parameter]) -> Link:
    """The link to *operation*, whose functions read *parameters*, those of the handler last."""
    read = {(each.where, each.key): each for each in parameters}
    path = {each.name: each for each in read.values() if each.where == "path"}
    query = {each.name: each for each in read.values() if each.where == "query"}
    groups = frozenset(each.group for each in query.values() if each.group is not None)
    plain = _plain(template, path) if not query else None
    prefix = template.expand({plain.key: "0"})[:-1] if plain else ""
    return Link(operation, template, path, query, groups, plain.name if plain else None, prefix)


def _plain(template: Template, path: Mapping[str, Parameter]) -> Parameter | None:
    """The one path parameter, if it is an integer and the last segment."""
    ends = isinstance(template.segments[-1], Hole)
    only = next(iter(path.values())) if ends and len(path) == len(template.holes) == 1 else None
    return only if only is not None and only.reader.fast == "int" else None


class Directory:
    """The operations of an app, by handler and by name, each with its link."""

    def __init__(self, links: Iterable[Link]) -> None:
        self.links = list(links)
        self._by_name = {link.operation.name: link for link in self.links}
        self._by_handler: dict[Any, list[Link]] = {}
        for link in self.links:
            self._by_handler.setdefault(link.operation.handler, []).append(link)

    def keys(self, link: Link) -> list[Any]:
        """What means the operation of *link*: its name and, unless it has several, its handler."""
        handler = link.operation.handler
        return [link.operation.name, *([handler] if len(self._by_handler[handler]) == 1 else [])]

    def link(self, target: Callable[..., Any] | str) -> Link:
        """The link that *target*, a handler or a name, means.

        Raises:
            LookupError: nothing or several operations are meant; the message says which.
        """
        if isinstance(target, str):
            return self._named(target)
        known: Any = target
        found = self._by_handler.get(known, []) if isinstance(known, Hashable) else []
        if len(found) == 1:
            return found[0]
        name = name_of(target)
        if not found:
            raise LookupError(f"{name} is not a handler of this app")
        names = ", ".join(repr(link.operation.name) for link in found)
        raise LookupError(f"{name} is registered {len(found)} times; say which by name: {names}")

    def location(self, target: object, params: dict[str, Any]) -> str:
        """The app-relative location of *target*; raises what `link` and `Link` raise."""
        return self.link(target)(params)  # type: ignore[arg-type]

    def _named(self, name: str) -> Link:
        link = self._by_name.get(name)
        if link is None:
            near = difflib.get_close_matches(name, self._by_name, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise LookupError(f"there is no operation named {name!r}{hint}")
        return link


def name_of(target: Any) -> str:
    """How messages call a target: a handler by its name, a text as it is."""
    return target if isinstance(target, str) else getattr(target, "__name__", repr(target))
