"""What stands at a path: operations, pages, rules and mounts in one table.

A `Spot` is a shape with all that has it. The methods that its rules answer are not known
here; they follow from where the rules lead, and that is asked of the ground.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from msgspec import Struct, field

from redirflow.declare.operation import Mount, Page
from redirflow.declare.settings import Slashes
from redirflow.http.methods import METHODS
from redirflow.routing.router import Clash, Router
from redirflow.routing.rule import Rule
from redirflow.routing.template import Template

EVERY: Final = frozenset(METHODS)
"""What a mount serves, and another origin."""

SPOT: Final = "*"
"""Stands for all methods in the router of a ground."""


UNKNOWN: Final = "a rule that has a fault of its own"
"""The owner that stands for rules that might answer anything."""

ROW: Final = "a table row"
"""The owner that stands for rows."""


def other_form(path: str) -> str:
    """*path* with a slash at its end, or without the one it has; "" for the root."""
    return path[:-1] if path.endswith("/") else f"{path}/"


class Spot(Struct, frozen=True, eq=False):
    """One shape, and what stands there.

    Attributes:
        owners: operations, pages, mounts, by method.
        rules: those with this source.
    """

    template: Template
    owners: dict[str, Any] = field(default_factory=dict[str, Any])
    rules: list[Rule] = field(default_factory=list[Rule])

    @property
    def served(self) -> frozenset[str]:
        """The methods that owners serve; HEAD goes with GET."""
        return frozenset({*self.owners, "HEAD"} if "GET" in self.owners else self.owners)

    @property
    def inside(self) -> "Spot":
        """The spot as a reroute sees it: mounts and pages are not for it."""
        return self.without(lambda owner: isinstance(owner, Mount | Page))

    def without(self, unfit: Callable[[object], bool]) -> "Spot":
        """The spot without some of its owners."""
        fit = {method: owner for method, owner in self.owners.items() if not unfit(owner)}
        return Spot(self.template, fit, self.rules)


class Ground:
    """All spots of an app.

    Args:
        router: operations and pages.
        mounts: other apps; they come last.
        slashes: what happens to the other form of a path's last slash.
    """

    def __init__(
        self, router: Router[Any], mounts: Iterable[Mount] = (), slashes: Slashes = "redirect"
    ) -> None:
        self.router: Final[Router[Spot]] = Router()
        self.mounts: Final = tuple(mounts)
        self.slashes: Final = slashes
        for leaf, method, owner in router:
            self.spot(leaf.template).owners[method] = owner

    def spot(self, template: Template) -> Spot:
        """The spot of a template's shape; a new one if nothing stands there yet."""
        spot = Spot(template)
        try:
            self.router.add(template, SPOT, spot)
        except Clash as clash:
            return cast("Spot", clash.first)
        return spot

    def spots(self) -> list[Spot]:
        """All spots, in order of registration."""
        return [spot for _, _, spot in self.router]

    def find(self, path: str) -> Spot | None:
        """The spot that a decoded path belongs to."""
        found = self.router.find(path)
        return found[0].owners[SPOT] if found else None
