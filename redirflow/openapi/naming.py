"""What authors wrote and msgspec's tree of types does not carry; above all, names.

`msgspec.inspect.type_info` turns an annotation into a plain tree, and that tree is what `schema`
walks. It was made for decoders, so what only a reader of the document cares about is lost on the
way, and recovered here from the annotations themselves:

* names. A component is called what its class is called. Generics read aloud: ``Page[User]`` is
  ``PageOfUser``, ``Pair[int, User]`` is ``PairOfIntAndUser``. No module shows in a name, and no
  name depends on what else is in the document, so adding a type renames nothing. Two types may
  then want one name, which is for the author to settle: by renaming a class, or by
  ``__schema_name__ = "..."`` in its body (that names this class, not its subclasses);
* order. type_info sorts the values of a Literal and the keys of a TypedDict, and puts the required
  fields of a dataclass first;
* prose. A class is described by the docstring in its own body, and only if a person wrote it;
* ``UNSET``. type_info drops it from unions, but a field that may hold it may be missing.

This file knows what a class says about itself, and no JSON Schema.
"""

import inspect
import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin
from typing import get_type_hints as resolved_hints

import msgspec
from msgspec import NODEFAULT, UnsetType
from msgspec import inspect as mi

from redirflow.declare.hooks import decoding, encoding

Mode = Literal["input", "output"]
Fielded: TypeAlias = mi.StructType | mi.DataclassType | mi.TypedDictType | mi.NamedTupleType
Literals: TypeAlias = dict[frozenset[tuple[type, object]], tuple[Any, ...]]
"""The values of each Literal as written, found by what they are in any order."""


def canonical(type_: Any) -> Any:
    """One type for what msgspec reads alike: ``Page[T]`` and ``Page[Any]`` are ``Page``.

    A type variable stands for its bound, or for anything; its own name says nothing.
    """
    cls = get_origin(type_)
    if cls is None:
        return type_

    free = type_.__parameters__
    bound = type_[_bounds(free)] if free else type_
    return cls if get_args(bound) == _bounds(cls.__parameters__) else bound


