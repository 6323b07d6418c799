"""Small worlds: a few operations, rules and rows, checked as an app's would be."""

from dataclasses import dataclass

import pytest

from redirflow.declare.faults import Place
from redirflow.declare.operation import Mount, Operation, Page, RedirectRule, RerouteRule
from redirflow.routing.check import CheckedRules, check_rules
from redirflow.routing.router import Router
from redirflow.routing.template import parse_template


async def other_app(scope, receive, send):
    """Something to mount."""


@dataclass
class World:
    """What was declared, and what came of it."""

    operations: dict
    checked: CheckedRules

    @property
    def faults(self):
        """Every finding as it is printed."""
        return [str(fault) for fault in self.checked.faults]

    @property
    def rules(self):
        """The final rules by source."""
        return {rule.source.text: rule for rule in self.checked.rules}


def build(operations=(), rules=(), pages=(), mounts=(), **more):
    """A world.

    Args:
        operations: "GET /path", named by method and path.
        rules: (status or "reroute", source, target) and perhaps a dict of more; the first
            stands on line 1 of rules.py.
        pages: paths.
        mounts: prefixes.
        more: for `check_rules`.
    """
    router, named = Router(), {}
    for line, text in enumerate(operations, 1):
        method, _, path = text.partition(" ")
        name = f"{method.lower()}{path.replace('/', '_')}"
        place = Place("app.py", line)
        operation = Operation(method=method, path=path, name=name, handler=print, place=place)
        named[name] = operation
        router.add(parse_template(path), method, operation)
    for path in pages:
        router.add(parse_template(path), "GET", Page(path=path, name="docs"))

    def operation_of(target):
        try:
            return named[target]
        except KeyError:
            raise LookupError(f"there is no operation named {target!r}") from None

    declared = [rule(line, *each) for line, each in enumerate(rules, 1)]
    mounted = [Mount(prefix=prefix, app=other_app, place=Place("app.py", 99)) for prefix in mounts]
    return World(named, check_rules(router, declared, operation_of, mounts=mounted, **more))


def rule(line, kind, source, to, more=None):
    place = Place("rules.py", line)
    if kind == "reroute":
        return RerouteRule(source=source, to=to, place=place, **(more or {}))
    return RedirectRule(source=source, to=to, status_code=kind, place=place, **(more or {}))


@pytest.fixture(scope="session")
def world():
    """`world(operations, rules, ...)`: see `build`."""
    return build
