"""A function's signature, read once: which argument comes from which part of a request.

By position in the signature: a name in the path template is a path parameter; a Struct or
another composite type is the body; a scalar or a list of scalars is a query parameter;
everything else says by its marker where it comes from.
"""

import functools
import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect as types_of

from redirflow.declare.dependencies import APIKey, Basic, Bearer, Depends, Scheme
from redirflow.declare.faults import Fault, Place
from redirflow.declare.params import Alias, In, Where
from redirflow.declare.streams import BackgroundTasks
from redirflow.endpoint.convert import Reader, Unreadable, is_scalar, reader_of, without_none
from redirflow.http.request import Request
from redirflow.http.upload import UploadFile


class Required:
    """Stands for "there is no default"."""

    def __repr__(self) -> str:
        return "<required>"


REQUIRED: Final = Required()
UNKNOWN: Final = inspect.Signature.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value read from the path, the query, a header, a cookie or a form.

    Attributes:
        name: the argument, or the field of *group*.
        key: the name on the wire; header names in lower case.
        type: the declared type, constraints included.
        default: a function that makes the default, or `REQUIRED`.
        shown: the default as the document shows it, or `REQUIRED`.
        group: the argument that is a Struct made of several parameters.
    """

    name: str
    where: Where
    key: str
    type: Any
    reader: Reader
    default: Callable[[], Any] | Required = REQUIRED
    shown: Any = REQUIRED
    group: str | None = None

    @property
    def required(self) -> bool:
        """Whether a request without it is refused."""
        return isinstance(self.default, Required)

    @property
    def fallible(self) -> bool:
        """Whether some request is refused because of it."""
        return self.reader.fallible or (self.required and self.where != "path")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyParameter:
    """The argument that is the decoded body; `default` as in `Parameter`."""

    name: str
    type: Any
    default: Callable[[], Any] | Required = REQUIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Where each argument of a function comes from.

    Attributes:
        groups: arguments that are Structs made of parameters, by name.
        requests: arguments that are the request.
        tasks: arguments that are the background tasks of the request.
        depends: arguments that are results of dependencies.
        schemes: arguments that are credentials; the flag says that they may be missing.
        returns: the return annotation, or `UNKNOWN`.
        positional: the order of arguments, if all of them can be passed by position.
    """

    function: Callable[..., Any]
    parameters: tuple[Parameter, ...] = ()
    groups: Mapping[str, type]
    body: BodyParameter | None = None
    requests: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    depends: tuple[tuple[str, Depends], ...] = ()
    schemes: tuple[tuple[str, Scheme, bool], ...] = ()
    returns: Any = UNKNOWN
    positional: tuple[str, ...] | None = None


class _Misread(Exception):
    """One argument can't be placed; becomes a `Fault`."""

    def __init__(self, found: str, allowed: str = "", write: str = "") -> None:
        super().__init__(found)
        self.found, self.allowed, self.write = found, allowed, write


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
    reading = _Reading(function, frozenset(template))
    try:
        hints = _hints(function, namespace)
        arguments = inspect.signature(function).parameters
    except (NameError, ValueError, TypeError) as error:
        faults.append(
            Fault(
                f"the annotations of {name} can't be resolved: {error}",
                "names of the module, or of the function in which the handler is defined",
                "define the type at module level, or without `from __future__ import annotations`",
                place,
            )
        )
        return Signature(function=function, groups={})
    for argument in arguments.values():
        try:
            reading.take(argument, hints)
        except _Misread as misread:
            found = f"{name}({argument.name}): {misread.found}"
            faults.append(Fault(found, misread.allowed, misread.write, place))
    return reading.done(arguments.values(), hints.get("return", UNKNOWN))


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling *function* gives a coroutine."""
    return inspect.iscoroutinefunction(_called(function))


def generates(function: Callable[..., Any]) -> bool:
    """Whether *function* is a generator function, async or not."""
    inner = _called(function)
    return inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner)


def generates_async(function: Callable[..., Any]) -> bool:
    """Whether *function* is an async generator function."""
    return inspect.isasyncgenfunction(_called(function))


def _called(function: Callable[..., Any]) -> Any:
    """What runs when *function* is called: for a partial or an object with `__call__`."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return type(function).__call__


def _hints(function: Callable[..., Any], namespace: Mapping[str, Any]) -> dict[str, Any]:
    inner: Any = _called(inspect.unwrap(function))
    if inspect.isclass(inner):
        inner = inner.__init__
        if not isinstance(inner, types.FunctionType):
            return {}
    inner = inspect.unwrap(inner)
    inner = getattr(inner, "__func__", inner)
    closure = (
        inspect.getclosurevars(inner).nonlocals if isinstance(inner, types.FunctionType) else {}
    )
    return get_type_hints(inner, localns={**namespace, **closure}, include_extras=True)


