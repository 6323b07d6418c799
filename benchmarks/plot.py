"""Plots as SVG, by a few lines of our own: bars for figures side by side, lines for growth.

Colours follow the reader's scheme, light or dark; redirflow's is the strong one. Lines are drawn
on logarithmic scales: the question is always how something grows.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH = 720
LEFT, RIGHT, ROW = 130, 90, 20

STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 14px }
.faint { fill: #57606a } .axis { stroke: #d0d7de } .ours { fill: #0969da } .other { fill: #afb8c1 }
polyline { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .faint { fill: #9198a1 } .axis { stroke: #3d444d }
.ours { fill: #58a6ff } .other { fill: #656c76 } }
</style>"""

LINES = ("#0969da", "#bf3989", "#1a7f37", "#bc4c00", "#8250df", "#6e7781")

Groups = Mapping[str, Mapping[str, float]]
Points = Sequence[tuple[float, float]]


def bars(title: str, unit: str, groups: Groups) -> str:
    """One bar for each name in each group; every group has its own scale."""
    parts, y = [text(10, 22, title, "title"), text(10, 40, unit, "faint")], 62
    for group, values in groups.items():
        parts.append(text(10, y + 4, group, "faint"))
        y += ROW - 4
        most = max(values.values())
        for name, value in sorted(values.items(), key=lambda item: item[1]):
            length = (WIDTH - LEFT - RIGHT) * value / most
            kind = "ours" if name.startswith("redirflow") else "other"
            parts += [
                text(LEFT - 8, y + 12, name, anchor="end"),
                rectangle(kind, y + 1, length),
                text(LEFT + length + 6, y + 12, f"{value:.3g}", "faint"),
            ]
            y += ROW
        y += ROW - 6
    return drawn(parts, y)


def lines(title: str, across: str, unit: str, series: Mapping[str, Points]) -> str:
    """One line for each name, both scales logarithmic."""
    points = [point for line in series.values() for point in line]
    xs, ys = (
        Scale(LEFT, WIDTH - 170, [x for x, _ in points]),
        Scale(330, 60, [y for _, y in points]),
    )
    parts = [text(10, 22, title, "title"), text(10, 40, unit, "faint")]
    for value in xs.ticks():
        parts += [text(xs.at(value), 350, short(value), "faint", "middle")]
    for value in ys.ticks():
        y = ys.at(value)
        parts += [
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 170}" y1="{y:.1f}" y2="{y:.1f}"/>',
            text(LEFT - 8, y + 4, short(value), "faint", "end"),
        ]
    parts.append(text((LEFT + WIDTH - 170) / 2, 370, across, "faint", "middle"))
    ends = spaced([ys.at(line[-1][1]) for line in series.values()])
    for number, (name, line) in enumerate(series.items()):
        colour = LINES[number % len(LINES)]
        path = " ".join(f"{xs.at(x):.1f},{ys.at(y):.1f}" for x, y in line)
        parts += [
            f'<polyline points="{path}" stroke="{colour}"/>',
            f'<circle cx="{WIDTH - 158}" cy="{ends[number]:.1f}" r="4" fill="{colour}"/>',
            text(WIDTH - 150, ends[number] + 4, name),
        ]
    return drawn(parts, 385)


class Scale:
    """From values to places, by their logarithms; whole decades."""

    def __init__(self, start: float, end: float, values: Sequence[float]) -> None:
        self.start, self.end = start, end
        self.low = floor(log10(min(values)))
        self.high = max(self.low + 1, ceil(log10(max(values))))

    def at(self, value: float) -> float:
        """The place of a value."""
        part = (log10(value) - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * part

    def ticks(self) -> Iterator[float]:
        """The powers of ten."""
        for power in range(self.low, self.high + 1):
            yield 10.0**power


def spaced(places: Sequence[float]) -> list[float]:
    """The same places, moved down where two would cover each other."""
    moved = [0.0] * len(places)
    last = float("-inf")
    for number in sorted(range(len(places)), key=lambda number: places[number]):
        last = moved[number] = max(places[number], last + 15)
    return moved


def short(value: float) -> str:
    """A power of ten as people write it."""
    return f"{value:,.0f}".replace(",", " ") if value >= 1 else f"{value:g}"


def text(x: float, y: float, said: str, kind: str = "", anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(said)}</text>'


def rectangle(kind: str, y: float, width: float) -> str:
    return f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{width:.1f}" height="14" rx="2"/>'


def drawn(parts: Sequence[str], height: float) -> str:
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', STYLE, *parts, "</svg>\n"]
    )
