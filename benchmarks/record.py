"""What every benchmark writes down: where it ran, in general terms, and its figures.

Tables are printed, runs are kept as `results/<name>.json`. Nothing in them names a machine, a
user or a path.
"""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

PACKAGES = (
    "blacksheep",
    "django",
    "django-modern-rest",
    "falcon",
    "fastapi",
    "httptools",
    "litestar",
    "msgspec",
    "pydantic",
    "starlette",
    "uvicorn",
    "uvloop",
)

COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""For processes that are measured: modules are compiled once, and not in each."""

NOTE = "ratios within one run are worth comparing; figures of two machines are not"


def facts() -> dict[str, Any]:
    """Date, Python, system, cores and versions."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "versions": {name: version for name in PACKAGES if (version := installed(name))},
        "note": NOTE,
    }


def installed(name: str) -> str | None:
    """The version of a distribution, if it is installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def keep(name: str, run: dict[str, Any], plot: str) -> None:
    """Keep *run* as `results/<name>.json`, and its *plot* beside it."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(rounded(run), indent=1) + "\n")
    (RESULTS / f"{name}.svg").write_text(plot)


def rounded(value: Any) -> Any:
    """*value* without digits that mean nothing."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def load(name: str) -> Any:
    """A run that was kept."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def show(head: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: the first column to the left, the figures to the right."""
    lines = [[cell(one) for one in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *rest in lines:
        figures = (text.rjust(width) for text, width in zip(rest, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *figures]))
    print(flush=True)


def cell(value: object) -> str:
    """Figures with as many digits as mean something."""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return "" if value is None else str(value)
