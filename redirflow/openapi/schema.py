"""From the types of an API to JSON Schema 2020-12 with named components.

Theory: an annotation becomes data (`msgspec.inspect.type_info`), and the schema is one walk over
that tree, with one small function per kind of node (`_RENDER`, at the end). The walk asks msgspec
and nobody else what a type means, because msgspec decodes what comes in and encodes what goes out:
whatever it encodes satisfies the output schema.

Classes and enums become components, everything else is written where it is used. Three rules:

* A name is a promise to generated clients. It follows from the class alone (`naming`), never from
  how the class is used or what else is in the document.
* A class has one component as long as it looks the same in both directions. It does not if one of
  its fields has a default, since a client may leave that out and the server never does, or if a
  class that it reaches does not. Then the output keeps the plain name and the input is
  ``<Name>Input``, also where only one of the two is used.
* What can't be described is refused with its path (``User.address.zip``), never guessed at; a
  refused type leaves nothing behind. A name that two types want is noted while walking, and told
  by `Components.clashes`.

Everything stands in declared order, so equal programs give equal bytes. This file knows nothing of
operations, media types and responses; the document puts its schemas where they belong.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Flag
from typing import Any, NamedTuple, TypeAlias, cast

from msgspec import NODEFAULT
from msgspec import inspect as mi

from redirflow.declare.hooks import hook_of
from redirflow.endpoint.parts import parts_of, type_info
from redirflow.openapi.naming import (
    Fielded,
    Literals,
    Mode,
    Names,
    Owner,
    Written,
    canonical,
    component_name,
    description,
    label,
    literals_in,
    plain,
    positional,
    unordered,
)

Schema: TypeAlias = dict[str, Any]
Named: TypeAlias = Fielded | mi.EnumType


class SchemaError(ValueError):
    """A type that the document can't describe: which, where it stands, and the way out."""


class Place(NamedTuple):
    """Where the walk stands: the direction, the path for messages, the Literals around."""

    mode: Mode
    path: str
    literals: Callable[[], Literals]

    def at(self, step: str) -> "Place":
        """One step further down."""
        return Place(self.mode, self.path + step, self.literals)

    def refusal(self, what: str, way_out: str) -> SchemaError:
        """The error for what stands here."""
        return SchemaError(f"`{self.path}` {what}: {way_out}")


class Components:
    """The named schemas of one document."""

    def __init__(self) -> None:
        self._names = Names()
        self._schemas: dict[str, Schema] = {}
        self._done: dict[tuple[type, Mode], Schema] = {}
        self._written: dict[Any, Written] = {}
        self._two_faced: dict[Any, bool] = {}

    def schema(self, type_: Any, mode: Mode) -> Schema:
        """The schema of an annotation: inline, or the ``$ref`` to a component that it leaves here.

        Raises SchemaError for a type, at any depth, that msgspec or JSON can't carry.
        """
        if not isinstance(type_, type):
            return self._rendered(type_, mode)
        if (type_, mode) not in self._done:
            self._done[type_, mode] = self._rendered(type_, mode)
        return self._done[type_, mode].copy()

    def _rendered(self, type_: Any, mode: Mode) -> Schema:
        before = len(self._schemas)
        try:
            return self.render(
                _tree(type_), Place(mode, label(type_), lambda: literals_in([type_]))
            )
        except SchemaError:
            for name in list(self._schemas)[before:]:
                del self._schemas[name]
                self._names.release(name)
            raise

    def clashes(self) -> list[str]:
        """What the last calls of `schema` left: a sentence for each name that two types want."""
        return self._names.clashes()

    def rendered(self) -> dict[str, Schema]:
        """All components, sorted by name."""
        return dict(sorted(self._schemas.items()))

    def render(self, node: mi.Type, place: Place) -> Schema:
        """The schema of one node of the tree: the walk itself."""
        return _RENDER.get(type(node), _unknown)(self, node, place)

    def component(self, node: Named, place: Place) -> Schema:
        """The ``$ref`` to a class's component, which is written if this is its first use."""
        cls = canonical(node.cls)
        mode: Mode = place.mode if self._differs(node) else "output"
        name = component_name(cls) + ("Input" if mode == "input" else "")
        if self._names.claim(name, Owner(cls, mode)):
            self._schemas[name] = {}  # the name comes before the schema, so that recursion ends
            body = _BODIES[type(node)](self, node, place)
            self._schemas[name] = given(description=description(node.cls)) | body
        return _ref(name)

    def written(self, node: Fielded) -> Written:
        """The class of `node` as its author wrote it."""
        if node.cls not in self._written:
            self._written[node.cls] = Written(node.cls)
        return self._written[node.cls]

    def _differs(self, node: Named) -> bool:
        """Whether a class, or one that it reaches, looks different in the two directions."""
        if node.cls in self._two_faced:
            return self._two_faced[node.cls]

        alike = [node.cls]
        for each in parts_of(node):
            if isinstance(each, mi.DecimalType):
                self._two_faced[node.cls] = True
                return True
            if not isinstance(each, Fielded):
                continue
            if self._two_faced.get(each.cls) or self._differs_itself(each):
                self._two_faced[node.cls] = True
                return True
            alike.append(each.cls)
        self._two_faced.update(dict.fromkeys(alike, False))
        return False

    def _differs_itself(self, node: Fielded) -> bool:
        sent = self.written(node).always_sent
        return any(sent(node, field) != field.required for field in node.fields)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _tree(type_: Any) -> mi.Type:
    try:
        return type_info(type_)
    except (TypeError, ValueError, NameError, RuntimeError) as error:
        raise SchemaError(f"`{label(type_)}` is refused by msgspec: {error}") from error


