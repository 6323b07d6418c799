"""From samples to figures: what a framework costs over the hand-written function, and to whom.

The tax of an app is its best time less that of `raw`; the budgets are ratios between taxes, so
they carry over to other machines better than times do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.apps import ROSTER
from benchmarks.measure import Rounds, Summary, summary

BASELINE = "raw"
RULERS = ("falcon", "blacksheep", "fastapi")

# The budgets: redirflow's tax is to be at most this part of the ruler's.
BUDGETS = {
    "redirect": {"falcon": 0.35, "blacksheep": 0.55, "fastapi": 1 / 20},
    "get": {"falcon": 0.35, "fastapi": 1 / 40},
    "post": {"falcon": 0.25, "fastapi": 1 / 50},
}

Samples = dict[str, Rounds]  # by kind of request


@dataclass(frozen=True)
class Figures(Summary):
    """One app at one kind of work, in microseconds a call."""

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
    ours, base = summary(times), summary(baseline)
    return Figures(
        ours.best, ours.median, ours.spread, ours.best - base.best, ours.median - base.median
    )


def table(kind: str, results: Mapping[str, Figures]) -> tuple[list[str], list[list[object]]]:
    """One kind's table: its head and its rows."""
    rulers = [ruler for ruler in RULERS if ruler in results]
    head = [kind, "best", "median", "spread", "tax", *(f"/{ruler}" for ruler in rulers)]
    return head, [
        [name, one.best, one.median, f"{one.spread:.0%}", *taxes(name, results, rulers)]
        for name, one in results.items()
    ]


def taxes(name: str, results: Mapping[str, Figures], rulers: list[str]) -> list[float | None]:
    """The tax of one app, and as a part of each ruler's; of those that have one."""
    if name not in ROSTER or name == BASELINE:
        return [None] * (1 + len(rulers))
    tax = results[name].tax
    return [tax, *(tax / results[ruler].tax for ruler in rulers)]


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
