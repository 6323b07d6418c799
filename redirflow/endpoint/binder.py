"""From a request to the arguments of one function, telling everything that is wrong.

This is the careful way, complete and in one place. The generated fast way (`serve.fast`)
does the same for the happy case only and comes here at the first doubt.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Struct
from msgspec import inspect as types_of

from redirflow.declare.errors import (
    BadRequest,
    ErrorDetail,
    HTTPError,
    UnsupportedMediaType,
    ValidationFailed,
)
from redirflow.declare.hooks import decoding
from redirflow.endpoint.convert import Unreadable, capped, refuse_infinite, split_error
from redirflow.endpoint.parts import can_nest, is_anything, is_raw, parts_of, type_info
from redirflow.endpoint.signature import BodyParameter, Parameter, Required, Signature, is_upload
from redirflow.endpoint.twins import twin
from redirflow.http import media
from redirflow.http.depth import MAX_DEPTH, refuse_deep
from redirflow.http.query import QueryParams, TooManyPairs
from redirflow.http.request import Request
from redirflow.http.upload import UploadFile

_FAULTS: Final = 100
"""Faults told in one answer."""


class Refused(Exception):
    """The request is refused before any function of the author's has seen it."""

    def __init__(self, error: HTTPError) -> None:
        super().__init__(error)
        self.error = error


class Binder(Struct, frozen=True, eq=False):
    """Reads the parameters of one function."""

    signature: Signature

    def read(self, request: Request, path: Mapping[str, str], form: Any = None) -> dict[str, Any]:
        """The arguments that come from path, query, headers, cookies and form.

        Raises:
            Refused: 422 with every fault; 400 for a query of too many pairs.
        """
        values: dict[str, Any] = {}
        groups: dict[str, dict[str, Any]] = {name: {} for name in self.signature.groups}
        faults: list[ErrorDetail] = []
        for parameter in self.signature.parameters:
            target = values if parameter.group is None else groups[parameter.group]
            try:
                target[parameter.name] = _value(parameter, _texts(parameter, request, path, form))
            except Unreadable as error:
                kind = "missing" if isinstance(error, _Missing) else "invalid"
                where = [parameter.where, parameter.key, *error.where]
                faults.append(ErrorDetail(str(error), where, kind))
        for name, struct in self.signature.groups.items():
            if not faults:
                values[name] = self._grouped(name, struct, groups[name], faults)
        if faults:
            told = faults[:_FAULTS]
            raise Refused(ValidationFailed("The request has wrong parameters.", errors=told))
        for name in self.signature.requests:
            values[name] = request
        return values

    def _grouped(
        self, name: str, make: Callable[..., Any], values: dict[str, Any], faults: list[ErrorDetail]
    ) -> Any:
        """The Struct made of several parameters; its `__post_init__` may refuse them."""
        try:
            return make(**values)
        except (TypeError, ValueError) as error:
            fields = (each for each in self.signature.parameters if each.group == name)
            where: list[str | int] = [next(fields).where]
            faults.append(ErrorDetail(capped(str(error)), where, "invalid"))


class _Missing(Unreadable):
    """A required parameter that is not there."""


def _texts(parameter: Parameter, request: Request, path: Mapping[str, str], form: Any) -> Any:
    """What the request says for *parameter*: all texts of a list, else the last one or `None`.

    In a form, an uploaded file stands for a text.
    """
    key, many = parameter.key, parameter.reader.many
    if parameter.where == "path":
        return path[key]
    if parameter.where == "cookie":
        text = request.cookies.get(key)
        return [text for text in (text,) if text is not None] if many else text
    source = form
    if parameter.where == "query":
        source = _query(request)
    elif parameter.where == "header":
        source = request.headers
    return source.getlist(key) if many else source.get(key)


def _query(request: Request) -> QueryParams:
    try:
        return request.query
    except TooManyPairs as error:
        raise Refused(BadRequest(f"The query has {error}.")) from None


def _value(parameter: Parameter, texts: Any) -> Any:
    if texts is None or texts == []:
        if isinstance(parameter.default, Required):
            raise _Missing("is missing")
        return parameter.default()
    if not isinstance(texts, list):
        return _read(parameter, texts)
    read: list[Any] = []
    for index, text in enumerate(cast("list[str]", texts)):
        try:
            read.append(_read(parameter, text))
        except Unreadable as error:
            raise Unreadable(str(error), (index,)) from None
    return parameter.reader.collect(read)


def _read(parameter: Parameter, text: Any) -> Any:
    """One value; a form may hold a file where a text is expected."""
    if isinstance(text, UploadFile) and not is_upload(parameter.type):
        raise Unreadable("Expected text, got a file")
    return parameter.reader.read(cast("Any", text))


# --- bodies ----------------------------------------------------------------------------------


