"""Colour, modestly: on a terminal only, and not where NO_COLOR is set (https://no-color.org)."""

import os
from typing import Final, TextIO

_CODES: Final = {"error": "1;31", "warning": "1;33", "strong": "1"}


def painted(text: str, style: str, stream: TextIO) -> str:
    """*text* in a style, if *stream* shows styles."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if shows_colour(stream) else text


def shows_colour(stream: TextIO) -> bool:
    """Whether *stream* is a terminal whose reader wants colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
