"""From an operation and its parameters to a location: what `Redirect.to` and `url_for` do.

A value is written as text and read back by the very reader that will read it in the next
request, so a link never leads to a 422.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redirflow.declare.operation import Operation
from redirflow.endpoint.convert import Unreadable
from redirflow.endpoint.signature import Parameter
from redirflow.http.location import quote_query
from redirflow.http.values import query_pairs, wire_text
from redirflow.routing.template import Template


class LinkRefused(ValueError):
    """Parameters that the target does not take, misses, or would not read. Repeats no value."""


@dataclass(frozen=True, slots=True)
class Link:
    """How a location of one operation is made.

    Attributes:
        path, query: the operation's parameters by argument name.
        plain: the one path parameter, if the operation has no more than that and it is `int`.
    """

    operation: Operation
    template: Template
    path: Mapping[str, Parameter]
    query: Mapping[str, Parameter]
    plain: str | None
    prefix: str

    def __call__(self, params: dict[str, Any]) -> str:
        """The app-relative location for *params*.

        Raises:
            LinkRefused: a parameter is unknown, missing or not of its type.
        """
        # PERF: one integer in the path is most of all redirects; 1.1 us less.
        if self.plain is not None and len(params) == 1:
            value = params.get(self.plain)
            if type(value) is int:
                return self.prefix + str(value)
        return self._careful(params)

    def _careful(self, params: dict[str, Any]) -> str:
        self.refuse_names(params)
        texts = {name: _text(self.path[name], params[name]) for name in self.path}
        try:
            path = self.template.expand(texts)
        except ValueError as error:
            raise LinkRefused(f"the path parameter {error}") from None
        pairs = [
            f"{quote_query(key)}={quote_query(text)}"
            for name, parameter in self.query.items()
            for key, text in _pairs(parameter, params.get(name))
        ]
        return f"{path}?{'&'.join(pairs)}" if pairs else path

    def refuse_names(self, params: Mapping[str, Any]) -> None:
        """Refuse unknown names and missing ones.

        Raises:
            LinkRefused: there are some.
        """
        name = self.operation.name
        unknown = [key for key in params if key not in self.path and key not in self.query]
        if unknown:
            takes = ", ".join([*self.path, *self.query]) or "none"
            raise LinkRefused(
                f"{name} takes no parameter {unknown[0]!r} in a link (takes: {takes})"
            )
        needed = [*self.path, *(key for key, query in self.query.items() if query.required)]
        missing = [key for key in needed if params.get(key) is None]
        if missing:
            raise LinkRefused(f"{name} needs the parameter {missing[0]!r}")


def _text(parameter: Parameter, value: Any) -> str:
    try:
        text = wire_text(value)
        parameter.reader.read(text)
    except (TypeError, Unreadable, ValueError) as error:
        raise LinkRefused(f"the parameter {parameter.name!r}: {error}") from None
    return text


def _pairs(parameter: Parameter, value: Any) -> Iterable[tuple[str, str]]:
    if value is None:
        return []
    if not parameter.reader.many:
        return [(parameter.key, _text(parameter, value))]
    try:
        pairs = list(query_pairs(parameter.key, value))
        parameter.reader.collect([parameter.reader.read(text) for _, text in pairs])
    except (TypeError, ValueError) as error:
        raise LinkRefused(f"the parameter {parameter.name!r}: {error}") from None
    return pairs


def link_to(operation: Operation, template: Template, parameters: Iterable[Parameter]) -> Link:
    """The link to *operation*, whose functions read *parameters*."""
    path = {parameter.name: parameter for parameter in parameters if parameter.where == "path"}
    query = {parameter.name: parameter for parameter in parameters if parameter.where == "query"}
    prefix, _, last = template.text.rpartition("{")
    plain = [*path.values()][0] if len(path) == 1 and not query and last.endswith("}") else None
    simple = plain is not None and plain.reader.fast == "int" and prefix.isascii()
    return Link(
        operation,
        template,
        path,
        query,
        plain.name if plain and simple else None,
        template.expand({plain.name: "0"})[:-1] if plain and simple else "",
    )


class Directory:
    """The operations of an app, by handler and by name, each with its link."""

    def __init__(self, links: Iterable[Link]) -> None:
        self.links = list(links)
        self._by_name = {link.operation.name: link for link in self.links}
        self._by_handler: dict[Any, list[Link]] = {}
        for link in self.links:
            self._by_handler.setdefault(_key(link.operation.handler), []).append(link)

    def link(self, target: Callable[..., Any] | str) -> Link:
        """The link that *target*, a handler or a name, means.

        Raises:
            LookupError: nothing or several operations are meant; the message says which.
        """
        if isinstance(target, str):
            return self._named(target)
        found = self._by_handler.get(_key(target), [])
        if len(found) == 1:
            return found[0]
        name = getattr(target, "__name__", repr(target))
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


def _key(handler: Any) -> Any:
    """Bound methods are made anew at each access, and compare by what they are bound to."""
    try:
        hash(handler)
    except TypeError:
        return id(handler)
    return handler
