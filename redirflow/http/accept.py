"""Choosing a media type by the `Accept` field (RFC 9110 12.5.1)."""

from redirflow.http.media import essence, parameter


def negotiate(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """The offered media type that the client likes best; `None` if it takes none of them.

    The most specific range that matches a type gives its weight; of equal weights the
    earlier offer wins. No field, or an empty one, takes anything.
    """
    ranges = [part for part in (accept or "").split(",") if part.strip()]
    if not ranges:
        return offered[0]
    weighted = [(_weight(ranges, essence(media_type)), media_type) for media_type in offered]
    best = max(weight for weight, _ in weighted)
    if best == 0:
        return None
    return next(media_type for weight, media_type in weighted if weight == best)


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
    whole, _, part = given.partition(".")
    if whole not in {"0", "1"} or len(part) > 3 or not (part.isdecimal() or not part):
        return 0.0
    return min(float(given), 1.0)
