"""Types that msgspec does not know: how their values travel, said once.

What a `TypeHook` says holds in parameters, bodies, responses and the document alike. The hooks
of an app are in force while it is compiled; everything that is made meanwhile keeps what it
needs of them, and an app without hooks makes its decoders without any.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct
from msgspec import inspect as types_of

from redirflow.declare.checks import DeclaredMeta, check_fields
from redirflow.declare.faults import refuse
from redirflow.declare.specs import NOTHING

Encode: TypeAlias = Callable[[Any], Any]
Decode: TypeAlias = Callable[[type, Any], Any]


class TypeHook(Struct, frozen=True, eq=False, metaclass=DeclaredMeta):
    """How values of one class travel.

    `TypeHook(IPv4Address, schema={"format": "ipv4"})`

    Args:
        type: the class.
        decode: from a value of *wire* to one of *type*; a `ValueError` or `TypeError` is the
            client's fault, and its text is told; so is an `ArithmeticError` or `LookupError`,
            without its text. By default the class itself.
        encode: from a value of *type* to one of *wire*.
        wire: the type that travels; it is checked before *decode* is called.
        schema: what the document says besides the schema of *wire*.

    Raises:
        SpecError: msgspec knows the type already, or does not know *wire*.
    """

    type: type
    decode: Callable[[Any], Any] | None = None
    encode: Callable[[Any], Any] = str
    wire: Any = str
    schema: Mapping[str, Any] = NOTHING

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(types_of.type_info(self.type), types_of.CustomType):
            raise refuse(f"TypeHook({self.type.__name__})", "a class that msgspec does not know")
        if not _is_known(self.wire):
            raise refuse(f"TypeHook(wire={self.wire!r})", "a type that msgspec knows")

    def read(self, value: Any) -> Any:
        """The value of *type* that *value*, as it came over the wire, stands for."""
        if isinstance(value, self.type):
            return value
        try:
            wired = msgspec.convert(value, self.wire)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None  # msgspec tells where only of these
        try:
            return (self.decode or self.type)(wired)
        except (ArithmeticError, LookupError) as error:
            # `Decimal("x")` and `ZoneInfo("x")` are no ValueErrors.
            raise ValueError(f"Invalid {self.type.__name__}") from error


def _is_known(wire: Any) -> bool:
    """Whether msgspec knows the type that travels."""
    with suppress(TypeError):
        return not isinstance(types_of.type_info(wire), types_of.CustomType)
    return False


Hooks: TypeAlias = Mapping[type, TypeHook]

NONE: Final[Hooks] = MappingProxyType({})

_IN_FORCE: Final[ContextVar[Hooks]] = ContextVar("hooks", default=NONE)


def checked_hooks(hooks: Iterable[TypeHook]) -> Hooks:
    """Hooks by their classes.

    Raises:
        SpecError: two are for the same one.
    """
    found: dict[type, TypeHook] = {}
    for hook in hooks:
        if found.setdefault(hook.type, hook) is not hook:
            raise refuse(f"two hooks for {hook.type.__name__}", "one hook for a class")
    return MappingProxyType(found)


@contextmanager
def in_force(hooks: Hooks) -> Generator[None]:
    """Compile with these hooks."""
    token = _IN_FORCE.set(hooks)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)


def hook_of(cls: type) -> TypeHook | None:
    """The hook for a class."""
    return _IN_FORCE.get().get(cls)


def hooked() -> bool:
    """Whether any hook is in force."""
    return bool(_IN_FORCE.get())


def decoding() -> Decode | None:
    """What msgspec calls with a class that it does not know and what came for it."""
    hooks = _IN_FORCE.get()
    return (lambda cls, value: hooks[cls].read(value)) if hooks else None


def encoding() -> Encode:
    """What msgspec calls with a value of a class that it does not know.

    A text of a class of its own, as templates and databases make them, is a text.
    """
    hooks = _IN_FORCE.get()

    def encode(value: Any) -> Any:
        kinds = type(value).__mro__
        if isinstance(value, _KNOWN):  # so it stands where msgspec does not encode it
            raise TypeError("Only dicts with str-like or number-like keys are supported")
        for cls in kinds:
            if cls in hooks:
                return hooks[cls].encode(value)
        for cls in kinds:
            if cls in _PLAIN:
                return _PLAIN[cls](value)
        raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")

    return encode


_PLAIN: Final[Mapping[type, Encode]] = MappingProxyType(
    {
        str: str.__str__,
        int: int.__int__,
        float: float.__float__,
        bytes: bytes.__bytes__,
    }
)
"""What makes a plain value of one whose class inherits from these; none can be overridden."""

_KNOWN: Final = (bool, tuple, frozenset, Struct, type(None))
"""Keys of a dictionary: as values, msgspec knows them."""