# Scalars: a fixed part, and the constraints in JSON Schema's words.

_LENGTHS = {"min_length": "minLength", "max_length": "maxLength"}
_BOUNDS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}
_TEXT = _LENGTHS | {"pattern": "pattern"}
_NUMBER = {"pattern": "^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$"}

_HOURS = "([01][0-9]|2[0-3]):[0-5][0-9]"
TIME = f"^{_HOURS}:[0-5][0-9](\\.[0-9]{{1,6}})?(Z|[+-]{_HOURS})?$"
"""A time of day, with an offset or without."""

BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
"""What msgspec reads as bytes: RFC 4648, 4, with its padding."""

_SCALARS: dict[type[mi.Type], tuple[Schema, Mapping[str, str]]] = {
    mi.AnyType: ({}, {}),
    mi.RawType: ({}, {}),
    mi.NoneType: ({"type": "null"}, {}),
    mi.BoolType: ({"type": "boolean"}, {}),
    mi.IntType: ({"type": "integer"}, _BOUNDS),
    mi.FloatType: ({"type": "number"}, _BOUNDS),
    mi.StrType: ({"type": "string"}, _TEXT),
    mi.DateType: ({"type": "string", "format": "date"}, {}),
    mi.TimeDeltaType: ({"type": "string", "format": "duration"}, {}),
    mi.UUIDType: ({"type": "string", "format": "uuid"}, {}),
}


def _scalar(_: Components, node: mi.Type, __: Place) -> Schema:
    fixed, words = _SCALARS[type(node)]
    return fixed | _limits(node, words)


def _limits(node: mi.Type, words: Mapping[str, str]) -> Schema:
    return {
        word: value for limit, word in words.items() if (value := getattr(node, limit)) is not None
    }


def given(**parts: Any) -> Schema:
    """An object of the document without the parts that say nothing (False and 0 say something)."""
    return {word: part for word, part in parts.items() if part not in (None, {}, [])}


