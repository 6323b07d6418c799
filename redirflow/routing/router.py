"""From a path to what serves it.

The most specific segment wins, left to right: literal text, then `{name}`, then
`{name:path}`. So the look-up has three ways, tried in this order, none of which depends
on the number of routes:

* `exact`: a dictionary of paths without parameters;
* `tails`: a dictionary of what stands before the last slash, for the common shape of a
  literal prefix and one last parameter (nothing but an exact path is more specific);
* a tree of segments, which has every shape, for the others.

A path belongs to the first shape that matches it, whatever its methods: that the method
is not served there is a 405, not a reason to look further.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeAlias, TypeVar

from msgspec import Struct, field

from redirflow.routing.template import DOTS, Template

T = TypeVar("T")

Values: TypeAlias = str | tuple[str, ...]
"""Path parameters as text: the string itself for one, a tuple for several (or none)."""


class Leaf(Struct, Generic[T], frozen=True, eq=False):
    """What stands at one shape: an owner per method.

    Attributes:
        index: its number, in order of registration.
        template: the first template of this shape.
        owners: what serves each method.
    """

    index: int
    template: Template
    owners: dict[str, T] = field(default_factory=dict[str, T])

    def owner(self, method: str) -> T | None:
        """What serves *method*; HEAD is served by GET."""
        found = self.owners.get(method)
        return self.owners.get("GET") if found is None and method == "HEAD" else found


class Node(Struct, Generic[T], eq=False):
    """Where the segments of some shapes lead; `rest` is the leaf of a `{name:path}` here."""

    literals: "dict[str, Node[T]]" = field(default_factory=dict[str, "Node[T]"])
    hole: "Node[T] | None" = None
    leaf: Leaf[T] | None = None
    rest: Leaf[T] | None = None


class Clash(ValueError):
    """Two owners for one shape and method."""

    def __init__(self, first: object, second: object, method: str, template: Template) -> None:
        super().__init__(f"{method} {template.text}")
        self.first = first
        self.second = second
        self.method = method


class Router(Generic[T]):
    """A match table. Filled at start-up by `add`, then only read."""

    def __init__(self) -> None:
        self.exact: Final[dict[str, Leaf[T]]] = {}
        self.tails: Final[dict[str, Leaf[T]]] = {}
        self.leaves: Final[list[Leaf[T]]] = []
        self.tree: Final[Node[T]] = Node()

    def add(self, template: Template, method: str, owner: T) -> None:
        """Let *owner* serve *method* at *template*.

        Raises:
            Clash: another owner does so already.
        """
        leaf = self._leaf(template)
        if method in leaf.owners:
            raise Clash(leaf.owners[method], owner, method, template)
        leaf.owners[method] = owner

    def find(self, path: str) -> tuple[Leaf[T], Values] | None:
        """The leaf that a decoded path belongs to, and its path parameters."""
        leaf = self.exact.get(path)
        if leaf is not None:
            return leaf, ()
        head, slash, tail = path.rpartition("/")
        leaf = self.tails.get(head)
        if leaf is not None and slash and tail and tail not in DOTS:
            return leaf, tail
        found = _walk(self.tree, path.split("/"), 1, ()) if path.startswith("/") else None
        if found is None:
            return None
        leaf, values = found
        return leaf, values[0] if len(values) == 1 else values

    def serves(self, path: str, method: str) -> T | None:
        """What answers *method* at *path*, or `None`."""
        found = self.find(path)
        return found[0].owner(method) if found else None

    def __iter__(self) -> Iterator[tuple[Leaf[T], str, T]]:
        for leaf in self.leaves:
            for method, owner in leaf.owners.items():
                yield leaf, method, owner

    def _leaf(self, template: Template) -> Leaf[T]:
        node = self.tree
        for segment in template.segments:
            if isinstance(segment, str):
                node = node.literals.setdefault(segment, Node())
            elif segment.rest:
                node.rest = node.rest or self._new(template)
                return node.rest
            else:
                node.hole = node.hole or Node()
                node = node.hole
        node.leaf = node.leaf or self._new(template)
        if not template.holes:
            self.exact[template.text] = node.leaf
        elif template.holes == template.segments[-1:]:
            self.tails[template.text.rpartition("/")[0]] = node.leaf
        return node.leaf

    def _new(self, template: Template) -> Leaf[T]:
        leaf: Leaf[T] = Leaf(len(self.leaves), template)
        self.leaves.append(leaf)
        return leaf


def _walk(
    node: Node[T], segments: list[str], index: int, values: tuple[str, ...]
) -> tuple[Leaf[T], tuple[str, ...]] | None:
    if index == len(segments):
        return (node.leaf, values) if node.leaf else None
    segment = segments[index]
    child = node.literals.get(segment)
    if child is not None:
        found = _walk(child, segments, index + 1, values)
        if found is not None:
            return found
    if node.hole is not None and segment and segment not in DOTS:
        found = _walk(node.hole, segments, index + 1, (*values, segment))
        if found is not None:
            return found
    if node.rest is not None and DOTS.isdisjoint(segments[index:]):
        return node.rest, (*values, "/".join(segments[index:]))
    return None
