"""Choosing a media type by the `Accept` field (RFC 9110 12.5.1)."""

import re
from typing import Final

from redirflow.http.media import essence, parameter

_QUALITY: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")  # RFC 9110 12.4.2


def acceptable(accept: str, offered: tuple[str, ...]) -> list[str]:
    """The offered media types that the client takes, those it likes best first.

    The most specific range that matches a type gives its weight; of equal weights the
    earlier offer comes first. No field, or an empty one, takes anything.
    """
    ranges = [part for part in accept.split(",") if part.strip()]
    if not ranges:
        return [*offered]
    weights = {name: _weight(ranges, essence(name)) for name in offered}
    taken = [name for name in offered if weights[name]]
    return sorted(taken, key=weights.__getitem__, reverse=True)


def _weight(ranges: list[str], media_type: str) -> float:
    """The weight that the ranges give to *media_type*."""
    matching = [
        (specificity, _quality(text))
        for text in ranges
        if (specificity := _specificity(essence(text), media_type))
    ]
    return max(matching)[1] if matching else 0.0


def _specificity(accepted: str, media_type: str) -> int:
    """3 for the type itself, 2 for `type/*`, 1 for `*/*`, 0 for no match."""
    if accepted == media_type:
        return 3
    if accepted == f"{media_type.partition('/')[0]}/*":
        return 2
    return 1 if accepted == "*/*" else 0


def _quality(text: str) -> float:
    """The `q` of a range, 1 by default; a malformed one counts as 0."""
    given = parameter(text, "q")
    if given is None:
        return 1.0
    return float(given) if _QUALITY.fullmatch(given) else 0.0