def _bytes(_: Components, node: mi.Type, __: Place) -> Schema:
    """Bytes travel as base64: four characters for every three, or what is left (RFC 4648, 4)."""
    encoded = {word: -(-size // 3) * 4 for word, size in _limits(node, _LENGTHS).items()}
    return {"type": "string", "contentEncoding": "base64", "pattern": BASE64} | encoded


def _decimal(_: Components, __: mi.Type, place: Place) -> Schema:
    """Decimals are sent as text; a client may write a number too."""
    text: Schema = {"type": "string", "format": "decimal"}
    return text if place.mode == "output" else text | {"type": ["string", "number"]} | _NUMBER


def _moment(_: Components, node: mi.DateTimeType | mi.TimeType, __: Place) -> Schema:
    """RFC 3339, with an offset unless the type forbids one (OpenAPI's registry of formats).

    A time of day mostly has none, so a pattern says that it may. A moment mostly has one: there
    the format stays, which clients understand, and `Meta(tz=True)` makes it certain.
    """
    if isinstance(node, mi.TimeType) and node.tz is None:
        return {"type": "string", "pattern": TIME}
    form = "date-time" if isinstance(node, mi.DateTimeType) else "time"
    return {"type": "string", "format": f"{form}-local" if node.tz is False else form}


# Choices: literals and enums.

_KINDS = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


def _choice(values: Sequence[Any]) -> Schema:
    kinds = list(dict.fromkeys(_KINDS[type(value)] for value in values))
    choice = {"enum": list(values)} if len(values) > 1 else {"const": values[0]}
    if len(kinds) == 1:
        return {"type": kinds[0]} | choice
    return ({"type": kinds} if kinds[1:] == ["null"] else {}) | choice


def _literal(_: Components, node: mi.LiteralType, place: Place) -> Schema:
    return _choice(_values(node, place))


def _enum(_: Components, node: mi.EnumType, place: Place) -> Schema:
    values = _values(node, place)
    return {"type": "string" if isinstance(values[0], str) else "integer", "enum": values}


def _values(node: mi.EnumType | mi.LiteralType, place: Place) -> Sequence[Any]:
    if isinstance(node, mi.LiteralType):
        if len(node.values) == 1:
            return node.values
        return place.literals().get(unordered(node.values), node.values)
    if issubclass(node.cls, Flag):
        raise place.refusal("is a Flag, and no list names its combinations", "use an Enum or int")
    return [member.value for member in node.cls]


# Arrays and objects.


def _array(components: Components, node: mi.CollectionType, place: Place) -> Schema:
    items = components.render(node.item_type, place.at("[]"))
    # Sets have no `uniqueItems`: a client may repeat an item.
    lengths = _limits(node, {"min_length": "minItems", "max_length": "maxItems"})
    return given(type="array", items=items) | lengths


def _tuple(components: Components, node: mi.TupleType, place: Place) -> Schema:
    items = [components.render(each, place.at(f"[{i}]")) for i, each in enumerate(node.item_types)]
    return _row(items, least=len(items), closed=True)


def _row(items: Sequence[Schema], *, least: int, closed: bool) -> Schema:
    rest = False if closed else None
    return given(type="array", prefixItems=items, items=rest, minItems=least or None)


def _dict(components: Components, node: mi.DictType, place: Place) -> Schema:
    keys = _key(components, node.key_type, place)
    values = components.render(node.value_type, place.at("[]"))
    sizes = _limits(node, {"min_length": "minProperties", "max_length": "maxProperties"})
    return given(type="object", propertyNames=keys, additionalProperties=values) | sizes


def _object(components: Components, node: Fielded, place: Place) -> Schema:
    if positional(node):
        return _record(components, node, place)

    properties, required = _tag(node), list(_tag(node))
    for field, schema, always_there in _fields(components, node, place):
        properties[field.encode_name] = schema
        if always_there:
            required.append(field.encode_name)
    rest = False if getattr(node, "forbid_unknown_fields", False) else None
    return given(type="object", properties=properties, required=required, additionalProperties=rest)


def _record(components: Components, node: Fielded, place: Place) -> Schema:
    items, least = list(_tag(node).values()), len(_tag(node))
    for _, schema, always_there in _fields(components, node, place):
        items.append(schema)
        if always_there:
            least = len(items)
    return _row(items, least=least, closed=getattr(node, "forbid_unknown_fields", True))


def _tag(node: Fielded) -> dict[str, Schema]:
    field: str | None = getattr(node, "tag_field", None)
    return {field: _choice([getattr(node, "tag", None)])} if field else {}


def _fields(
    components: Components, node: Fielded, place: Place
) -> Iterator[tuple[mi.Field, Schema, bool]]:
    """Each field, its schema, and whether every value has it in this direction."""
    written = components.written(node)
    mode, path = place.mode, place.path
    for field in written.fields(node):
        within = Place(mode, f"{path}.{field.name}", lambda: written.literals)
        schema = components.render(field.type, within)
        if (default := written.default(field)) is not NODEFAULT:
            schema.setdefault("default", default)
        sent = field.required or (mode == "output" and written.always_sent(node, field))
        yield field, schema, sent


# The keys of a dict: strings on the wire, whatever they are in Python.


def _key(components: Components, node: mi.Type, place: Place) -> Schema:
    return _KEYS.get(type(node), _no_key)(components, node, place)


def _text_key(components: Components, node: mi.Type, place: Place) -> Schema:
    return {word: part for word, part in components.render(node, place).items() if word != "type"}


def _integer_key(_: Components, __: mi.Type, ___: Place) -> Schema:
    return {"pattern": "^-?(0|[1-9][0-9]*)$"}


def _choice_key(components: Components, node: mi.EnumType | mi.LiteralType, place: Place) -> Schema:
    values = _values(node, place)
    if any(value is None or isinstance(value, bool) for value in values):
        return _no_key(components, node, place)
    return {"enum": [str(value) for value in values]}


def _union_key(components: Components, node: mi.UnionType, place: Place) -> Schema:
    return _any_of([_key(components, each, place) for each in node.types], nullable=False)


def _annotated_key(components: Components, node: mi.Metadata, place: Place) -> Schema:
    return _key(components, node.type, place) | _extra(node, place)


def _no_key(_: Components, __: mi.Type, place: Place) -> Schema:
    raise place.refusal("has keys that a JSON object can't have", "use str, or a list of pairs")


# Unions.

_NULL = {"type": "null"}
_NOTES = {"title", "description", "examples"}
_BLIND_TO_NULL = {"type", "format", "contentEncoding", *_BOUNDS.values(), *_TEXT.values(), *_NOTES}
"""What a schema may hold and stay true when ``null`` joins its ``type``."""


def _union(components: Components, node: mi.UnionType, place: Place) -> Schema:
    options = [each for each in node.types if not isinstance(each, mi.NoneType)]
    nullable = len(options) < len(node.types)
    if nullable and all(isinstance(each, mi.LiteralType) for each in options):
        values = [value for each in options for value in _values(_bare(each), place)]
        return _choice([*(value for value in values if value is not None), None])

    structs = [each for each in options if _is_object(each)]
    if len(structs) < 2:
        return _any_of([components.render(each, place) for each in options], nullable=nullable)

    choice = _tagged(components, structs, place)
    if others := [components.render(each, place) for each in options if not _is_object(each)]:
        return _any_of([choice, *others], nullable=nullable)
    return choice | {"oneOf": [*choice["oneOf"], _NULL]} if nullable else choice


def _is_object(node: mi.Type) -> bool:
    bare = _bare(node)
    return isinstance(bare, mi.StructType) and not bare.array_like


def _bare(node: mi.Type) -> Any:
    return _bare(node.type) if isinstance(node, mi.Metadata) else node


def _tagged(components: Components, structs: Sequence[mi.Type], place: Place) -> Schema:
    """Structs that a tag tells apart: msgspec takes no others together."""
    schemas = [components.render(each, place) for each in structs]
    tags = (str(_bare(each).tag) for each in structs)
    mapping = {tag: schema["$ref"] for tag, schema in zip(tags, schemas, strict=True)}
    field = _bare(structs[0]).tag_field
    return {"oneOf": schemas, "discriminator": {"propertyName": field, "mapping": mapping}}


def _any_of(options: Sequence[Schema], *, nullable: bool) -> Schema:
    if {} in options:
        return {}
    if nullable and len(options) == 1:
        return _or_null(options[0])
    return {"anyOf": [*options, _NULL] if nullable else options}


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str) and schema.keys() <= _BLIND_TO_NULL:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, _NULL]}