def _bounds(variables: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(variable.__bound__ or Any for variable in variables)


def class_of(type_: Any) -> Any:
    """The class behind a parametrised generic, or the class itself."""
    return get_origin(type_) or type_


def component_name(type_: Any) -> str:
    """What the component of a class, or of a parametrised generic class, is called.

    Only ``A-Z a-z 0-9 _ . -`` may stand in it (OpenAPI 3.2, Components Object).
    """
    name = _aloud(type_) if get_args(type_) else _own_name(type_)
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def _aloud(type_: Any) -> str:
    origin, args = get_origin(type_), get_args(type_)
    if origin is Annotated:
        return _aloud(args[0])
    if origin is Literal:
        return "Literal" + "Or".join(_camel(str(value)) for value in args)
    if origin in {Union, UnionType}:
        return "Or".join(map(_aloud, args))
    if args:
        return f"{_aloud(origin)}Of{'And'.join(_aloud(arg) for arg in args if arg is not ...)}"
    return _capital(_own_name(type_))


def _own_name(type_: Any) -> str:
    if type_ in {None, type(None)}:
        return "None"

    chosen: str | None = getattr(type_, "__dict__", {}).get("__schema_name__")
    return chosen or str(type_.__name__)


def _camel(text: str) -> str:
    return "".join(map(_capital, re.split(r"[^A-Za-z0-9]+", text)))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def label(type_: Any) -> str:
    """How messages call an annotation, without modules: ``User``, ``list[User]``."""
    text = type_.__name__ if isinstance(type_, type) else str(type_)
    return re.sub(r"(?:[A-Za-z_]\w*|<locals>)\.", "", text)


class Owner(NamedTuple):
    """Who has a component's name: a class in one direction."""

    subject: Any
    mode: Mode

    def __str__(self) -> str:
        return ("the input form of " if self.mode == "input" else "") + _whereabouts(self.subject)


def _whereabouts(type_: Any) -> str:
    """A class as a person can find it: ``shop.models.Item (shop/models.py:12)``."""
    cls = class_of(type_)
    name = f"{cls.__module__}.{cls.__qualname__}" if cls is type_ else str(type_)
    try:
        return f"{name} ({inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]})"
    except (OSError, TypeError):  # made at run time: there is no source to point at
        return name


class Names:
    """Who has which component name, and who came too late for one."""

    def __init__(self) -> None:
        self._owners: dict[str, Owner] = {}
        self._rivals: dict[str, list[Owner]] = {}
        self._untold: set[str] = set()

    def claim(self, name: str, owner: Owner) -> bool:
        """Whether `owner` is the first to ask for `name`, and so has to fill it."""
        if (first := self._owners.setdefault(name, owner)) is owner:
            return True
        if first != owner and owner not in self._rivals.setdefault(name, [first]):
            self._rivals[name].append(owner)
            self._untold.add(name)
        return False

    def release(self, name: str) -> None:
        """Give a name back that was claimed in vain."""
        del self._owners[name]

    def clashes(self) -> list[str]:
        """One sentence for every name that one more type wants since the last call, by name."""
        untold = sorted(self._untold)
        self._untold.clear()
        return [
            f"the component name `{name}` is wanted by {' and by '.join(map(str, owners))}: "
            f'rename one, or write `__schema_name__ = "..."` in the body of one'
            for name, owners in ((name, self._rivals[name]) for name in untold)
        ]


def description(type_: Any) -> str | None:
    """The docstring of a class, dedented; None where no person wrote one.

    An inherited one speaks of the base; dataclasses and named tuples are given their signature.
    """
    cls = class_of(type_)
    doc = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    signature = doc.startswith(f"{cls.__name__}(") and doc.endswith(")")
    return None if signature else doc or None


class Written:
    """One class as its author wrote it.

    PERF: most classes are described without their annotations, which take long to resolve.
    """

    def __init__(self, type_: Any) -> None:
        self._type = type_

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The annotations by field, those of the bases first."""
        return resolved_hints(class_of(self._type), include_extras=True)

    @cached_property
    def literals(self) -> Literals:
        """Those in its annotations and in what its bases are parametrised with."""
        mro = class_of(self._type).__mro__
        bases: list[Any] = [vars(each).get("__orig_bases__", ()) for each in mro]
        return literals_in([self._type, *chain.from_iterable(bases), *self.hints.values()])

    def fields(self, node: Fielded) -> Iterable[mi.Field]:
        """The fields in the order in which they are encoded."""
        if isinstance(node, mi.StructType | mi.NamedTupleType):
            return node.fields

        names = list(self.hints)
        return sorted(node.fields, key=lambda field: names.index(field.name))

    def always_sent(self, node: Fielded, field: mi.Field) -> bool:
        """Whether this field is in every value that msgspec encodes."""
        if field.required or positional(node):
            return True
        if field.default is NODEFAULT and field.default_factory is NODEFAULT:
            return False  # UNSET, or a key that a TypedDict may lack
        if UnsetType in get_args(self.hints.get(field.name)):
            return False
        return not _omits_defaults(node) or field.default_factory not in (NODEFAULT, *_EMPTY)

    def default(self, field: mi.Field) -> Any:
        """The default as JSON; NODEFAULT without one, or if it is not of the field's type."""
        if field.default_factory in _EMPTY:
            return _EMPTY[field.default_factory]()
        if field.default is NODEFAULT:
            return NODEFAULT
        try:
            value = plain(field.default)
            hint = self.hints.get(field.name, Any)
            msgspec.convert(value, hint, str_keys=True, dec_hook=decoding())
        except (TypeError, ValueError):
            return NODEFAULT
        return value


_EMPTY: dict[Any, Any] = {list: list, dict: dict, set: list}
"""The factories behind ``= []``, ``= {}`` and ``= set()``, and what they make as JSON."""


def positional(node: Fielded) -> bool:
    """Whether the fields travel as an array."""
    return isinstance(node, mi.NamedTupleType) or getattr(node, "array_like", False)


def _omits_defaults(node: Fielded) -> bool:
    config = getattr(class_of(node.cls), "__struct_config__", None)
    return config is not None and config.omit_defaults


def plain(value: Any) -> Any:
    """A value as JSON would carry it; TypeError or ValueError if it can't.

    Sets are sorted: the document has to be the same in every process.
    """
    found = msgspec.to_builtins(value, str_keys=True, order="deterministic", enc_hook=encoding())
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    return found


def literals_in(annotations: Iterable[Any]) -> Literals:
    """Every Literal in these annotations; the first wins where two differ in order only."""
    found: Literals = {}
    for annotation in annotations:
        for values in _literals(annotation):
            found.setdefault(unordered(values), values)
    return found


def unordered(values: Iterable[object]) -> frozenset[tuple[type, object]]:
    """The key of `Literals`: ``1`` and ``True`` are equal, and not the same literal."""
    return frozenset((type(value), value) for value in values)


def _literals(annotation: Any) -> Iterator[tuple[Any, ...]]:
    if isinstance(annotation, type):
        return
    if get_origin(annotation) is Literal:
        yield get_args(annotation)
        return

    wrapped = (getattr(annotation, name) for name in _WRAPPERS if hasattr(annotation, name))
    for part in (*get_args(annotation), *wrapped):
        yield from _literals(part)


_WRAPPERS = ("__supertype__", "__value__", "__bound__")
"""What a NewType, a ``type X = ...`` and a type variable stand for."""
