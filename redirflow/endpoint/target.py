"""Where a spec allows a location to lead.

`compile_location` knows which locations are safe; this file knows which of them a spec
lists: operations and paths of this app, any local location, origins.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias
from urllib.parse import unquote

from msgspec import Struct, field

from redirflow.declare.operation import Operation
from redirflow.endpoint.links import Directory, Link, name_of
from redirflow.http.location import LocationPolicy, compile_location
from redirflow.http.request import ORIGINAL_PATH, local_path, root_path
from redirflow.http.types import Scope

Serves: TypeAlias = Callable[[str, str], object | None]
"""From an app-relative path and a method to what answers there."""


class NotAllowed(ValueError):
    """A location that is safe, but that the spec does not list."""


class Destination(Struct, frozen=True, eq=False):
    """The locations that one spec allows.

    Attributes:
        policy: for `compile_location`.
        directory: all operations of the app.
        links: by handler and by name, the links to the listed operations.
        owners: what may answer at a location; with `paths`, the only local locations allowed.
        any_local: whether every local location is allowed.
        listed: for messages.
    """

    policy: LocationPolicy
    directory: Directory
    serves: Serves
    links: dict[Any, Link] = field(default_factory=dict[Any, Link])
    owners: frozenset[object] = frozenset()
    paths: frozenset[str] = frozenset()
    any_local: bool = False
    listed: str = ""

    def link(self, target: Any) -> Link:
        """The link to an operation, given by handler or name.

        Raises:
            NotAllowed: this spec does not list it, or there is none.
        """
        found = self.links.get(target)
        if found is not None:
            return found
        try:
            found = self.directory.link(target)
        except LookupError as error:
            raise NotAllowed(str(error)) from None
        if not self.any_local and found.operation not in self.owners:
            name = found.operation.name
            raise NotAllowed(f"the operation {name!r}, which the spec does not list")
        return found

    def admit(self, location: str, method: str, scope: Scope) -> bytes:
        """*location* as the bytes of a `Location` field.

        Args:
            method: the one that the client uses for the next request.

        Raises:
            LocationRefused: no spec could allow it.
            NotAllowed: this spec does not list it.
        """
        compiled = compile_location(location, self.policy)
        local = compiled[:1] in {b"/", b"?", b"#"}
        if local and not self.any_local and not self._lists(compiled, method, scope):
            raise NotAllowed("a location that the spec does not list")
        return compiled

    def _lists(self, location: bytes, method: str, scope: Scope) -> bool:
        """Whether one of the listed operations or paths answers at a local location."""
        path = unquote(location.decode("ascii").partition("#")[0].partition("?")[0])
        if path:
            root = root_path(scope)
            if not f"{path}/".startswith(f"{root}/"):
                return False
            path = path[len(root) :]
        else:
            # A client resolves "?..." against the location that it asked for.
            path = scope.get(ORIGINAL_PATH) or local_path(scope)
        return path in self.paths or self.serves(path, method) in self.owners


class Resolver(Struct, frozen=True):
    """Turns the `to=` and `external=` of specs into destinations.

    Attributes:
        directory: the operations of the app.
        serves: what answers at a path.
        everywhere: what answers at a path, whatever the method.
    """

    directory: Directory
    serves: Serves
    everywhere: Callable[[str], Iterable[object]]

    def destination(
        self, to: tuple[Any, ...] | None, external: tuple[str, ...] = ()
    ) -> Destination:
        """The destination of a spec; a `LookupError` for a target that means nothing."""
        any_local = "*" in to if to is not None else not external
        links: dict[Any, Link] = {}
        paths: set[str] = set()
        for target in to or ():
            if target != "*":
                found = self._links(target)
                for link in found:
                    links.update(dict.fromkeys(self.directory.keys(link), link))
                if not found:
                    paths.add(target)
        return Destination(
            LocationPolicy(
                local=any_local or bool(to),
                origins=frozenset(external) - {"*"},
                any_origin="*" in external,
            ),
            self.directory,
            self.serves,
            links,
            frozenset(link.operation for link in links.values()),
            frozenset(paths),
            any_local,
            _listed(to, external),
        )

    def operations(self, to: tuple[Any, ...] | None) -> list[Operation]:
        """The operations among the targets, each once, in declared order."""
        return list(dict.fromkeys(link.operation for link in self.destination(to).links.values()))

    def _links(self, target: Any) -> list[Link]:
        """The links that one target means; none for a path that no operation answers."""
        if not (isinstance(target, str) and target.startswith("/")):
            return [self.directory.link(target)]
        found = [link for link in self.directory.links if link.operation.path == target]
        if not found and not [*self.everywhere(target)]:
            raise LookupError(f"nothing in this app answers at {target!r}")
        return found


def _listed(to: tuple[Any, ...] | None, external: tuple[str, ...]) -> str:
    shown = [f"to={', '.join(map(name_of, to))}"] if to else []
    shown += [f"external={', '.join(external)}"] if external else []
    return "; ".join(shown) or "any local location"
