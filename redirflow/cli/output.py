"""Where the result of a command goes: to the standard output, or to a file."""

import sys
from pathlib import Path

from redirflow.cli.report import Misuse


def write(written: bytes, file: Path | None) -> None:
    """Write a result, as it is.

    Raises:
        Misuse: *file* can't be written.
    """
    if file is None:
        sys.stdout.buffer.write(written)
        return
    try:
        file.write_bytes(written)
    except OSError as error:
        raise Misuse(f"{file} can't be written: {error.strerror}") from None
