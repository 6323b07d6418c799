"""Media types: their names, and what turns values into bytes and back.

One `Codec` per family. Encoders and decoders are made once, at start-up, by
`Codec.encoder()` and `Codec.decoder(type)`.
"""

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"
MSGPACK: Final = "application/msgpack"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
JSON_LINES: Final = "application/jsonl"
EVENT_STREAM: Final = "text/event-stream"

Encode: TypeAlias = Callable[[Any], bytes]
Decode: TypeAlias = Callable[[bytes], Any]

UNDECODABLE: Final = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""What decoding bytes from outside may raise: msgspec lets the last two out as well."""

UNENCODABLE: Final = (
    AttributeError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
)
"""What encoding a handler's value may raise: `UnicodeEncodeError` is a `ValueError`, and a
Struct whose field was deleted gives the first.
"""

_PARAMETER: Final = re.compile(r'(?:[^";]|"(?:[^"\\]|\\.)*"?)+')
_QUOTED_PAIR: Final = re.compile(r"\\(.)")


class Codec(Struct, frozen=True):
    """How values of one family of media types become bytes and come back.

    Attributes:
        writes, reads: msgspec's encoder and decoder.
    """

    name: str
    writes: Any
    reads: Any

    def encoder(self, hook: Callable[[Any], Any] | None = None) -> Encode:
        """From values to bytes; *hook* helps with classes that msgspec does not know."""
        encode: Encode = self.writes(enc_hook=hook).encode
        return encode

    def decoder(self, type_: Any, hook: Callable[[type, Any], Any] | None = None) -> Decode:
        """From bytes to values of *type_*; *hook* as in `encoder`."""
        decode: Decode = self.reads(type_, dec_hook=hook).decode
        return decode


JSON_CODEC: Final = Codec("json", msgspec.json.Encoder, msgspec.json.Decoder)
MSGPACK_CODEC: Final = Codec("msgpack", msgspec.msgpack.Encoder, msgspec.msgpack.Decoder)


def thorough(decode: Decode) -> Decode:
    """*decode*, for JSON that may hold a `msgspec.Raw`: msgspec skips over that, UTF-8 or not."""

    def decode_thoroughly(body: bytes) -> Any:
        body.decode()
        return decode(body)

    return decode_thoroughly


def essence(media_type: str) -> str:
    """`type/subtype` of a media type in lower case, without its parameters (RFC 9110 8.3.1)."""
    return media_type.partition(";")[0].strip(" \t").lower()


def parameter(media_type: str, name: str) -> str | None:
    """The value of the parameter *name*, unquoted (RFC 9110 5.6.6), or `None`."""
    _, _, parameters = media_type.partition(";")
    for part in _PARAMETER.findall(parameters):
        key, _, value = part.partition("=")
        if key.strip(" \t").lower() == name:
            return _unquoted(value.strip(" \t"))
    return None


def _unquoted(value: str) -> str:
    if len(value) < 2 or not value[0] == value[-1] == '"':
        return value
    return _QUOTED_PAIR.sub(r"\1", value[1:-1])


def is_json(media_type: str) -> bool:
    """Whether *media_type* (an essence) is JSON or has the `+json` suffix (RFC 6839)."""
    return media_type == JSON or media_type.endswith("+json")


def is_msgpack(media_type: str) -> bool:
    """Whether *media_type* (an essence) is one of MessagePack's names."""
    return media_type in {MSGPACK, "application/x-msgpack", "application/vnd.msgpack"}


def codec_of(media_type: str) -> Codec | None:
    """The codec of *media_type*, or `None` for text and bytes, which are sent as they are."""
    name = essence(media_type)
    if is_json(name):
        return JSON_CODEC
    return MSGPACK_CODEC if is_msgpack(name) else None
