"""Places as data, for the JSON of several commands."""

from typing import Any

from redirflow.declare.faults import Place


def plain_place(place: Place | None) -> dict[str, Any]:
    """`file` and `line`; the file is relative to the working directory where it is below it."""
    if place is None:
        return {"file": None, "line": None}
    file, _, line = str(place).rpartition(":")
    return {"file": file, "line": int(line)}
