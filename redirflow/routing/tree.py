"""A tree of shapes that is walked with paths that have parameters.

A router finds the one shape that a request belongs to. A path with parameters stands for
many requests, so the walk gives every shape to which one of them belongs, each with what
the parameters are then, in the router's order of precedence: literal text first, then
`{name}`, then `{name:path}`, left to right. It ends at a shape to which all of them belong,
for no later one is ever asked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from redirflow.routing.pattern import Bindings, Path, holds, substitute
from redirflow.routing.template import Hole

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Node(Generic[T]):
    literals: "dict[str, _Node[T]]" = field(default_factory=dict[str, "_Node[T]"])
    hole: "_Node[T] | None" = None
    item: T | None = None
    rest: T | None = None


class Tree(Generic[T]):
    """Shapes, each with an item.

    Args:
        shapes: the segments of templates, no two of the same shape.
    """

    def __init__(self, shapes: Iterable[tuple[Path, T]]) -> None:
        self._root: _Node[T] = _Node()
        for path, item in shapes:
            self._add(path, item)

    def walk(self, path: Path) -> Iterator[tuple[T, Bindings]]:
        """The items of the shapes that instances of *path* belong to.

        Returns:
            Each with what the parameters of *path* are there; no bindings stand for every
            instance that is left, and come last. A shape comes once for each way to belong
            to it.
        """
        for item, bound in _walk(self._root, path, {}):
            yield item, bound
            if not bound:
                return

    def _add(self, path: Path, item: T) -> None:
        node = self._root
        for segment in path:
            if isinstance(segment, str):
                node = node.literals.setdefault(segment, _Node())
            elif segment.rest:
                node.rest = item
                return
            else:
                node.hole = node.hole or _Node()
                node = node.hole
        node.item = item


def _walk(node: _Node[T], path: Path, bound: Bindings) -> Iterator[tuple[T, Bindings]]:
    if not path:
        if node.item is not None:
            yield node.item, bound
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
    node: _Node[T], path: Path, hole: Hole, segment: str | Hole, bound: Bindings
) -> Iterator[tuple[T, Bindings]]:
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
