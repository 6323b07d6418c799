"""The redirect graph as text that other programs draw: Mermaid and Graphviz.

A picture stays readable for some dozens of edges. Above that it shows groups: everything of
one kind below one first segment is one node, and so are the edges between two of them. Names
come from authors and their tables, so each label is spelt such that it can only be text.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Struct

from redirflow.cli.report import counted
from redirflow.routing.graph import Edge, Graph, Node, NodeKind

READABLE: Final = 50
"""Edges that are drawn one by one."""

_PLAIN: Final = frozenset(" /_.,:*={}~+-")
"""What means nothing to Mermaid between quotes, besides letters and digits."""

_SHAPES: Final[Mapping[NodeKind, tuple[str, str, str]]] = {
    "operation": ("[", "]", "box"),
    "page": ("[", "]", "box"),
    "rule": ("(", ")", "oval"),
    "slash": ("(", ")", "oval"),
    "mount": ("[[", "]]", "folder"),
    "table": ("[(", ")]", "cylinder"),
    "site": ("{{", "}}", "hexagon"),
    "several": ("[", "]", "box3d"),
}
"""By kind, the brackets of Mermaid and the shape of Graphviz."""

_UNGROUPED: Final = frozenset({"site", "table"})


class Box(Struct, frozen=True):
    """A node as it is drawn."""

    id: str
    kind: NodeKind
    lines: tuple[str, ...]


class Arrow(Struct, frozen=True):
    """An edge, or several, as they are drawn."""

    source: str
    target: str
    label: str
    dotted: bool


Groups: TypeAlias = Mapping[str, list[Box]]
"""Boxes by the first segment of their paths; those under "" stand outside."""


class Picture(Struct, frozen=True):
    """What is drawn."""

    groups: Groups
    arrows: tuple[Arrow, ...]


def picture(graph: Graph) -> Picture:
    """The picture of a graph; what has no edge is left out."""
    return _whole(graph) if len(graph.edges) <= READABLE else _grouped(graph)


def ids(graph: Graph) -> dict[Node, str]:
    """What nodes are called: the same in each format."""
    return {node: f"n{number}" for number, node in enumerate(graph.nodes)}


def _whole(graph: Graph) -> Picture:
    named = ids(graph)
    boxes = [Box(named[node], node.kind, _lines(node)) for node in _drawn(graph)]
    arrows = (
        Arrow(named[edge.source], named[edge.target], edge.label, _dotted(edge))
        for edge in graph.edges
    )
    return Picture({"": boxes}, tuple(arrows))


def _drawn(graph: Graph) -> list[Node]:
    """The nodes that have edges, in order."""
    ends = {node for edge in graph.edges for node in (edge.source, edge.target)}
    return [node for node in graph.nodes if node in ends]


def _dotted(edge: Edge) -> bool:
    return edge.status is None


def _lines(node: Node) -> tuple[str, ...]:
    """What stands in a box."""
    if node.kind == "site":
        return ("any other site" if node.template == "*" else node.template,)
    if node.kind == "table":
        return f"table {node.template}", node.name
    if node.kind == "mount":
        return f"{node.template}/...", "another app"
    title = node.template if node.method == "*" else f"{node.method} {node.template}"
    return (title, node.name) if node.name else (title,)


# --- Groups ----------------------------------------------------------------------------------


def _grouped(graph: Graph) -> Picture:
    alike: dict[tuple[str, NodeKind, Node | None], list[Node]] = {}
    for node in _drawn(graph):
        alike.setdefault(_likeness(node), []).append(node)
    groups: dict[str, list[Box]] = {}
    named: dict[Node, str] = {}
    for number, ((segment, kind, _), nodes) in enumerate(alike.items()):
        named |= dict.fromkeys(nodes, f"g{number}")
        few = _lines(nodes[0]) if len(nodes) == 1 else (_count(len(nodes), kind),)
        groups.setdefault(segment, []).append(Box(f"g{number}", kind, few))
    return Picture(groups, tuple(_bundles(graph.edges, named)))


def _likeness(node: Node) -> tuple[str, NodeKind, Node | None]:
    """What nodes have in common that become one."""
    if node.kind in _UNGROUPED:
        return "", node.kind, node
    return "/" + node.template.split("/")[1], node.kind, None


def _count(number: int, kind: NodeKind) -> str:
    noun = {"slash": "slash redirect", "several": "target"}.get(kind, kind)
    return counted(number, noun)


def _bundles(edges: Iterable[Edge], named: Mapping[Node, str]) -> Iterator[Arrow]:
    """One arrow for all edges between two boxes that look alike."""
    numbers: dict[tuple[str, str, str, bool], int] = {}
    for edge in edges:
        key = named[edge.source], named[edge.target], edge.label, _dotted(edge)
        numbers[key] = numbers.get(key, 0) + 1
    for (source, target, label, dotted), number in numbers.items():
        yield Arrow(source, target, f"{label} x {number}" if number > 1 else label, dotted)


# --- Mermaid ---------------------------------------------------------------------------------


def mermaid(drawn: Picture) -> str:
    """A Mermaid flowchart."""
    lines = ["flowchart LR"]
    for number, (segment, boxes) in enumerate(drawn.groups.items()):
        inside = [f"{box.id}{_mermaid_box(box)}" for box in boxes]
        if not segment:
            lines += [f"    {line}" for line in inside]
            continue
        lines.append(f'    subgraph s{number}["{_mermaid_text(segment)}"]')
        lines += [*(f"        {line}" for line in inside), "    end"]
    for arrow in drawn.arrows:
        line = "-.->" if arrow.dotted else "-->"
        label = _mermaid_text(arrow.label)
        lines.append(f'    {arrow.source} {line}|"{label}"| {arrow.target}')
    return "\n".join(lines) + "\n"


def _mermaid_box(box: Box) -> str:
    before, after, _ = _SHAPES[box.kind]
    return f'{before}"{"<br/>".join(map(_mermaid_text, box.lines))}"{after}'


def _mermaid_text(text: str) -> str:
    return "".join(
        char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in visible(text)
    )


# --- Graphviz --------------------------------------------------------------------------------


def dot(drawn: Picture) -> str:
    """A directed graph for Graphviz."""
    lines = ["digraph redirects {", "    rankdir=LR;"]
    for number, (segment, boxes) in enumerate(drawn.groups.items()):
        inside = [
            f"{box.id} [label={_dot_text(*box.lines)}, shape={_SHAPES[box.kind][2]}];"
            for box in boxes
        ]
        if not segment:
            lines += [f"    {line}" for line in inside]
            continue
        lines += [f"    subgraph cluster_{number} {{", f"        label={_dot_text(segment)};"]
        lines += [*(f"        {line}" for line in inside), "    }"]
    for arrow in drawn.arrows:
        style = ", style=dashed" if arrow.dotted else ""
        lines.append(
            f"    {arrow.source} -> {arrow.target} [label={_dot_text(arrow.label)}{style}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def _dot_text(*lines: str) -> str:
    """A quoted string; Graphviz reads entities in it, and backslashes."""
    escaped = (
        visible(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
        for line in lines
    )
    return '"' + "\\n".join(escaped) + '"'


def visible(text: str) -> str:
    """*text* with what can't be seen, or turns lines around, spelt out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
