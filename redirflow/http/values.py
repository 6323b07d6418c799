"""A Python value as text: in a path, a query or a header field."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

Hook: TypeAlias = Callable[[Any], Any]

_LISTS: Final[Any] = (list, tuple)
_COLLECTIONS: Final[Any] = (*_LISTS, set, frozenset)


def wire_text(value: Any, hook: Hook | None = None) -> str:
    """*value* as the binder of a parameter of its type would read it.

    Args:
        hook: gives what travels for a value of a class that is not known here.

    Raises:
        TypeError: it is neither a scalar nor an enum of scalars.
        ValueError: it is a number that is not finite, or an int of more than 4300 digits.
    """
    if isinstance(value, Enum):
        return wire_text(value.value, hook)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a float that is not finite")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("a Decimal that is not finite")
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int | float | UUID | Decimal):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta | bytes):
        return str(msgspec.to_builtins(value))  # an ISO 8601 duration, base64
    if hook is not None:
        return wire_text(hook(value))
    raise TypeError(f"a {type(value).__name__}, not a scalar")


def header_text(value: Any, hook: Hook | None = None) -> str:
    """*value* as the text of a header field.

    A `datetime` becomes an HTTP date (RFC 9110 5.6.7; without a zone it is taken as UTC), a
    `timedelta` its whole seconds, a list or tuple its parts with commas. Raises what
    `wire_text` raises.
    """
    if isinstance(value, datetime):
        return _http_date(value)
    if isinstance(value, timedelta):
        return str(int(value.total_seconds()))
    if isinstance(value, _LISTS):
        return ", ".join(header_text(part, hook) for part in value)
    return wire_text(value, hook)


def _http_date(value: datetime) -> str:
    from email.utils import format_datetime  # it brings much along, and start-up counts

    try:
        in_utc = value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError("a time that is in no year of UTC") from None
    return format_datetime(in_utc, usegmt=True)


def query_pairs(name: str, value: Any, hook: Hook | None = None) -> Iterator[tuple[str, str]]:
    """The pairs of one query parameter: none for `None`, one for each item of a list."""
    if value is None:
        return
    if isinstance(value, _COLLECTIONS):
        for item in value:
            yield from query_pairs(name, item, hook)
        return
    yield name, wire_text(value, hook)
