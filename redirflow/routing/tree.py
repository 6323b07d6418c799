"""The tree of a router, walked with paths that have parameters.

A router finds the one shape that a request belongs to. A path with parameters stands for
many requests, so the walk gives every shape to which one of them belongs, each with what
the parameters are then, in the router's order of precedence: literal text first, then
`{name}`, then `{name:path}`, left to right. It ends at a shape to which all of them belong,
for no later one is ever asked.
"""

from collections.abc import Iterator
from typing import TypeVar

from redirflow.routing.pattern import Bindings, Path, holds, substitute
from redirflow.routing.router import Leaf, Node, Router
from redirflow.routing.template import Hole

T = TypeVar("T")


def walk(router: Router[T], path: Path) -> Iterator[tuple[T, Bindings]]:
    """The owners at the shapes that instances of *path* belong to.

    Returns:
        Each with what the parameters of *path* are there; no bindings stand for every
        instance that is left, and come last. A shape comes once for each way to belong
        to it.
    """
    for leaf, bound in _walk(router.tree, path, {}):
        for owner in leaf.owners.values():
            yield owner, bound
        if not bound:
            return


def _walk(node: Node[T], path: Path, bound: Bindings) -> Iterator[tuple[Leaf[T], Bindings]]:
    if not path:
        if node.leaf is not None:
            yield node.leaf, bound
        return
    head, tail = path[0], path[1:]
    if isinstance(head, str):
        child = node.literals.get(head)
        if child is not None:
            yield from _walk(child, tail, bound)
        if node.hole is not None and holds(head):
            yield from _walk(node.hole, tail, bound)
    else:
        for text, child in node.literals.items():
            if head.rest or holds(text):
                yield from _bind(child, path, head, text, bound)
        if node.hole is not None:
            one = Hole(f"{head.name}-") if head.rest else head
            yield from _bind(node.hole, path, head, one, bound)
    if node.rest is not None:
        yield node.rest, bound


def _bind(
    node: Node[T], path: Path, hole: Hole, segment: str | Hole, bound: Bindings
) -> Iterator[tuple[Leaf[T], Bindings]]:
    """Walk on where the parameter in front is one segment, or begins with it."""
    if segment == hole:
        yield from _walk(node, path[1:], bound)
        return
    values: list[Path] = [(segment,)]
    if hole.rest:
        values.append((segment, Hole(f"{hole.name}'", rest=True)))
    for value in values:
        new = {hole.name: value}
        narrowed = {name: substitute(old, new) for name, old in bound.items()} | new
        yield from _walk(node, substitute(path, new)[1:], narrowed)
