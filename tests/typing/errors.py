"""Errors: annotated fields of a class are keyword parameters, `detail` may come first."""

from typing import assert_type

from msgspec import Struct

from redirflow import (
    ErrorDetail,
    HeaderSpec,
    HTTPError,
    NotFound,
    TooManyRequests,
    ValidationFailed,
    raises,
)


class Item(Struct):
    sku: str


class OutOfStock(HTTPError, status_code=409):
    """There are not enough of these."""

    item: Item
    left: int = 0


class Discontinued(OutOfStock):
    """These are not made any more."""

    successor: str | None = None


class Slow(HTTPError, status_code=429, headers={"Retry-After": HeaderSpec(int)}):
    """One at a time."""


lamp = Item("lamp")

NotFound()
NotFound("there is no lamp")
NotFound(detail="there is no lamp")
NotFound(404)  # E: detail is a str
NotFound("there", "is none")  # E: one detail
NotFound(item=lamp)  # E: no fields of its own

OutOfStock(item=lamp)
OutOfStock("two are wanted", item=lamp, left=1)
OutOfStock(lamp)  # E: fields are given by keyword
OutOfStock("two are wanted")  # E: item is missing
OutOfStock(item="lamp")  # E: no Item
OutOfStock(item=lamp, right=1)  # E: no such field
assert_type(OutOfStock(item=lamp).left, int)
assert_type(OutOfStock(item=lamp).detail, str | None)

Discontinued(item=lamp, successor="led")
Discontinued(successor="led")  # E: item is missing, although inherited

ValidationFailed("no", errors=[ErrorDetail("too short", ["body", "sku"])])
ValidationFailed("no", errors="too short")  # E: a sequence of ErrorDetail

assert_type(Slow().with_headers({"Retry-After": 3}), Slow)
assert_type(TooManyRequests("later").with_cookies({"seen": None}), TooManyRequests)
raise_all = raises(NotFound, OutOfStock, Slow)
raises(KeyError)  # E: not an error class of ours
raises(NotFound())  # E: the class, not an instance
raises(OutOfStock, on=(KeyError, LookupError))
raises(OutOfStock, on=KeyError("x"))  # E: the class of it


class Odd(HTTPError, status_code="409"):  # E: a number
    """Odd."""
