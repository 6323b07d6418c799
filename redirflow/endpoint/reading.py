"""Reading a signature: which argument comes from which part of a request.

By position in the signature: a name in the path template is a path parameter; a Struct or
another composite type is the body; a scalar or a list of scalars is a query parameter;
everything else says by its marker where it comes from.
"""

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Never

import msgspec
from msgspec import inspect as types_of

from redirflow.declare.dependencies import Depends, Scopes
from redirflow.declare.faults import Fault, Place, raising_place
from redirflow.declare.params import In, Where
from redirflow.declare.streams import BackgroundTasks
from redirflow.endpoint.argument import (
    field_parameters,
    info_of,
    parameter_of,
    where_of,
)
from redirflow.endpoint.convert import takes_none
from redirflow.endpoint.default import default_of
from redirflow.endpoint.marks import (
    INJECTED,
    Foreign,
    Misread,
    alias_of,
    refuse_strays,
    source_of,
    taken_apart,
)
from redirflow.endpoint.parts import own_class
from redirflow.endpoint.signature import (
    UNKNOWN,
    BodyParameter,
    Signature,
    Unbindable,
    annotations_of,
    arguments_of,
    misfit,
    positions,
)
from redirflow.http.request import Request


def read_signature(
    function: Callable[..., Any],
    *,
    template: Iterable[str] = (),
    namespace: Mapping[str, Any],
    place: Place | None,
    faults: list[Fault],
) -> Signature:
    """The signature of a handler or a dependency.

    Args:
        template: names of path parameters.
        namespace: names that string annotations may use besides the module's.
        place: where faults are reported.
        faults: what is wrong is added here; the result is then incomplete.
    """
    name = getattr(function, "__name__", type(function).__name__)
    try:
        hints, arguments = annotations_of(function, namespace), arguments_of(function)
    except (AttributeError, NameError, TypeError, ValueError) as error:
        faults.append(_unresolved(name, error, place))
        return Signature(groups={}, returns=Never)
    except Unbindable as error:
        found = f"a functools.partial of {error.function}: {error}"
        allowed = f"its arguments, which are: {error.known}"
        faults.append(Fault(found, allowed, place=place))
        return Signature(groups={}, returns=Never)
    odd = misfit(function, arguments)
    if odd:
        found = f"{name}: what wraps it can't be called with its arguments: {odd}"
        write = "def wrapper(*args, **kwargs), which hands them on"
        faults.append(Fault(found, "a wrapper that takes them all by name", write, place))
    reading = _Reading(function, frozenset(template))
    for argument in arguments:
        try:
            reading.take(argument, hints)
        except Misread as misread:
            found = f"{name}({argument.name}): {misread.found}"
            fault = Fault(found, misread.allowed, misread.write, place)
            faults.append(fault)
            if isinstance(misread, Foreign):
                unreadable = (argument.name, own_class(hints[argument.name]), fault)
                reading.found["unreadable"].append(unreadable)
        except Exception as error:
            raised = raising_place(error)
            if raised is None:
                raise
            kind = type(error).__name__
            found = f"{name}({argument.name}): to look at its annotation or default raises {kind}"
            allowed = f"what can be looked at; it is raised at {raised}"
            faults.append(Fault(found, allowed, place=place))
    return reading.done(hints.get("return", UNKNOWN), arguments)


def _unresolved(name: str, error: Exception, place: Place | None) -> Fault:
    if isinstance(error, ValueError):  # of `inspect.signature`
        return Fault(
            f"the arguments of {name} can't be read: {error}",
            "functions, methods and classes that are written in Python",
            f"a function that calls {name}",
            place,
        )
    return Fault(
        f"the annotations of {name} can't be resolved: {error}",
        "names of the module, or of the function in which the handler is defined",
        "define the type at module level, or without `from __future__ import annotations`",
        place,
    )


_GIVEN: Final = {"requests": Request, "tasks": BackgroundTasks, "scopes": Scopes}


