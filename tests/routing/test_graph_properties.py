"""The checked graph against a naive client that follows hop by hop.

The client knows what is declared and the order of precedence, nothing else. It asks for many
concrete paths and does what it is told, one hop at a time, so it finds out what loops there
are, and what a chain comes to.
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from redirflow.http.location import LocationRefused
from redirflow.http.methods import method_after_hop
from redirflow.routing.rule import REDIRECTED
from redirflow.routing.sheet import LOADED
from redirflow.routing.rows import sent_location
from redirflow.routing.table import RedirectTable
from redirflow.routing.template import DOTS, Hole, parse_template

LITERAL, HOLE, REST = range(3)

LONGEST = 12
"""Segments of a path that is taken to grow for ever."""

ENDLESS, NOTHING, OTHER_METHOD = "endless", "404", "405"


def naive_match(segments, given):
    """How specific each segment of a match is, and the values; None for no match."""
    ranks, values = [], []
    for index, segment in enumerate(segments):
        if index >= len(given):
            return None
        if isinstance(segment, Hole) and segment.rest:
            rest = given[index:]
            return None if DOTS & {*rest} else ((*ranks, REST), [*values, "/".join(rest)])
        if isinstance(segment, str):
            if segment != given[index]:
                return None
            ranks.append(LITERAL)
        else:
            if given[index] in {"", *DOTS}:
                return None
            ranks.append(HOLE)
            values.append(given[index])
    return ((*ranks,), values) if len(given) == len(segments) else None


@dataclass
class Client:
    """Follows what a world declares.

    Attributes:
        final: whether rules and rows answer as they are served, or each as it was declared.
        eager: whether rules answer that nothing serves.
    """

    world: object
    operations: list
    slashes: str
    mounts: tuple
    final: bool = False
    eager: bool = False
    shapes: dict = field(default_factory=dict)

    def __post_init__(self):
        for text in self.operations:
            method, _, path = text.partition(" ")
            self._at(parse_template(path))[method] = text
        for rule in self.world.checked.rules:
            methods = rule.methods or (REDIRECTED if self.eager else ())
            for method in methods:
                self._at(rule.source).setdefault(method, rule)

    def _at(self, template):
        return self.shapes.setdefault(template.shape, (template.segments, {}))[1]

    def owner(self, path, method):
        """What answers, with its parameters: a row, a rule, an operation; or 404, 405."""
        rows = self.world.checked.rows
        given = path.split("/")[1:] if path else []
        found = [
            (match, owners)
            for segments, owners in self.shapes.values()
            if owners and (match := naive_match(segments, given))
        ]
        best = min(found, key=lambda each: each[0][0], default=None)
        if path in self.world.checked.tables.rows:
            kind = rows.find(path)
            methods = kind[0].methods if kind else REDIRECTED if self.eager else ()
            if method in methods:
                return "row", path
            if best and set(best[0][0]) != {LITERAL}:
                return OTHER_METHOD, None
        if best is None:
            return (OTHER_METHOD if path in self.world.checked.tables.rows else NOTHING), None
        (_, values), owners = best
        owner = owners.get(method) or (owners.get("GET") if method == "HEAD" else None)
        return (owner, values) if owner else (OTHER_METHOD, None)

    def served(self, path, method):
        """What answers at a path, slashes and mounts included."""
        owner, values = self.owner(path, method)
        if owner is not NOTHING:
            return owner, values
        other = path[:-1] if path.endswith("/") else path + "/"
        beside = self.owner(other, method)
        if self.slashes == "match" and beside[0] is not NOTHING:
            return beside
        if self.mounted(path):
            return "mount", None
        fits = beside[0] not in {NOTHING, OTHER_METHOD} or self.mounted(other)
        if self.slashes == "redirect" and method != "OPTIONS" and fits:
            return "slash", other
        return NOTHING, None

    def mounted(self, path):
        return any(path.startswith(f"{prefix}/") for prefix in self.mounts)

    def hop(self, owner, values, query):
        """Status and location of a redirect; the new path and query of a reroute."""
        rows = self.world.checked.rows
        if owner == "slash":
            from redirflow.http.location import compile_location, quote_path

            text = quote_path(values) + ("?" + query.decode() if query else "")
            return 308, compile_location(text)
        if owner == "row":
            if self.final:
                return rows.location(values, query)
            row = self.world.checked.tables.rows[values]
            kind = LOADED[row[0]]
            sent = sent_location(kind, row[1:], query, "")
            return kind.status, sent
        named = dict(zip([hole.name for hole in owner.source.holes], values, strict=True))
        if owner.status is None:
            return None, owner.reroute(named, query)
        if self.final:
            return owner.status, owner.expand(named, query)
        return owner.rule.status, owner.rule.target.location(named, query)

    def follow(self, method, path, query=b""):
        """Where a request ends: what answers, with method, location and fragment."""
        fragment, seen = None, Counter()
        while path.count("/") <= LONGEST:
            seen[method, path] += 1
            if seen[method, path] > 1:
                return ENDLESS
            owner, values = self.served(path, method)
            if owner in {NOTHING, OTHER_METHOD}:
                return owner
            if owner == "mount" or owner in self.operations:
                return owner, method, path, query, fragment
            try:
                hop = self.hop(owner, values, query)
            except LocationRefused:
                return NOTHING
            if hop is None or hop[1] is None:
                return NOTHING
            if hop[0] is None:
                inside, query = hop[1]
                path = unquote(inside)
                continue
            status, location = hop
            text, mark, new = location.decode().partition("#")
            fragment = new if mark else fragment
            method = method_after_hop(status, method)
            if not text.startswith("/"):
                return "elsewhere", method, text, fragment
            text, _, asked = text.partition("?")
            path, query = unquote(text), asked.encode()
        return ENDLESS


# --- small worlds ----------------------------------------------------------------------------

words = st.sampled_from(["a", "b"])


@st.composite
def templates(draw, *, longest=3):
    parts = draw(st.lists(st.one_of(words, words, st.just("{}")), min_size=0, max_size=longest))
    parts += draw(st.sampled_from([[], [], [], ["{:path}"], [""]]))
    names = iter("xyzw")
    text = "/" + "/".join(part.replace("{", "{" + next(names)) if part[:1] == "{" else part for part in parts)
    return "/a" if text.startswith("//") else text


@st.composite
def targets(draw, source):
    names = [f"{{{hole.name}}}" for hole in parse_template(source).holes]
    piece = st.one_of(words, st.sampled_from(names)) if names else words
    parts = draw(st.lists(piece, min_size=0, max_size=4))
    text = "/" + "/".join([*parts, *draw(st.sampled_from([[], [], [], [""]]))])
    text = "/a" if text.startswith("//") else text
    value = draw(st.sampled_from([*names, "1"]))
    text += draw(st.sampled_from(["", "", "", f"?k={value}", "?k=2&l", "?l=1#f", "#g", "#"]))
    return draw(st.sampled_from([text] * 12 + ["https://x.test/q"]))


@st.composite
def worlds(draw):
    operations = draw(
        st.lists(
            st.builds("{} {}".format, st.sampled_from(["GET", "GET", "POST"]), templates()),
            max_size=4,
        )
    )
    shapes = {}
    for text in operations:
        method, _, path = text.partition(" ")
        shapes.setdefault((method, parse_template(path).shape), text)
    sources = draw(st.lists(templates(), min_size=1, max_size=5))
    kinds = st.sampled_from([301, 302, 303, 307, 308, 308, "reroute"])
    rules = []
    for source in sources:
        kind, to = draw(kinds), draw(targets(source))
        if kind == "reroute":
            rules.append(("reroute", source, to.partition("#")[0] if to[0] == "/" else "/a"))
        else:
            more = draw(st.sampled_from([{}, {}, {"keep_query": False}, {"max_age": 5}]))
            rules.append((kind, source, to, more))
    exact = templates().filter(lambda text: "{" not in text)
    rows = draw(
        st.dictionaries(exact, st.tuples(targets("/a"), st.sampled_from([301, 303, 307, 308])), max_size=4)
    )
    return (
        [*shapes.values()],
        rules,
        [(source, *row) for source, row in rows.items()],
        draw(st.sampled_from(["redirect", "redirect", "match", "strict"])),
        draw(st.sampled_from([(), (), ("/b",)])),
    )


def made(world, declared):
    operations, rules, rows, slashes, mounts = declared
    tables = [RedirectTable.from_pairs(rows)] if rows else []
    return world(operations, rules, mounts=mounts, tables=tables, slashes=slashes)


def instances(source, deepest=3):
    """Concrete paths of a template, over a small alphabet."""
    one = ["a", "b", "c"]
    many = ["", *one, "/", "a/", "a/b", "b/a", "c/c", "a/a/b", "c/a/b"]
    template = parse_template(source)
    choices = [
        [segment] if isinstance(segment, str) else many if segment.rest else one
        for segment in template.segments
    ]
    return ["/" + "/".join(parts) for parts in product(*choices)]


many = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(declared=worlds())
def test_loops(world, declared):
    operations, rules, rows, slashes, mounts = declared
    made_ = made(world, declared)
    client = Client(made_, operations, slashes, mounts, eager=True)
    for fault in made_.checked.faults:
        if fault.found.startswith("a loop without end") and fault.place.file == "rules.py":
            rule = made_.checked.rules[[r.rule.place.line for r in made_.checked.rules].index(fault.place.line)]
            for path in instances(rule.source.text):
                for method in ("GET", "POST"):
                    if client.owner(path, method)[0] is rule:
                        assert client.follow(method, path) in {ENDLESS, NOTHING}, (path, method, str(fault))
    if not any("loop" in fault.found for fault in made_.checked.faults):
        for rule in made_.checked.rules:
            for path in instances(rule.source.text):
                for method in ("GET", "POST"):
                    if client.owner(path, method)[0] is rule:
                        assert client.follow(method, path) is not ENDLESS, (path, method, made_.faults)


@many
@given(declared=worlds())
def test_collapse(world, declared):
    operations, rules, rows, slashes, mounts = declared
    made_ = made(world, declared)
    assume(not any(fault.severity == "error" for fault in made_.checked.faults))
    naive = Client(made_, operations, slashes, mounts)
    final = Client(made_, operations, slashes, mounts, final=True)
    paths = [path for rule in made_.checked.rules for path in instances(rule.source.text)]
    for path in [*paths, *(row[0] for row in rows)]:
        for method in ("GET", "POST", "HEAD", "PUT"):
            for query in (b"", b"k=9&m=%C3&l=3"):
                assert naive.follow(method, path, query) == final.follow(method, path, query), (method, path, query)
