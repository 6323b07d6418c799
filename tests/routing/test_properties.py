"""Random small sites, held against a client and a server that know only the contract.

The model below knows what is declared, and design and RFCs by heart: it matches templates by
trying them all, collapses nothing, and follows hop by hop. Everything is compared with it: what
an app serves, and what is said of it at start-up.
"""

import re
from dataclasses import dataclass
from itertools import product
from urllib.parse import parse_qsl, quote, unquote

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from redirflow import App, RedirectTable, Request, SpecError
from redirflow.testing import TestClient

ENDLESS, DEAD = "endless", "dead"
LITERAL, HOLE, REST = range(3)

REROUTES = 10
"""Reroutes of one request that the contract allows; no chain here is as long without a loop."""


# --- the model -------------------------------------------------------------------------------


def parts_of(path):
    return path.split("/")[1:]


def matched(template, path):
    """How specific each segment of a match is, and the values by name; `None` for no match."""
    wanted, given_ = parts_of(template), parts_of(path)
    ranks, values = [], {}
    for index, segment in enumerate(wanted):
        if index >= len(given_):
            return None
        if segment.endswith(":path}"):
            values[segment[1:-6]] = "/".join(given_[index:])
            return (*ranks, REST), values
        if segment.startswith("{"):
            if not given_[index]:
                return None
            values[segment[1:-1]] = given_[index]
        elif segment != given_[index]:
            return None
        ranks.append(HOLE if segment.startswith("{") else LITERAL)
    return ((*ranks,), values) if len(given_) == len(wanted) else None


def filled(text, values):
    return re.sub(r"\{(\w+)\}", lambda hole: values[hole[1]], text)


def method_after(status, method):
    if status == 303:
        return "HEAD" if method == "HEAD" else "GET"
    return "GET" if status in {301, 302} and method == "POST" else method


@dataclass(frozen=True)
class Leads:
    """A rule or a row; the status of a reroute is none."""

    source: str
    status: int | None
    to: str
    keep_query: bool = True


@dataclass(frozen=True)
class Site:
    """What is declared: operations are (method, template)."""

    operations: tuple
    rules: tuple
    rows: tuple
    slashes: str
    mounts: tuple

    def at(self, path):
        """Owners of the most specific shape by method, that of all others, and the values."""
        owners = [*self.operations, *self.rules, *self.rows]
        templates = [each[1] if isinstance(each, tuple) else each.source for each in owners]
        found = [(matched(text, path), each) for text, each in zip(templates, owners, strict=True)]
        ranked = [(match, each) for match, each in found if match]
        best = min((match[0] for match, _ in ranked), default=None)
        return [(each, match[1]) for match, each in ranked if match[0] == best]

    def mounted(self, path):
        return any(path.startswith(f"{prefix}/") for prefix in self.mounts)

    def answer(self, path, method):
        """What answers: (operation or rule, values), "mount", another form of the path, DEAD."""
        owners, other = self.at(path), path[:-1] if path.endswith("/") else path + "/"
        if not owners and self.slashes == "match":
            owners = self.at(other)
        for owner, values in owners:
            asked = {method, "GET"} if method == "HEAD" else {method}
            if not isinstance(owner, tuple) or owner[0] in asked:
                return owner, values
        if owners:
            return DEAD
        if self.mounted(path):
            return "mount"
        led = self.slashes == "redirect" and (self.at(other) or self.mounted(other))
        return other if led and not other.startswith("//") else DEAD

    def follow(self, method, path, query=""):
        """Where a request ends, and through how many redirects."""
        mark, hops, inside, seen = "", 0, 0, set()
        while (method, path) not in seen and len(parts_of(path)) < 30:
            seen.add((method, path))
            if path.startswith("//"):
                return DEAD, hops
            answer = self.answer(path, method)
            if answer == DEAD or (answer == "mount" and inside):
                return DEAD, hops
            if answer == "mount":
                return ("mount", method, path, pairs(query), mark), hops
            if isinstance(answer, str):
                path, hops, inside = answer, hops + 1, 0
                continue
            owner, values = answer
            if isinstance(owner, tuple):
                return (owner[1], method, path, pairs(query), mark), hops
            to, hash_mark, fragment = owner.to.partition("#")
            to, _, own = to.partition("?")
            mark = filled(fragment, values) if hash_mark else mark
            path, query = filled(to, values), self.query(own, query, values, owner)
            if owner.status is None:
                inside += 1
                if inside > REROUTES:
                    return ENDLESS, hops
                continue
            hops, inside, method = hops + 1, 0, method_after(owner.status, method)
            if not to.startswith("/"):
                return ("site", method, path, pairs(query), mark), hops
        return ENDLESS, hops

    @staticmethod
    def query(own, old, values, owner):
        names = {part.partition("=")[0] for part in own.split("&")}
        kept = [part for part in old.split("&") if part.partition("=")[0] not in names]
        own = [filled(part, {key: quote(value) for key, value in values.items()}) for part in [own]]
        return "&".join(filter(None, [*own, *(kept if owner.keep_query else [])]))


