"""From a request to the arguments of one function, telling everything that is wrong.

This is the careful way, complete and in one place. The generated fast way (`serve.fast`)
does the same for the happy case only and comes here at the first doubt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from redirflow.declare.errors import (
    BadRequest,
    ErrorDetail,
    HTTPError,
    UnsupportedMediaType,
    ValidationFailed,
)
from redirflow.endpoint.convert import Unreadable, capped, split_error
from redirflow.endpoint.signature import BodyParameter, Parameter, Required, Signature
from redirflow.http import media
from redirflow.http.query import TooManyPairs
from redirflow.http.request import Request

_FAULTS: Final = 100
"""Faults told in one answer."""


class Refused(Exception):
    """The request is refused before any function of the author's has seen it."""

    def __init__(self, error: HTTPError) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True, eq=False)
class Binder:
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
                faults.append(_fault(parameter, error))
        for name, struct in self.signature.groups.items():
            if not faults:
                values[name] = _grouped(name, struct, groups[name], faults)
        if faults:
            error = ValidationFailed("The request has wrong parameters.", errors=faults[:_FAULTS])
            raise Refused(error)
        for name in self.signature.requests:
            values[name] = request
        return values


class _Missing(Unreadable):
    """A required parameter that is not there."""


def _texts(
    parameter: Parameter, request: Request, path: Mapping[str, str], form: Any
) -> list[str] | str | None:
    """What the request says for *parameter*: all texts of a list, else the last one."""
    key = parameter.key
    try:
        if parameter.where == "path":
            return path[key]
        if parameter.where == "query":
            return request.query.getlist(key) if parameter.reader.many else request.query.get(key)
    except TooManyPairs as error:
        raise Refused(BadRequest(f"The query has {error}.")) from None
    if parameter.where == "header":
        return request.headers.getlist(key) if parameter.reader.many else request.headers.get(key)
    if parameter.where == "cookie":
        text = request.cookies.get(key)
        return ([] if text is None else [text]) if parameter.reader.many else text
    return form.getlist(key) if parameter.reader.many else form.get(key)


def _value(parameter: Parameter, texts: list[str] | str | None) -> Any:
    if not texts and (texts is None or isinstance(texts, list)):
        if isinstance(parameter.default, Required):
            raise _Missing("is missing")
        return parameter.default()
    if not isinstance(texts, list):
        return parameter.reader.read(texts)
    read: list[Any] = []
    for index, text in enumerate(texts):
        try:
            read.append(parameter.reader.read(text))
        except Unreadable as error:
            raise Unreadable(str(error), (index,)) from None
    return parameter.reader.collect(read)


def _grouped(
    name: str, struct: Callable[..., Any], values: dict[str, Any], faults: list[ErrorDetail]
) -> Any:
    """The Struct made of several parameters; its `__post_init__` may refuse them."""
    try:
        return struct(**values)
    except (TypeError, ValueError) as error:
        faults.append(ErrorDetail(capped(str(error)), [name], "invalid"))


def _fault(parameter: Parameter, error: Unreadable) -> ErrorDetail:
    kind = "missing" if isinstance(error, _Missing) else "invalid"
    return ErrorDetail(str(error), [parameter.where, parameter.key, *error.where], kind)


# --- bodies ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class BodyReader:
    """Decodes a body of a declared type, by its Content-Type.

    Attributes:
        decode: the decoder for each family of media types.
    """

    parameter: BodyParameter
    decode: Mapping[str, Callable[[bytes], Any]]

    async def read(self, request: Request) -> Any:
        """The decoded body.

        Raises:
            Refused: 415 for a media type or a coding that is not read here, 400 for a
                malformed body, 422 for one that is well-formed and wrong.
            BodyTooLarge, ClientDisconnected: as `Request.stream` does.
        """
        if not isinstance(self.parameter.default, Required) and not await request.body():
            return self.parameter.default()
        codec = accepted_codec(request)
        body = await request.body()
        try:
            return self.decode[codec.name](body)
        except media.UNDECODABLE as error:
            raise Refused(_refusal(codec, body, error)) from None


def body_reader(parameter: BodyParameter) -> BodyReader:
    """The reader of *parameter*.

    Raises:
        TypeError: msgspec can't decode the type.
    """
    codecs = (media.JSON_CODEC, media.MSGPACK_CODEC)
    return BodyReader(parameter, {codec.name: codec.decoder(parameter.type) for codec in codecs})


def accepted_codec(request: Request) -> media.Codec:
    """The codec that the Content-Type names.

    Raises:
        Refused: there is none, it is another, or the body has a coding (415).
    """
    refuse_coding(request)
    said = request.headers.get("content-type", "")
    codec = media.codec_of(said)
    charset = media.parameter(said, "charset")
    if codec is None or (charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        error = UnsupportedMediaType(
            "The body must be application/json (in UTF-8) or application/msgpack."
        )
        raise Refused(error)
    return codec


def refuse_coding(request: Request) -> None:
    """Refuse a compressed body (RFC 9110 8.4): nothing here unpacks one.

    Raises:
        Refused: there is a Content-Encoding (415).
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(UnsupportedMediaType("The body must not have a Content-Encoding."))


def _refusal(codec: media.Codec, body: bytes, error: Exception) -> HTTPError:
    """400 for a body that is malformed, 422 for one that is well-formed and wrong.

    A decoder stops at the first thing wrong, so a type error does not say that the rest is
    well-formed.
    """
    if isinstance(error, msgspec.ValidationError):
        try:
            codec.decoder(Any)(body)
        except media.UNDECODABLE as malformed:
            error = malformed
        else:
            message, where = split_error(error)
            fault = ErrorDetail(message, ["body", *where], "invalid")
            return ValidationFailed("The body has wrong values.", errors=[fault])
    if isinstance(error, RecursionError):
        return BadRequest("The body is nested too deeply.")
    return BadRequest(f"The body is not well-formed: {capped(str(error))}")
