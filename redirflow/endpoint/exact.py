"""What is surely as declared, told by a look at the value itself.

Decoding the bytes of an answer to check them costs twice what encoding it did, and several times
its memory (`benchmarks/payload.py`). A value that is made of exactly the declared classes needs no
such check: a predicate is generated for each type of plain kinds, and where it says yes the
strict twin would take the bytes. It knows nothing else: at any doubt, a subclass among them, the
bytes decide.

The source holds no name of an author's: classes and limits are default arguments, fields are
numbered, and their names put in when it is compiled. Types of one shape share their code.
"""

from collections.abc import Callable
from enum import Flag
from functools import cache
from itertools import count
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from msgspec import inspect as types_of

from redirflow.endpoint.parts import type_info
from redirflow.endpoint.twins import takes_more

Exact: TypeAlias = Callable[[Any], bool]


def unsure(_: Any) -> bool:
    """Says yes to nothing."""
    return False


_DEPTH: Final = 12
"""Loops and conditions inside each other; CPython allows 20."""


class _Unknown(Exception):
    """A kind of type that only its bytes can tell of."""


def exact_predicate(type_: Any) -> Exact | None:
    """Whether a value is surely of *type_*; `None` where only its bytes can tell.

    Raises whatever it likes for other values: that is a no.
    """
    writing = _Writing()
    try:
        writing.check(type_info(type_), "value", 1)
    except _Unknown:
        return None
    source = "\n".join(
        [
            f"def exact(value, {', '.join(f'c{number}' for number in range(len(writing.given)))}):",
            *writing.lines,
            "    return True",
        ]
    )
    code = _compiled(source)
    names = tuple(writing.fields.get(name, name) for name in code.co_names)
    made = FunctionType(code.replace(co_names=names), {}, "exact", tuple(writing.given))
    return cast("Exact", made)


@cache
def _compiled(source: str) -> CodeType:
    (code,) = (
        constant
        for constant in compile(source, "<redirflow exact>", "exec").co_consts
        if isinstance(constant, CodeType)
    )
    return code


class _Writing:
    """Writes the source of one predicate; a `return False` for each thing that may be wrong."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.given: list[Any] = []  # PERF: as arguments, found faster than globals (a tenth)
        self.fields: dict[str, str] = {}
        self._above: list[type] = []
        self._locals = count()

    def check(self, info: types_of.Type, name: str, depth: int) -> None:
        """Write what refuses the local *name* unless it is of the type *info*."""
        write = _WRITERS.get(type(info))
        if write is None or depth > _DEPTH:
            raise _Unknown
        write(self, info, name, depth)

    def refuse(self, condition: str, depth: int) -> None:
        self.say(f"if {condition}: return False", depth)

    def say(self, line: str, depth: int) -> None:
        self.lines.append(f"{'    ' * depth}{line}")

    def constant(self, value: Any) -> str:
        """The name of an argument that is *value*."""
        known = next((n for n, each in enumerate(self.given) if each is value), None)
        if known is None:
            known = len(self.given)
            self.given.append(value)
        return f"c{known}"

    def local(self) -> str:
        return f"v{next(self._locals)}"

    def is_not(self, name: str, kind: type) -> str:
        return f"{self.constant(type)}({name}) is not {self.constant(kind)}"

    def scalar(self, info: Any, name: str, depth: int) -> None:
        """A value of one class, without limits."""
        if info != type(info)():
            raise _Unknown
        kind = _SCALARS[type(info)]
        finite = f" or {name} - {name} != 0.0" if kind is float else ""
        self.refuse(self.is_not(name, kind) + finite, depth)

    def member(self, info: types_of.EnumType, name: str, depth: int) -> None:
        """A member of an enumeration; flags, and what `_missing_` makes, may be none."""
        if issubclass(info.cls, Flag) or takes_more(info):
            raise _Unknown
        self.refuse(self.is_not(name, info.cls), depth)

    def maybe(self, info: types_of.UnionType, name: str, depth: int) -> None:
        """One type, or `None`."""
        others = [each for each in info.types if not isinstance(each, types_of.NoneType)]
        if len(others) != 1:
            raise _Unknown
        self.say(f"if {name} is not None:", depth)
        self.check(others[0], name, depth + 1)

    def sequence(self, info: types_of.ListType, name: str, depth: int) -> None:
        if info.min_length is not None or info.max_length is not None:
            raise _Unknown
        self.refuse(self.is_not(name, list), depth)
        if info.item_type == types_of.StrType():
            self.say(f"{self.constant(''.join)}({name})", depth)  # PERF: raises for any other item
            return
        item = self.local()
        self.say(f"for {item} in {name}:", depth)
        self.check(info.item_type, item, depth + 1)

    def mapping(self, info: types_of.DictType, name: str, depth: int) -> None:
        if info.min_length is not None or info.max_length is not None:
            raise _Unknown
        if info.key_type != types_of.StrType():
            raise _Unknown
        self.refuse(self.is_not(name, dict), depth)
        key, value = self.local(), self.local()
        self.say(f"for {key}, {value} in {name}.items():", depth)
        self.refuse(self.is_not(key, str), depth + 1)
        self.check(info.value_type, value, depth + 1)

    def struct(self, info: types_of.StructType, name: str, depth: int) -> None:
        cls: Any = getattr(info.cls, "__origin__", info.cls)
        if cls in self._above or cls.__getattribute__ is not object.__getattribute__:
            raise _Unknown
        self._above.append(cls)
        self.refuse(self.is_not(name, cls), depth)
        for field in info.fields:
            value, attribute = self.local(), f"f{len(self.fields)}"
            self.fields[attribute] = field.name
            self.say(f"{value} = {name}.{attribute}", depth)
            self.check(field.type, value, depth)
        self._above.pop()


_SCALARS: Final[dict[type[types_of.Type], type]] = {
    types_of.StrType: str,
    types_of.IntType: int,
    types_of.FloatType: float,
    types_of.BoolType: bool,
    types_of.UUIDType: UUID,
    types_of.NoneType: type(None),
}

_WRITERS: Final[dict[type[types_of.Type], Callable[[_Writing, Any, str, int], None]]] = {
    **dict.fromkeys(_SCALARS, _Writing.scalar),
    types_of.EnumType: _Writing.member,
    types_of.UnionType: _Writing.maybe,
    types_of.ListType: _Writing.sequence,
    types_of.DictType: _Writing.mapping,
    types_of.StructType: _Writing.struct,
}