def pairs(query):
    return (*parse_qsl(query, keep_blank_values=True),)


def instances(template):
    """Some paths of a template."""
    choices = [
        ["", "a", "b/", "a/b", "c/a/b"] if part.endswith(":path}")
        else ["a", "b", "ж c"] if part.startswith("{")
        else [part]
        for part in parts_of(template)
    ]  # fmt: skip
    return ["/" + "/".join(parts) for parts in product(*choices)]


# --- the app ---------------------------------------------------------------------------------


async def mounted(scope, receive, send):
    """Something to mount."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body"})


def handler(name, template):
    """A handler that tells what it was called for."""
    holes = re.findall(r"\{(\w+)", template)
    parameters = ", ".join(["request: Request", *(f"{hole}: str" for hole in holes)])
    source = f"async def {name}({parameters}) -> list[str]:\n"
    source += f"    return [{template!r}, request.path, request.scope['query_string'].decode()]"
    made = {"Request": Request}
    exec(source, made)
    return made[name]


def app_of(site):
    app = App(openapi_url=None, docs_url=None, slashes=site.slashes)
    for index, (method, template) in enumerate(site.operations):
        app.route(template, methods=[method])(handler(f"operation_{index}", template))
    for rule in site.rules:
        if rule.status is None:
            app.reroute(rule.source, to=rule.to)
        else:
            keep = {} if rule.keep_query else {"keep_query": False}
            app.redirect(rule.source, to=rule.to, status_code=rule.status, **keep)
    if site.rows:
        rows = [(row.source, row.to, row.status) for row in site.rows]
        app.redirect_table(RedirectTable.from_pairs(rows))
    for prefix in site.mounts:
        app.mount(prefix, mounted)
    return app


def followed(client, method, path, query=""):
    """Where a client comes to, and through how many redirects."""
    mark = ""
    target = quote(path) + ("?" + query if query else "")
    for hops in range(12):
        reply = client.request(method, target, follow_redirects=False)
        asked, _, query = target.partition("?")
        if reply.status_code in {404, 405}:
            return DEAD, hops
        if reply.status_code == 418:
            return ("mount", method, unquote(asked), pairs(query), mark), hops
        if reply.status_code < 300:
            if method == "HEAD":
                return method, hops
            template, inner, inner_query = reply.json()
            return (template, method, inner, pairs(inner_query), mark), hops
        location, hash_mark, fragment = reply.headers["location"].partition("#")
        mark = unquote(fragment) if hash_mark else mark
        method = method_after(reply.status_code, method)
        if not location.startswith("/"):
            left, _, query = location.partition("?")
            return ("site", method, unquote(left), pairs(query), mark), hops + 1
        target = location
    return ENDLESS, hops


# --- random sites ----------------------------------------------------------------------------

words = st.sampled_from(["a", "b"])
statuses = st.sampled_from([301, 302, 303, 307, 308])
TAILS = st.sampled_from([(), (), (), ("{z:path}",), ("",)])


@st.composite
def templates(draw, exact=False):
    parts = draw(st.lists(words if exact else words | st.just("{}"), max_size=3))
    parts += () if exact else draw(TAILS)
    parts = [part.replace("{}", f"{{{name}}}") for part, name in zip(parts, "wxyvu", strict=False)]
    return "/a" if parts[:1] == [""] and len(parts) > 1 else "/" + "/".join(parts)


@st.composite
def leads(draw, source):
    holes = [f"{{{name}}}" for name in re.findall(r"\{(\w+)", source)]
    piece = words | st.sampled_from(holes) if holes else words
    parts = [*draw(st.lists(piece, max_size=3)), *draw(st.sampled_from([(), (), ("",)]))]
    path = "/" + "/".join(parts) if parts[:1] != [""] else "/"
    status = draw(st.none() | statuses | statuses)
    value = draw(st.sampled_from([*holes, "1"]))
    query = draw(st.sampled_from(["", "", "", f"?k={value}", "?k=2&l=3"]))
    mark = "" if status is None else draw(st.sampled_from(["", "", f"#{value}", "#"]))
    away = draw(st.integers(0, 9)) == 0 and status is not None
    keep = status is None or (draw(st.booleans()) and not away)
    return Leads(source, status, f"{'https://x.test' * away}{path}{query}{mark}", keep)


def shape(template):
    return re.sub(r"\{\w+", "{", template)


@st.composite
def sites(draw):
    operations = draw(
        st.lists(st.tuples(st.sampled_from(["GET", "GET", "POST"]), templates()), max_size=4)
    )
    operations += draw(
        st.sampled_from([[], [("GET", "/a")], [("GET", "/b/{v:path}")], [("GET", "/{v:path}")]])
    )
    sources = draw(st.lists(templates(), min_size=1, max_size=4, unique_by=shape))
    exact = draw(st.lists(templates(exact=True), max_size=3, unique=True))
    rows = [draw(leads(source)) for source in exact if source not in sources]
    return Site(
        operations=(
            *{(method, shape(path)): (method, path) for method, path in operations}.values(),
        ),
        rules=tuple(draw(leads(source)) for source in sources),
        rows=tuple(
            Leads(row.source, row.status or 308, row.to, row.to.startswith("/")) for row in rows
        ),
        slashes=draw(st.sampled_from(["redirect", "redirect", "match", "strict"])),
        mounts=draw(st.sampled_from([(), (), ("/b",)])),
    )


def few(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def faults_of(app):
    """Every finding at start-up, and whether the app may start."""
    try:
        return app.compile().warnings, True
    except SpecError as error:
        return error.faults, False


# --- what holds ------------------------------------------------------------------------------


@few(80)
@given(sites())
def test_an_app_leads_where_its_hops_lead_one_after_the_other(site):
    """Collapsed chains keep the end, the method, the query and the fragment, in no more hops.

    And an app that starts without a warning never sends a client round.
    """
    app = app_of(site)
    warnings, starts = faults_of(app)
    event(f"starts: {starts}")
    if not starts:
        return
    looping = any("possible loop" in fault.found for fault in warnings)
    client = TestClient(app)
    for each in (*site.rules, *site.rows):
        for path, query in product(instances(each.source)[:6], ("", "k=9&m=1")):
            for method in ("GET", "POST", "HEAD"):
                end, most = site.follow(method, path, query)
                reached, hops = followed(client, method, path, query)
                if end == ENDLESS and looping:
                    continue
                case = (site, method, path, query, end, reached)
                assert end != ENDLESS, case
                assert reached == (end[1] if reached == "HEAD" else end), case
                assert hops <= most, case


@few(100)
@given(sites())
def test_a_loop_that_is_refused_is_one(site):
    """No false alarm: a certain loop has each of its requests in it, for some method."""
    warnings, _ = faults_of(app_of(site))
    for fault in warnings:
        told = re.search(r"without end: each request for '([^']+)'", fault.found)
        if told is None:
            continue
        event("a loop")
        taken = {}
        for path in instances(told[1]):
            for owner, _ in site.at(path)[:1] or [("slash", "")]:
                taken.setdefault(owner, []).append(path)
        ends = [
            {site.follow(method, path)[0] for path in paths}
            for method, paths in product(("GET", "POST", "PUT"), taken.values())
        ]
        assert any(end <= {ENDLESS, DEAD} and ENDLESS in end for end in ends), (site, str(fault))