_NAMED: Final = {
    "request": "Request",
    "tasks": "BackgroundTasks",
    "background_tasks": "BackgroundTasks",
    "scopes": "Scopes",
}
"""What arguments of these names mostly are."""


def _meant(argument: inspect.Parameter, template: frozenset[str]) -> str:
    """What an argument without an annotation is, where its default, name or place says it."""
    name, default = argument.name, argument.default
    if isinstance(default, INJECTED):
        mark = default if isinstance(default, Depends) else f"{type(default).__name__}(...)"
        return f"{name}: Annotated[..., {mark}]"
    if isinstance(default, bool | int | float | str):
        return f"{name}: {type(default).__name__} = {default!r}"
    kind = _NAMED.get(name, "str" if name in template else "")
    return f"{name}: {kind}" if kind else ""


class _Reading:
    """Sorts the arguments of one function; `found` is by the fields of `Signature`."""

    def __init__(self, function: Callable[..., Any], template: frozenset[str]) -> None:
        self.function = function
        self.template = template
        self.groups: dict[str, type] = {}
        self.body: BodyParameter | None = None
        self.found: defaultdict[str, list[Any]] = defaultdict(list)

    def take(self, argument: inspect.Parameter, hints: Mapping[str, Any]) -> None:
        if argument.kind not in {argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY}:
            found = f"an argument of the kind {argument.kind.description}"
            raise Misread(found, "arguments with a name")
        if argument.name not in hints:
            allowed = "its type, or Annotated[..., Depends(...)]"
            raise Misread("it has no annotation", allowed, _meant(argument, self.template))
        type_, marks = taken_apart(hints[argument.name])
        refuse_strays(hints[argument.name], marks)
        source = source_of(argument, marks)
        given = next((name for name, kind in _GIVEN.items() if type_ is kind), None)
        own = own_class(hints[argument.name])
        if own is not None and isinstance(source, INJECTED):
            self.found["supplied"].append((own, source))
        if isinstance(source, Depends):
            self.found["depends"].append((argument.name, source))
        elif isinstance(source, INJECTED):
            self.found["schemes"].append((argument.name, source, takes_none(type_)))
        elif given is not None:
            self.found[given].append(argument.name)
        else:
            where = self._read(argument, type_, marks, source)
            if own is not None and source is None and where in {"query", "body"}:
                self.found["unmarked"].append((argument.name, own, where))

    def done(self, returns: Any, arguments: list[inspect.Parameter]) -> Signature:
        return Signature(
            groups=self.groups,
            body=self.body,
            returns=returns,
            positional=positions(self.function, arguments),
            **{kind: tuple(names) for kind, names in self.found.items()},
        )

    def _read(
        self, argument: inspect.Parameter, type_: Any, marks: list[Any], marker: In | None
    ) -> Where:
        info = info_of(type_)
        name = alias_of(marks) or argument.name
        where = where_of(name, type_, info, marker, self.template)
        if where == "body":
            self._take_body(argument, type_)
        elif isinstance(info, types_of.StructType):
            self._take_group(argument, type_, where, info.cls)
        else:
            self.found["parameters"].append(parameter_of(argument, type_, marks, where))
        return where

    def _take_body(self, argument: inspect.Parameter, type_: Any) -> None:
        if self.body is not None:
            raise Misread(
                f"{self.body.name} is the body already",
                "one body",
                "one Struct with both as its fields",
            )
        self.body = BodyParameter(
            name=argument.name, type=type_, default=default_of(argument, type_)[0]
        )

    def _take_group(
        self, argument: inspect.Parameter, type_: Any, where: Where, struct: type[msgspec.Struct]
    ) -> None:
        if where == "path":
            raise Misread("a path parameter that is a Struct", "a scalar")
        if argument.default is not argument.empty or takes_none(type_):
            raise Misread(
                f"a Struct of {where} parameters that may be missing as a whole",
                "defaults in its fields",
                f"class {struct.__name__}(Struct): limit: int = 20",
            )
        self.groups[argument.name] = struct
        self.found["parameters"] += field_parameters(struct, where, argument.name)
