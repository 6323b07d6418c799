"""The query of a request: pairs in order, read like a mapping (WHATWG URL, section 5)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from redirflow.http.values import query_pairs

LIMIT: Final = 1_000
"""Pairs in one query or urlencoded form."""


class TooManyPairs(ValueError):
    """A query or form has more than the allowed number of pairs."""


def parse_pairs(encoded: bytes, limit: int = LIMIT) -> list[tuple[str, str]]:
    """The decoded pairs of `application/x-www-form-urlencoded` bytes.

    Bytes that are no UTF-8 become U+FFFD. A name without `=` has an empty value.

    Raises:
        TooManyPairs: there are more than *limit* pairs.
    """
    if encoded.count(b"&") >= limit:
        raise TooManyPairs(f"more than {limit} pairs")
    parts = (part.partition(b"=") for part in encoded.split(b"&") if part)
    return [(_text(name), _text(value)) for name, _, value in parts]


def _text(encoded: bytes) -> str:
    from urllib.parse import unquote_to_bytes  # it brings much along, and start-up counts

    return unquote_to_bytes(encoded.replace(b"+", b" ")).decode("utf-8", "replace")


def untouched_query(query: bytes) -> str:
    """A query as it came, behind its mark; bytes that none can hold (RFC 3986 3.4) are spelt."""
    text = "".join(
        chr(byte) if 0x20 < byte < 0x7F and byte != 0x23 else f"%{byte:02X}" for byte in query
    )
    return f"?{text}" if text else ""


class QueryParams(Mapping[str, str]):
    """The pairs of a query; a repeated name gives its last value, `getlist` all of them."""

    __slots__ = ("_last", "pairs")

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs
        self._last = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def __repr__(self) -> str:
        return f"QueryParams({self.pairs!r})"

    def getlist(self, name: str) -> list[str]:
        """Every value of *name*, in the order received."""
        return [value for key, value in self.pairs if key == name]


def pairs_of(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pairs that *query* stands for: of a request's own query, those that repeat too.

    Raises:
        TypeError, ValueError: what `query_pairs` raises.
    """
    if isinstance(query, QueryParams):
        return [*query.pairs]
    return [pair for name, value in query.items() for pair in query_pairs(name, value)]
