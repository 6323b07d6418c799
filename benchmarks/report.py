"""From samples to figures: what a framework costs over the hand-written function, and to whom.

A `Figures` is one app at one kind of work. The tax is its best time less that of `raw`; the
budgets are ratios between taxes, so they carry over to other machines better than times do.
"""

import platform
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata

from apps import ROSTER

BASELINE = "raw"
RULERS = ("falcon", "blacksheep", "fastapi")

# The budgets: redirflow's tax is to be at most this part of the ruler's.
BUDGETS = {
    "redirect": {"falcon": 0.35, "blacksheep": 0.55, "fastapi": 1 / 20},
    "get": {"falcon": 0.35, "fastapi": 1 / 40},
    "post": {"falcon": 0.25, "fastapi": 1 / 50},
}

Samples = Mapping[str, Mapping[str, list[float]]]  # kind, app: microseconds a call, by round


@dataclass(frozen=True)
class Figures:
    """One app at one kind of work, in microseconds a call; `spread` is a part of `median`."""

    best: float
    median: float
    spread: float
    tax: float
    tax_by_median: float


@dataclass(frozen=True)
class Verdict:
    """Redirflow's tax as a part of a ruler's, and the most it may be, if that was laid down."""

    kind: str
    ruler: str
    ratio: float
    ratio_by_median: float
    budget: float | None

    @property
    def met(self) -> bool | None:
        """Whether the budget is met; None without one."""
        return None if self.budget is None else self.ratio <= self.budget

    def __str__(self) -> str:
        figures = f"{self.ratio:.3f} (by medians {self.ratio_by_median:.3f})"
        text = f"{self.kind:9} {figures} of {self.ruler}'s tax"
        if self.budget is None:
            return text
        return f"{text}; budget {self.budget:.3f}: {'met' if self.met else 'not met'}"


def evaluate(samples: Samples) -> dict[str, dict[str, Figures]]:
    """Sum the rounds up, kind by kind."""
    return {
        kind: {name: figures(times, rounds[BASELINE]) for name, times in rounds.items()}
        for kind, rounds in samples.items()
    }


def figures(times: list[float], baseline: list[float]) -> Figures:
    best, median = min(times), statistics.median(times)
    return Figures(
        best=best,
        median=median,
        spread=interquartile_range(times) / median,
        tax=best - min(baseline),
        tax_by_median=median - statistics.median(baseline),
    )


def interquartile_range(times: list[float]) -> float:
    if len(times) < 2:
        return 0.0
    low, _, high = statistics.quantiles(times, n=4, method="inclusive")
    return high - low


def table(kind: str, results: Mapping[str, Figures]) -> Iterator[str]:
    """The lines of one kind's table."""
    rulers = [ruler for ruler in RULERS if ruler in results]
    head = f"{kind:12} {'best':>8} {'median':>8} {'spread':>7} {'tax':>8}"
    yield head + "".join(f" {'/' + ruler:>11}" for ruler in rulers)
    for name, one in results.items():
        line = f"{name:12} {one.best:8.2f} {one.median:8.2f} {one.spread:7.1%}"
        if name in ROSTER and name != BASELINE:
            line += f" {one.tax:8.2f}"
            line += "".join(f" {one.tax / results[ruler].tax:11.3f}" for ruler in rulers)
        yield line


def verdicts(evaluated: Mapping[str, Mapping[str, Figures]]) -> Iterator[Verdict]:
    """Hold redirflow against each ruler that was measured."""
    for kind, results in evaluated.items():
        if "redirflow" not in results:
            continue
        ours = results["redirflow"]
        for ruler in (ruler for ruler in RULERS if ruler in results):
            yield Verdict(
                kind=kind,
                ruler=ruler,
                ratio=ours.tax / results[ruler].tax,
                ratio_by_median=ours.tax_by_median / results[ruler].tax_by_median,
                budget=BUDGETS[kind].get(ruler),
            )


def document(samples: Samples, loop: str) -> dict:
    """The run as JSON: where it ran, in general terms, and all of its figures."""
    evaluated = evaluate(samples)
    apps = {name for rounds in samples.values() for name in rounds if name in ROSTER}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}",
        "event_loop": loop,
        "packages": packages(apps),
        "unit": "microseconds per call",
        "results": {
            kind: {
                name: rounded(asdict(one)) | {"rounds": [round(t, 3) for t in samples[kind][name]]}
                for name, one in results.items()
            }
            for kind, results in evaluated.items()
        },
        "budgets": [
            rounded(asdict(verdict)) | {"met": verdict.met} for verdict in verdicts(evaluated)
        ],
    }


def rounded(record: dict) -> dict:
    return {
        key: round(value, 4) if isinstance(value, float) else value for key, value in record.items()
    }


def packages(apps: set[str]) -> dict[str, str]:
    """Versions of what was measured and of what does much of its work."""
    named = {ROSTER[name].distribution for name in apps} | {"msgspec", "uvloop"}
    if "fastapi" in apps:
        named |= {"pydantic", "starlette"}
    if "dmr" in apps:
        named |= {"django"}
    installed = {}
    for name in sorted(named):
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed[name] = "not installed"
    return installed