class _Reading:
    """Sorts the arguments of one function."""

    def __init__(self, function: Callable[..., Any], template: frozenset[str]) -> None:
        self.function = function
        self.template = template
        self.parameters: list[Parameter] = []
        self.groups: dict[str, type] = {}
        self.body: BodyParameter | None = None
        self.requests: list[str] = []
        self.tasks: list[str] = []
        self.depends: list[tuple[str, Depends]] = []
        self.schemes: list[tuple[str, Scheme, bool]] = []

    def take(self, argument: inspect.Parameter, hints: Mapping[str, Any]) -> None:
        if argument.kind in {
            argument.VAR_POSITIONAL,
            argument.VAR_KEYWORD,
            argument.POSITIONAL_ONLY,
        }:
            raise _Misread(
                f"an argument of the kind {argument.kind.description}", "arguments with a name"
            )
        if argument.name not in hints:
            raise _Misread("it has no annotation", "an annotation", f"{argument.name}: str")
        type_, marks = _taken_apart(hints[argument.name])
        injected = [mark for mark in marks if isinstance(mark, Depends | Bearer | Basic | APIKey)]
        if injected:
            self._inject(argument.name, type_, injected[0])
        elif type_ is Request:
            self.requests.append(argument.name)
        elif type_ is BackgroundTasks:
            self.tasks.append(argument.name)
        else:
            self._read(argument, type_, marks)

    def done(self, arguments: Iterable[inspect.Parameter], returns: Any) -> Signature:
        by_position = all(argument.kind is argument.POSITIONAL_OR_KEYWORD for argument in arguments)
        return Signature(
            function=self.function,
            parameters=tuple(self.parameters),
            groups=self.groups,
            body=self.body,
            requests=tuple(self.requests),
            tasks=tuple(self.tasks),
            depends=tuple(self.depends),
            schemes=tuple(self.schemes),
            returns=returns,
            positional=tuple(argument.name for argument in arguments) if by_position else None,
        )

    def _inject(self, name: str, type_: Any, mark: Depends | Scheme) -> None:
        if isinstance(mark, Depends):
            self.depends.append((name, mark))
        else:
            self.schemes.append((name, mark, without_none(type_) is not type_))

    def _read(self, argument: inspect.Parameter, type_: Any, marks: list[Any]) -> None:
        where, info = self._place(argument.name, type_, marks)
        _refuse_hash_input(info)
        if where == "body":
            self._take_body(argument, type_)
        elif isinstance(info, types_of.StructType):
            self._take_group(argument.name, where, info.cls)
        else:
            self.parameters.append(_parameter(argument, type_, marks, where))

    def _place(self, name: str, type_: Any, marks: list[Any]) -> tuple[Where, types_of.Type]:
        info = _info(type_)
        marked = [mark.where for mark in marks if isinstance(mark, In)]
        if name in self.template:
            if marked:
                raise _Misread(
                    f"it stands in the path, but is marked as {marked[0]}",
                    "a path parameter has no marker",
                )
            return "path", info
        if marked:
            return marked[-1], info
        if is_upload(type_):
            return "form", info
        return ("body" if _is_composite(info) else "query"), info

    def _take_body(self, argument: inspect.Parameter, type_: Any) -> None:
        if self.body is not None:
            raise _Misread(
                f"{self.body.name} is the body already",
                "one body",
                "one Struct with both as its fields",
            )
        self.body = BodyParameter(name=argument.name, type=type_, default=_default(argument)[0])

    def _take_group(self, name: str, where: Where, struct: type[msgspec.Struct]) -> None:
        if where == "path":
            raise _Misread("a path parameter that is a Struct", "a scalar")
        self.groups[name] = struct
        for field in msgspec.structs.fields(struct):
            type_, marks = _taken_apart(field.type)
            default, shown = _field_default(field)
            self.parameters.append(
                Parameter(
                    name=field.name,
                    where=where,
                    key=_key(field.encode_name, marks, where),
                    type=type_,
                    reader=_reader(type_),
                    default=default,
                    shown=shown,
                    group=name,
                )
            )


def _taken_apart(hint: Any) -> tuple[Any, list[Any]]:
    """A hint as the type that msgspec reads, and our marks on it."""
    if get_origin(hint) is not Annotated:
        return hint, []
    type_, *marks = get_args(hint)
    metas = [mark for mark in marks if isinstance(mark, msgspec.Meta)]
    ours = [mark for mark in marks if not isinstance(mark, msgspec.Meta)]
    return (Annotated[(type_, *metas)] if metas else type_), ours