# What authors add with Meta, and what can't be described.


def _annotated(components: Components, node: mi.Metadata, place: Place) -> Schema:
    extra = _extra(node, place)
    return components.render(node.type, place) | extra


def _extra(node: mi.Metadata, place: Place) -> Schema:
    extra = cast("Schema", node.extra_json_schema or {})
    try:
        return extra | given(examples=plain(extra.get("examples")))
    except (TypeError, ValueError) as error:
        raise place.refusal("has examples that are no JSON", str(error)) from error


def _custom(components: Components, node: mi.CustomType, place: Place) -> Schema:
    hook = hook_of(node.cls)
    if hook is not None:
        return components.render(mi.type_info(hook.wire), place) | dict(hook.schema)
    raise place.refusal(
        f"is `{node.cls.__module__}.{node.cls.__qualname__}`, which has no schema",
        "use a Struct, a dataclass or a built-in type, or give the app a hook for it, "
        f"`App(type_hooks=[TypeHook({node.cls.__name__}, ...)])`",
    )


def _unknown(_: Components, node: mi.Type, place: Place) -> Schema:
    what = f"is what msgspec calls {type(node).__name__}, which JSON can't carry"
    raise place.refusal(what, "use bytes, or a Struct")


# Which function describes what.

Render: TypeAlias = Callable[[Components, Any, Place], Schema]

_BODIES: dict[type[mi.Type], Render] = {
    mi.EnumType: _enum,
    mi.StructType: _object,
    mi.DataclassType: _object,
    mi.TypedDictType: _object,
    mi.NamedTupleType: _object,
}

_RENDER: dict[type[mi.Type], Render] = {
    **dict.fromkeys(_SCALARS, _scalar),
    **dict.fromkeys((mi.BytesType, mi.ByteArrayType, mi.MemoryViewType), _bytes),
    **dict.fromkeys((mi.DateTimeType, mi.TimeType), _moment),
    mi.DecimalType: _decimal,
    **dict.fromkeys((mi.ListType, mi.SetType, mi.FrozenSetType, mi.VarTupleType), _array),
    **dict.fromkeys(_BODIES, Components.component),
    mi.LiteralType: _literal,
    mi.TupleType: _tuple,
    mi.DictType: _dict,
    mi.UnionType: _union,
    mi.Metadata: _annotated,
    mi.CustomType: _custom,
}

_KEYS: dict[type[mi.Type], Render] = {
    **dict.fromkeys((mi.AnyType, mi.StrType, mi.BytesType, mi.MemoryViewType), _text_key),
    **dict.fromkeys((mi.DateTimeType, mi.DateType, mi.TimeType, mi.TimeDeltaType), _text_key),
    **dict.fromkeys((mi.UUIDType, mi.DecimalType, mi.FloatType), _text_key),
    **dict.fromkeys((mi.EnumType, mi.LiteralType), _choice_key),
    mi.IntType: _integer_key,
    mi.UnionType: _union_key,
    mi.Metadata: _annotated_key,
}
