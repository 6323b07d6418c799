"""Declared headers and cookies: values become the lines that go out, checked."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, field
from msgspec import inspect as types_of

from redirflow.declare.hooks import decoding, encoding, hooked
from redirflow.declare.specs import NOTHING, RESERVED, CookieSpec, HeaderSpec
from redirflow.endpoint.convert import bare_info, discreet, is_scalar
from redirflow.endpoint.parts import shown
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.cookies import CookieRefused, cookie_value
from redirflow.http.headers import field_name, field_value
from redirflow.http.types import RawHeaders
from redirflow.http.values import header_text

Write: TypeAlias = Callable[[Any], bytes]


class FieldsPlan(Struct, frozen=True):
    """The headers and cookies of one declared response.

    Attributes:
        headers: by lower-case name, what writes the value of a declared header.
        cookies: by name, what writes the `Set-Cookie` field of a declared cookie.
        required_headers, required_cookies: what each response must have.
    """

    headers: Mapping[bytes, Write] = field(default_factory=dict[bytes, Write])
    cookies: Mapping[str, Write] = field(default_factory=dict[str, Write])
    required_headers: frozenset[bytes] = frozenset()
    required_cookies: frozenset[str] = frozenset()

    @property
    def idle(self) -> bool:
        """Whether a response that gives neither headers nor cookies is complete."""
        return not self.required_headers and not self.required_cookies

    def render(
        self, headers: Mapping[str, Any] | None, cookies: Mapping[str, str | None] | None
    ) -> RawHeaders:
        """The fields for the given values.

        Raises:
            ContractViolation: one is not declared, is required and missing, is not of its
                type, or can't be sent.
        """
        given = (pair for pair in (headers or {}).items() if pair[1] is not None)
        # Of two spellings of one name the later one.
        lines = [*dict(self._header(name, value) for name, value in given).items()]
        missing = self.required_headers.difference(name for name, _ in lines)
        if missing:
            names = ", ".join(sorted(name.decode() for name in missing))
            allowed = f"{names}, required; HeaderSpec(..., required=False) where it may be missing"
            raise ContractViolation(f"a response without the header {names}", allowed)
        lines += [
            (b"set-cookie", self._cookie(name, value)) for name, value in (cookies or {}).items()
        ]
        absent = self.required_cookies.difference(cookies or ())
        if absent:
            names = ", ".join(sorted(absent))
            allowed = f"{names}, required; CookieSpec(required=False) where it may be missing"
            raise ContractViolation(f"a response without the cookie {names}", allowed)
        return lines

    def _header(self, name: str, value: Any) -> tuple[bytes, bytes]:
        key = str(name).lower().encode("latin-1", "replace")
        write = self.headers.get(key)
        if write is None:
            declared = f"{_listed(self.headers)}; {_declaring(name)} declares it"
            raise ContractViolation(f"the header {name!r}", declared, value)
        try:
            return key, write(value)
        except (TypeError, ValueError) as error:
            sent = f"a value that can't stand in the header {name!r}: {discreet(str(error))}"
            raise ContractViolation(sent, "a value of its type", value) from None

    def _cookie(self, name: str, value: str | None) -> bytes:
        write = self.cookies.get(name)
        if write is None:
            declared = f"{_listed(self.cookies)}; cookies={{{name!r}: CookieSpec()}} declares it"
            raise ContractViolation(f"the cookie {name!r}", declared, value)
        try:
            return write(value)
        except (CookieRefused, TypeError) as error:
            sent = f"a value that can't stand in the cookie {name!r}: {error}"
            raise ContractViolation(sent, "text, or None to delete it", value) from None


def _declaring(name: object) -> str:
    """What a spec says to have the header *name*."""
    return RESERVED.get(str(name).lower(), f"headers={{{name!r}: HeaderSpec()}}")


def _listed(declared: Mapping[Any, Any]) -> str:
    names = [name.decode() if isinstance(name, bytes) else name for name in declared]
    return ", ".join(names) or "none"


def fields_plan(
    headers: Mapping[str, HeaderSpec],
    cookies: Mapping[str, CookieSpec],
    group: Mapping[str, HeaderSpec] = NOTHING,
) -> FieldsPlan:
    """The plan for declared headers and cookies.

    Args:
        group: headers of the groups around an operation, which errors and redirects may have.

    Raises:
        TypeError: msgspec can't handle the type of a header.
    """
    both = [*group.items(), *headers.items()]
    return FieldsPlan(
        {field_name(name).encode(): _header_writer(spec) for name, spec in both},
        {name: cookie_writer(name, spec) for name, spec in cookies.items()},
        frozenset(name.lower().encode() for name, spec in headers.items() if spec.required),
        frozenset(name for name, spec in cookies.items() if spec.required),
    )


def _header_writer(spec: HeaderSpec) -> Write:
    if spec.type is str:
        return _text_value
    type_ = spec.type
    if not _is_plain(bare_info(type_)):
        raise TypeError(f"a header of {shown(type_)} is no scalar and no list of scalars")

    decode, encode = decoding(), encoding() if hooked() else None

    def write(value: Any) -> bytes:
        return field_value(header_text(msgspec.convert(value, type_, dec_hook=decode), encode))

    return write


def _is_plain(info: types_of.Type) -> bool:
    """Whether a value is a text in a header, or several with commas."""
    if isinstance(info, types_of.TupleType):
        return all(map(is_scalar, info.item_types))
    if isinstance(info, types_of.ListType | types_of.VarTupleType):
        return is_scalar(info.item_type)
    return is_scalar(info)


def _text_value(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
    return field_value(value)


def cookie_writer(name: str, spec: CookieSpec) -> Write:
    """What writes the `Set-Cookie` field of a cookie (RFC 6265 4.1); `None` deletes it.

    A deletion has the same path, domain and flags, or a browser would keep the cookie.
    """
    scope = f"; Path={spec.path}" + (f"; Domain={spec.domain}" if spec.domain else "")
    flags = [
        "; Secure" if spec.secure else "",
        "; HttpOnly" if spec.http_only else "",
        f"; SameSite={spec.same_site.capitalize()}",
        "; Partitioned" if spec.partitioned else "",
    ]
    attributes = scope + "".join(flags)
    life = "" if spec.max_age is None else f"; Max-Age={spec.max_age}"
    deletion = f"{name}=; Max-Age=0{attributes}".encode()

    def write(value: Any) -> bytes:
        if value is None:
            return deletion
        if not isinstance(value, str):
            raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
        text = str.__str__(value)  # an enum of texts has its own way to be formatted
        return f"{name}={cookie_value(text)}{life}{attributes}".encode("ascii")

    return write
