"""`graph`: who leads where, as a picture or as data."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from redirflow.cli.command import Command, takes_app, takes_format
from redirflow.cli.load import load
from redirflow.cli.output import write
from redirflow.cli.picture import dot, ids, mermaid, picture
from redirflow.cli.place import plain_place
from redirflow.cli.target import find_target
from redirflow.routing.graph import Graph, draw


def graph(args: Namespace) -> int:
    """Write the redirect graph."""
    compiled = load(find_target(args.app)).compile()
    drawn = draw(compiled.checked, compiled.hops)
    # A lone surrogate in a name is no reason to draw nothing.
    write(_FORMATS[args.format](drawn).encode("utf-8", "backslashreplace"), args.output)
    return 0


def _json(drawn: Graph) -> str:
    """All nodes and edges, in order of declaration."""
    named = ids(drawn)
    nodes = [
        {
            "id": named[node],
            "kind": node.kind,
            "method": node.method,
            "template": node.template,
            "name": node.name,
            **plain_place(node.place),
        }
        for node in drawn.nodes
    ]
    edges = [
        {
            "source": named[edge.source],
            "target": named[edge.target],
            "kind": edge.kind,
            "status": edge.status,
            "label": edge.label,
            **plain_place(edge.place),
        }
        for edge in drawn.edges
    ]
    encoded = msgspec.json.encode({"nodes": nodes, "edges": edges})
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


_FORMATS: Final[Mapping[str, Callable[[Graph], str]]] = {
    "mermaid": lambda drawn: mermaid(picture(drawn)),
    "dot": lambda drawn: dot(picture(drawn)),
    "json": _json,
}


def _arguments(parser: ArgumentParser) -> None:
    takes_app(parser)
    takes_format(parser, *_FORMATS)
    parser.add_argument("--output", metavar="FILE", type=Path, help="write it there")


GRAPH: Final = Command(
    name="graph",
    summary="draw where redirects and reroutes lead",
    example="redirflow graph accounts.py --format dot | dot -Tsvg > graph.svg",
    arguments=_arguments,
    run=graph,
)
