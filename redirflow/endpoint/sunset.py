"""What tells clients that an operation goes away: Deprecation (RFC 9745), Sunset (RFC 8594)."""

from datetime import datetime

from redirflow.declare.faults import Fault
from redirflow.declare.operation import Operation
from redirflow.http.types import RawHeaders
from redirflow.http.values import header_text


def announced(operation: Operation) -> RawHeaders:
    """The fields on each answer of *operation*; none for one that is to stay."""
    since, end = operation.deprecated, operation.sunset
    lines: RawHeaders = []
    if isinstance(since, datetime):
        lines.append((b"deprecation", b"@%d" % since.timestamp()))  # a Date of RFC 9651
    if end is not None:
        lines.append((b"sunset", header_text(end).encode()))
    return lines


def refuse_odd_dates(operation: Operation, faults: list[Fault]) -> None:
    """A moment has an offset, and nothing ends before it is deprecated (RFC 9745, 5)."""
    since, end = operation.deprecated, operation.sunset
    dates = {"deprecated": since, "sunset": end}
    given = {name: date for name, date in dates.items() if isinstance(date, datetime)}
    local = [name for name, date in given.items() if date.tzinfo is None]
    faults.extend(
        Fault(
            f"{operation.name}: {name}={given[name]} is no moment: it has no offset",
            "a datetime with a tzinfo",
            f"{name}=datetime({given[name]:%Y}, ..., tzinfo=UTC)",
            operation.place,
        )
        for name in local
    )
    if len(given) == 2 and not local and given["sunset"] < given["deprecated"]:
        faults.append(
            Fault(
                f"{operation.name}: it ends before it is deprecated: sunset={end}, "
                f"deprecated={since}",
                "a sunset that is not earlier than deprecated",
                place=operation.place,
            )
        )
