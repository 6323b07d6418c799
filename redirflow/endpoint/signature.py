"""A function's signature: which of its arguments come from which part of a request."""

import functools
import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin, get_type_hints

from msgspec import Struct

from redirflow.declare.dependencies import Depends, Scheme
from redirflow.declare.faults import Fault
from redirflow.declare.params import Where
from redirflow.endpoint.convert import Reader, without_none
from redirflow.http.upload import UploadFile


class Required:
    """Stands for "there is no default"."""

    def __repr__(self) -> str:
        return "<required>"


REQUIRED: Final = Required()
Kind: TypeAlias = Literal["async", "sync", "async generator", "sync generator"]

UNKNOWN: Final = inspect.Signature.empty


class Parameter(Struct, frozen=True, kw_only=True):
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


class BodyParameter(Struct, frozen=True, kw_only=True):
    """The argument that is the decoded body; `default` as in `Parameter`."""

    name: str
    type: Any
    default: Callable[[], Any] | Required = REQUIRED


class Signature(Struct, frozen=True, kw_only=True):
    """Where each argument of a function comes from.

    Attributes:
        groups: arguments that are Structs made of parameters, by name.
        requests: arguments that are the request.
        tasks: arguments that are the background tasks of the request.
        scopes: arguments that are the scopes of the operation.
        depends: arguments that are results of dependencies.
        schemes: arguments that are credentials; the flag says that they may be missing.
        supplied: classes of the author's that these are of, each with its mark.
        unmarked: arguments of such classes that no mark says to come from the query or the body.
        unreadable: arguments of classes that no client can send, each with the fault that says so.
        returns: the return annotation, or `UNKNOWN`.
        positional: the order of arguments, if all of them can be passed by position.
    """

    parameters: tuple[Parameter, ...] = ()
    groups: Mapping[str, type]
    body: BodyParameter | None = None
    requests: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    depends: tuple[tuple[str, Depends], ...] = ()
    schemes: tuple[tuple[str, Scheme, bool], ...] = ()
    supplied: tuple[tuple[Any, Depends | Scheme], ...] = ()
    unmarked: tuple[tuple[str, Any, Where], ...] = ()
    unreadable: tuple[tuple[str, Any, Fault], ...] = ()
    returns: Any = UNKNOWN
    positional: tuple[str, ...] | None = None


def kind_of(function: Callable[..., Any]) -> Kind:
    """How a call of *function* runs; a wrapper that is a plain function hands on what it wraps."""
    for each in (_called(function), innermost(function)):
        for kind, is_kind in _KINDS.items():
            if is_kind(each):
                return kind
    return "sync"


_KINDS: Final[Mapping[Kind, Callable[[Any], bool]]] = {
    "async generator": inspect.isasyncgenfunction,
    "sync generator": inspect.isgeneratorfunction,
    "async": inspect.iscoroutinefunction,
}


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling *function* gives a coroutine."""
    return kind_of(function) == "async"


def innermost(function: Callable[..., Any]) -> Any:
    """What an author wrote, through `functools.partial`, `functools.wraps` and `__call__`."""
    while True:
        inner = _called(inspect.unwrap(function))
        if inner is function:
            return inner
        function = inner


def _called(function: Callable[..., Any]) -> Any:
    """What runs when *function* is called: for a partial or an object with `__call__`."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return type(function).__call__


def annotations_of(function: Callable[..., Any], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The annotations of *function*, resolved.

    Args:
        namespace: names of the function in which it is defined, for string annotations.

    Raises:
        AttributeError, NameError, TypeError: one means nothing.
    """
    inner = innermost(function)
    if inspect.isclass(inner) and isinstance(inner.__init__, types.FunctionType):
        inner = inspect.unwrap(inner.__init__)
    inner = getattr(inner, "__func__", inner)
    names = held_by(inner)
    if "<locals>" in inner.__qualname__:
        names = {**namespace, **names}
    try:
        return get_type_hints(inner, localns=names, include_extras=True)
    except NameError:
        raise
    except Exception as error:  # an annotation that is a text is run
        raise TypeError(str(error)) from error


def held_by(function: Any) -> dict[str, Any]:
    """What *function* holds of those around it; a name may have no value yet."""
    held: dict[str, Any] = {}
    if isinstance(function, types.FunctionType):
        cells = function.__closure__ or ()
        for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
            with suppress(ValueError):
                held[name] = cell.cell_contents
    return held


class Unbindable(Exception):
    """A `functools.partial` gives *function* what is none of the arguments *known*."""

    def __init__(self, said: str, function: str, known: Iterable[str]) -> None:
        super().__init__(said)
        self.function, self.known = function, ", ".join(known) or "none"


def arguments_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The arguments of *function* but those that a `functools.partial` gives: no client may.

    Raises:
        TypeError, ValueError: it can't be told.
        Unbindable: a `functools.partial` gives what its function does not take.
    """
    fixed = _fixed(function)
    arguments = inspect.signature(function).parameters.values()
    return [argument for argument in arguments if argument.name not in fixed]


def misfit(function: Callable[..., Any], arguments: list[inspect.Parameter]) -> str:
    """Why what wraps a function can't be called with its *arguments*; empty if it can."""
    own = _own_signature(function)
    try:
        if own is not None:
            own.bind(**{argument.name: None for argument in arguments})
    except TypeError as error:
        return str(error)
    return ""


def positions(
    function: Callable[..., Any], arguments: list[inspect.Parameter]
) -> tuple[str, ...] | None:
    """The names of *arguments*, if each can be passed to *function* by position."""
    plain = all(each.kind is each.POSITIONAL_OR_KEYWORD for each in arguments)
    if _fixed(function) or not plain:
        return None
    names = tuple(argument.name for argument in arguments)
    own = _own_signature(function)
    return names if own is None or _takes_in_order(own, names) else None


def _takes_in_order(own: inspect.Signature, names: tuple[str, ...]) -> bool:
    """Whether values of these *names*, given by position, are taken for what they are."""
    kinds = [each.kind for each in own.parameters.values()]
    lead = [each.name for each in own.parameters.values() if each.kind is _BY_POSITION]
    starred = inspect.Parameter.VAR_POSITIONAL in kinds
    return (*lead[: len(names)],) == names[: len(lead)] and (starred or len(lead) >= len(names))


_BY_POSITION: Final = inspect.Parameter.POSITIONAL_OR_KEYWORD


def _own_signature(function: Callable[..., Any]) -> inspect.Signature | None:
    """The signature of what wraps a function (`functools.wraps`), if something does."""
    if hasattr(_called(function), "__wrapped__"):  # PERF: 10 us for most, and nothing found
        with suppress(TypeError, ValueError):  # what is written in C hands on what it gets
            return inspect.signature(function, follow_wrapped=False)
    return None


def _fixed(function: Any) -> set[str]:
    """The arguments that a `functools.partial` gives."""
    if isinstance(function, functools.partial):
        inner: Any = function.func
        known = inspect.signature(inner)
        try:
            given = known.bind_partial(*function.args, **function.keywords)
        except TypeError as error:
            name = getattr(inner, "__name__", type(inner).__name__)
            raise Unbindable(str(error), name, known.parameters) from None
        return {*given.arguments, *_fixed(inner)}
    wrapped = getattr(function, "__wrapped__", None)
    return set() if wrapped is None else _fixed(wrapped)


def is_upload(type_: Any) -> bool:
    """Whether a parameter is an uploaded file, or several."""
    bare = without_none(type_)
    if isinstance(bare, type):  # PERF: most are a class
        return bare is UploadFile
    return get_origin(bare) is list and get_args(bare) == (UploadFile,)