def _info(type_: Any) -> types_of.Type:
    if is_upload(type_):
        return types_of.AnyType()
    try:
        info = types_of.type_info(without_none(type_))
    except (TypeError, NameError) as error:
        raise _Misread(
            f"msgspec can't read a {_shown(type_)} ({error})",
            "the types that msgspec reads",
            "a Struct or a dataclass with the same fields",
        ) from None
    while isinstance(info, types_of.Metadata):
        info = info.type
    if isinstance(info, types_of.CustomType):
        raise _Misread(
            f"{_shown(type_)} is no type that msgspec reads",
            "Struct, dataclass, attrs class, TypedDict, and the types of the standard library",
            "a Struct or a dataclass with the same fields",
        )
    return info


def _shown(type_: Any) -> str:
    return getattr(type_, "__qualname__", None) or str(type_)


def _is_composite(info: types_of.Type) -> bool:
    """Whether a value of this type is a body: neither a scalar nor a list of scalars."""
    if isinstance(
        info,
        types_of.ListType | types_of.SetType | types_of.FrozenSetType | types_of.VarTupleType,
    ):
        return not is_scalar(info.item_type)
    return not is_scalar(info)


def _parameter(
    argument: inspect.Parameter, type_: Any, marks: list[Any], where: Where
) -> Parameter:
    default, shown = _default(argument)
    if where == "path" and not isinstance(default, Required):
        raise _Misread("a path parameter with a default", "none: the path always has it")
    return Parameter(
        name=argument.name,
        where=where,
        key=_key(argument.name, marks, where),
        type=type_,
        reader=_reader(type_),
        default=default,
        shown=shown,
    )


def is_upload(type_: Any) -> bool:
    """Whether a parameter is an uploaded file, or several."""
    bare = without_none(type_)
    return bare is UploadFile or (get_origin(bare) is list and get_args(bare) == (UploadFile,))


def _read_upload(value: Any) -> UploadFile:
    if not isinstance(value, UploadFile):
        raise Unreadable("Expected a file")
    return value


def _reader(type_: Any) -> Reader:
    if is_upload(type_):
        return Reader(_read_upload, many=without_none(type_) is not UploadFile)
    try:
        return reader_of(type_)
    except TypeError as error:
        raise _Misread(
            f"{_shown(type_)} can't be read from one text: {error}",
            "a scalar, or a list of scalars",
            "Body[...] if it is the body",
        ) from None


def _key(name: str, marks: list[Any], where: Where) -> str:
    key = next((mark.name for mark in marks if isinstance(mark, Alias)), None)
    if where == "header":
        return (key or name.replace("_", "-")).lower()
    return key or name


def _default(argument: inspect.Parameter) -> tuple[Callable[[], Any] | Required, Any]:
    if argument.default is argument.empty:
        return REQUIRED, REQUIRED
    return _making(argument.default), argument.default


def _field_default(field: msgspec.structs.FieldInfo) -> tuple[Callable[[], Any] | Required, Any]:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory, field.default_factory()
    if field.default is not msgspec.NODEFAULT:
        return _making(field.default), field.default
    return REQUIRED, REQUIRED


def _making(default: Any) -> Callable[[], Any]:
    """A function that makes *default*: a fresh copy of what could be changed."""
    if isinstance(default, list | set | dict):
        return default.copy
    return lambda: default


_KEYED: Final = (types_of.SetType, types_of.FrozenSetType)


def _refuse_hash_input(info: types_of.Type) -> None:
    """Refuse sets and dictionaries of unbounded integers: CPython's hash of an integer is no
    secret, so 400 kB of chosen ones take seconds to insert.
    """
    for part in _parts_of(info, set()):
        key = part.item_type if isinstance(part, _KEYED) else getattr(part, "key_type", None)
        if isinstance(key, types_of.IntType) and not _bounded(key):
            raise _Misread(
                "a set or dict of unbounded integers in a request: colliding ones would stall it",
                "a list, str keys, or bounded integers",
                "set[Annotated[int, Meta(ge=0, le=1_000_000)]]",
            )


def _bounded(info: types_of.IntType) -> bool:
    low = info.ge if info.ge is not None else info.gt
    high = info.le if info.le is not None else info.lt
    return low is not None and high is not None


def _parts_of(info: types_of.Type, seen: set[type]) -> Iterator[types_of.Type]:
    """*info* and every type inside it, each class once."""
    cls = getattr(info, "cls", None)
    if cls is not None:
        if cls in seen:
            return
        seen.add(cls)
    yield info
    for name in ("type", "item_type", "key_type", "value_type"):
        part = getattr(info, name, None)
        if isinstance(part, types_of.Type):
            yield from _parts_of(part, seen)
    for name in ("types", "item_types", "fields"):
        for part in getattr(info, name, ()):
            yield from _parts_of(part if isinstance(part, types_of.Type) else part.type, seen)
