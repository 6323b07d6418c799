"""A declared body: values become bytes, and the bytes are checked before they go out."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

from redirflow.declare.hooks import decoding, encoding
from redirflow.endpoint.convert import discreet, refuse_infinite, split_error
from redirflow.endpoint.exact import Exact, exact_predicate, unsure
from redirflow.endpoint.parts import is_raw, parts_of, shown, type_info
from redirflow.endpoint.strangers import refuse_strangers
from redirflow.endpoint.twins import twin
from redirflow.endpoint.violation import RETURN, ContractViolation, refuse_coroutine
from redirflow.http.media import (
    JSON_CODEC,
    UNDECODABLE,
    UNENCODABLE,
    Codec,
    Decode,
    Encode,
    codec_of,
    thorough,
)


class BodyPlan(Struct, frozen=True):
    """How a body of one type and media type is made.

    Attributes:
        media_type: the Content-Type.
        encode: from a value to bytes.
        check: decodes the bytes into the strict twin of the declared type.
        exact: whether a value surely passes that check.
        cut: from a value to bytes of exactly the declared type, when the check fails.
    """

    media_type: bytes
    encode: Encode
    check: Decode
    cut: Callable[[Any], bytes]
    exact: Exact = unsure

    def render(self, value: Any) -> bytes:
        """The checked bytes of *value*.

        Raises:
            ContractViolation: it is not of the declared type, or can't be encoded.
        """
        try:
            body = self.encode(value)
            if not self.exact(value):
                self.check(body)
        except Exception:  # noqa: BLE001 - whatever it was, the careful way tells it
            return self.cut(value)
        return body

    def takes(self, value: Any) -> bool:
        """Whether *value* can be rendered."""
        try:
            self.render(value)
        except ContractViolation:
            return False
        return True


def content_type(media_type: str) -> bytes:
    """The Content-Type field; text says that it is UTF-8."""
    if media_type.startswith("text/") and "charset" not in media_type:
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
    encode = codec.encoder(encoding())
    cut = _cutter(codec, type_, encode, check)
    return BodyPlan(content_type(media_type), encode, check, cut, exact_predicate(type_) or unsure)


def _checker(codec: Codec, type_: Any) -> Decode:
    """Decodes into the strict twin of *type_*."""
    decode = codec.decoder(twin(type_, strict=True), decoding())
    if codec is JSON_CODEC:
        # An infinite float is null, which is checked as such.
        return thorough(decode) if any(map(is_raw, parts_of(type_info(type_)))) else decode

    def check(body: bytes) -> Any:
        value = decode(body)
        refuse_infinite(value)
        return value

    return check


def _cutter(codec: Codec, type_: Any, encode: Encode, check: Decode) -> Callable[[Any], bytes]:
    """Cuts a value down to *type_*; made of the lenient twin when first needed."""
    hook = decoding()
    lenient: list[Any] = []

    def narrowed(value: Any) -> Any:
        """*value* as the lenient twin, by way of its bytes or, failing that, its attributes.

        Rows have no bytes, and a subclass with another tag has the wrong ones.
        """
        try:
            return codec.decoder(lenient[0], hook)(encode(value))
        except msgspec.ValidationError:
            pass
        except TypeError:
            refuse_strangers(value, type_, encode)
        return msgspec.convert(value, lenient[0], from_attributes=True, dec_hook=hook)

    def cut(value: Any) -> bytes:
        if not lenient:
            lenient.append(twin(type_, strict=False))
        try:
            body = encode(narrowed(value))
            check(body)
        except msgspec.ValidationError as error:
            found = RETURN if value is None else _contradiction(error)
            raise ContractViolation(found, shown(type_), value) from None
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


def plain_plan(type_: Any, media_type: str) -> BodyPlan:
    """The plan for text or bytes, sent as they are; a `TypeError` for another type."""
    if type_ is not str and type_ is not bytes:
        raise TypeError(f"a body of {media_type} is str or bytes, not {shown(type_)}")

    def encode(value: Any) -> bytes:
        if not isinstance(value, type_):
            refuse_coroutine(value, type_.__name__)
            raise ContractViolation(f"a body of type {type(value).__name__}", type_.__name__, value)
        try:
            # A subclass may have its own way.
            return str.encode(value) if isinstance(value, str) else bytes(memoryview(value))
        except UnicodeEncodeError:
            raise ContractViolation("a body that is no valid Unicode", "str", value) from None

    return BodyPlan(content_type(media_type), encode, lambda body: body, encode)
