"""A declared body: values become bytes, and the bytes are checked before they go out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from redirflow.endpoint.convert import discreet, refuse_infinite, split_error
from redirflow.endpoint.parts import shown
from redirflow.endpoint.twins import twin
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.media import (
    JSON_CODEC,
    UNDECODABLE,
    UNENCODABLE,
    Codec,
    Decode,
    Encode,
    codec_of,
)

_TEXT_WITHOUT_CHARSET: Final = "text/"


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """How a body of one type and media type is made.

    Attributes:
        media_type: the Content-Type.
        encode: from a value to bytes.
        check: decodes the bytes into the strict twin of the declared type.
        cut: from a value to bytes of exactly the declared type, when the check fails.
    """

    media_type: bytes
    encode: Encode
    check: Decode
    cut: Callable[[Any], bytes]

    def render(self, value: Any) -> bytes:
        """The checked bytes of *value*.

        Raises:
            ContractViolation: it is not of the declared type, or can't be encoded.
        """
        try:
            body = self.encode(value)
            self.check(body)
        except Exception:  # noqa: BLE001 - whatever it was, the careful way tells it
            return self.cut(value)
        return body


def content_type(media_type: str) -> bytes:
    """The Content-Type field; text says that it is UTF-8."""
    if media_type.startswith(_TEXT_WITHOUT_CHARSET) and "charset" not in media_type:
        media_type += "; charset=utf-8"
    return media_type.encode("ascii")


def body_plan(type_: Any, media_type: str) -> BodyPlan:
    """The plan for bodies of *type_*.

    Raises:
        TypeError: msgspec can't handle the type, or a body of this media type must be text
            or bytes and is not.
    """
    codec = codec_of(media_type)
    if codec is None:
        return plain_plan(type_, media_type)
    check = _checker(codec, type_)
    return BodyPlan(content_type(media_type), codec.encoder(), check, _cutter(codec, type_, check))


def _checker(codec: Codec, type_: Any) -> Decode:
    """Decodes into the strict twin of *type_*."""
    decode = codec.decoder(twin(type_, strict=True))
    if codec is JSON_CODEC:
        return decode

    def check(body: bytes) -> Any:
        value = decode(body)
        refuse_infinite(value)  # in JSON they are null
        return value

    return check


def _cutter(codec: Codec, type_: Any, check: Decode) -> Callable[[Any], bytes]:
    """Cuts a value down to *type_*; made of the lenient twin when first needed."""
    encode = codec.encoder()
    lenient: list[Any] = []

    def cut(value: Any) -> bytes:
        if not lenient:
            lenient.append(twin(type_, strict=False))
        try:
            body = encode(_narrowed(value, lenient[0], encode, codec.decoder(lenient[0])))
            check(body)
        except msgspec.ValidationError as error:
            raise ContractViolation(_contradiction(error), shown(type_), value) from None
        except (*UNDECODABLE, *UNENCODABLE) as error:
            said = str(error) if isinstance(error, _SAFE) else type(error).__name__
            found = f"a body that can't be encoded ({said})"
            raise ContractViolation(found, shown(type_), value) from None
        return body

    return cut


_SAFE: Final = (TypeError, RecursionError, msgspec.MsgspecError)
"""Errors whose text holds types, but no values."""


def _contradiction(error: msgspec.ValidationError) -> str:
    message, where = split_error(error)
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return f"a body that is not of the declared type: {discreet(message)} at ${path}"


def _narrowed(value: Any, type_: Any, encode: Encode, decode: Decode) -> Any:
    """*value* as the lenient twin, by way of its bytes or, failing that, of its attributes.

    Rows have no bytes, and a subclass with another tag has the wrong ones. What has none of
    the attributes is no row: a coroutine, say, would be a Struct of nothing but defaults.
    """
    try:
        return decode(encode(value))
    except msgspec.ValidationError:
        return msgspec.convert(value, type_, from_attributes=True)
    except TypeError:
        names = getattr(type_, "__struct_fields__", ())
        if names and not isinstance(value, Mapping) and not any(hasattr(value, n) for n in names):
            raise
        return msgspec.convert(value, type_, from_attributes=True)


def plain_plan(type_: Any, media_type: str) -> BodyPlan:
    """The plan for text or bytes, sent as they are.

    Raises:
        TypeError: the type is another one.
    """
    if type_ is not str and type_ is not bytes:
        raise TypeError(f"a body of {media_type} is str or bytes")

    def encode(value: Any) -> bytes:
        if not isinstance(value, type_):
            raise ContractViolation(f"a body of type {type(value).__name__}", type_.__name__, value)
        try:
            return value.encode() if isinstance(value, str) else bytes(value)
        except UnicodeEncodeError:
            raise ContractViolation("a body that is no valid Unicode", "str", value) from None

    return BodyPlan(content_type(media_type), encode, lambda body: body, encode)