class BodyReader(Struct, frozen=True, eq=False):
    """Decodes a body of a declared type, by its Content-Type.

    Attributes:
        decode: the decoder for each family of media types.
    """

    parameter: BodyParameter
    decode: Mapping[str, media.Decode]

    async def read(self, request: Request) -> Any:
        """The decoded body.

        Raises:
            Refused: 415 for a media type or a coding that is not read here, 400 for a
                malformed body, 422 for one that is well-formed and wrong.
            BodyTooLarge, ClientDisconnected: as `Request.stream` does.
        """
        if not isinstance(self.parameter.default, Required) and not await request.body():
            return self.parameter.default()
        refuse_coding(request)
        codec = self._codec(request.headers.get("content-type", ""))
        body = await request.body()
        try:
            return self.decode[codec.name](body)
        except media.UNDECODABLE as error:
            raise Refused(_refusal(codec, body, error)) from None

    def _codec(self, content_type: str) -> media.Codec:
        """The codec that a Content-Type names; 415 if there is none, or another."""
        codec = media.codec_of(content_type)
        charset = media.parameter(content_type, "charset") or "utf-8"
        known = codec is not None and codec.name in self.decode
        if codec is None or not known or charset.lower() not in _UTF_8:
            raise Refused(UnsupportedMediaType(f"The body must be {self._media_types()}."))
        return codec

    def _media_types(self) -> str:
        both = media.MSGPACK_CODEC.name in self.decode
        return f"{media.JSON} (in UTF-8)" + (f" or {media.MSGPACK}" if both else "")


_UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


def body_reader(parameter: BodyParameter) -> BodyReader:
    """The reader of *parameter*; a `TypeError` if msgspec can't decode its type."""
    parts = [*parts_of(type_info(parameter.type))]
    codecs = [media.JSON_CODEC]
    if not any(map(is_anything, parts)):
        # MessagePack has keys that are no text: in a place for anything, they could collide.
        codecs.append(media.MSGPACK_CODEC)
    return BodyReader(
        parameter, {codec.name: _decoder(codec, parameter, parts) for codec in codecs}
    )


def _decoder(
    codec: media.Codec, parameter: BodyParameter, parts: Sequence[types_of.Type]
) -> media.Decode:
    """The decoder of *parameter*; what it can't rule out by type is checked around it."""
    decode, packed = codec.decoder(parameter.type, decoding()), codec is media.MSGPACK_CODEC
    hooked = packed and any(isinstance(each, types_of.CustomType) for each in parts)
    # Hooks get what they ask for: MessagePack has keys that are no text, and could collide.
    wired = codec.decoder(twin(parameter.type, strict=False, wired=True)) if hooked else None
    if not packed and any(map(is_raw, parts)):
        decode = media.thorough(decode)
    infinite, nests = any(_infinite(part, codec) for part in parts), can_nest(parts[0])
    if not (wired or infinite or nests):
        return decode

    def decode_carefully(body: bytes) -> Any:
        if nests and not packed:
            refuse_deep(body)
        if wired:
            wired(body)
        value = decode(body)
        if infinite:
            refuse_infinite(value)
        if nests and packed and len(body) > MAX_DEPTH:
            refuse_deep(msgspec.json.encode(value, enc_hook=lambda _: None))
        return value

    return decode_carefully


def _infinite(part: types_of.Type, codec: media.Codec) -> bool:
    """Whether *codec* would take a number of this type that is not finite."""
    keyed = isinstance(part, types_of.DictType) and isinstance(part.key_type, types_of.FloatType)
    in_binary = codec is media.MSGPACK_CODEC and isinstance(part, types_of.FloatType)
    return keyed or in_binary or isinstance(part, types_of.DecimalType)


def refuse_coding(request: Request) -> None:
    """Refuse a compressed body with 415 (RFC 9110 8.4): nothing here unpacks one."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(UnsupportedMediaType("The body must not have a Content-Encoding."))


def _refusal(codec: media.Codec, body: bytes, error: Exception) -> HTTPError:
    """400 for a body that is malformed, 422 for one that is well-formed and wrong."""
    malformed = _malformed(codec, body) if isinstance(error, msgspec.ValidationError) else error
    if malformed is None:
        message, where = split_error(error)
        fault = ErrorDetail(message, ["body", *where], "invalid")
        return ValidationFailed("The body has wrong values.", errors=[fault])
    if isinstance(malformed, RecursionError):
        return BadRequest("The body is nested too deeply.")
    return BadRequest(capped(f"The body is not well-formed: {malformed}"))


def _malformed(codec: media.Codec, body: bytes) -> Exception | None:
    """What is malformed in *body*, if anything is.

    A decoder stops at the first thing wrong, so a type error does not say that the rest is
    well-formed. Nothing is built here: what is inside might have keys that collide.
    """
    try:
        codec.decoder(msgspec.Raw)(body)
        if codec is media.JSON_CODEC:
            body.decode()
    except media.UNDECODABLE as error:
        return error
    return None
