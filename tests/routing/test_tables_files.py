"""Tables from files and from pairs: what is read, and every row that is refused."""

import sys
from io import StringIO

import pytest

from redirflow import App, RedirectTable, SpecError
from redirflow.declare.faults import place_of
from redirflow.routing.formats import watched


@pytest.fixture
def load(tmp_path):
    """`load(name, text)` gives the table in a file of that name."""

    def load(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return RedirectTable.load(path)

    return load


def told(faults, tmp_path):
    """The faults as lines, with the file by its name."""
    return [
        f"{fault.place.line if fault.place else '-'}: {fault.found}".replace(f"{tmp_path}/", "")
        for fault in faults
    ]


async def served() -> int: ...


def leading(table):
    """From each source to the location that it leads to."""
    return {source: row[1:].decode() for source, row in table.rows.items()}


def test_csv(load):
    """The first line may name the columns; empty lines are skipped; 308 is the usual status."""
    table = load("a.csv", "source,target,status\n/a,/b,301\n\n/c,/d\n/e,https://X.org/?q=1,\n")

    assert leading(table) == {"/a": "/b", "/c": "/d", "/e": "https://x.org/?q=1"}
    assert len(table) == 3
    assert repr(table) == "RedirectTable('a.csv', 3 rows)"


def test_csv_without_names(load):
    assert leading(load("a.csv", "\ufeff/a,/b\n/%C3%A9,/c\n")) == {"/a": "/b", "/é": "/c"}


def test_other_columns_are_no_row(load):
    (fault,) = load("a.csv", "from,to,status\n/a,/b,301\n").faults

    assert (fault.found, fault.write) == ("the columns from, to, status", "source,target,status")


def test_an_empty_file(load):
    assert len(load("a.csv", "")) == 0


def test_json_lines(load):
    table = load("a.jsonl", '{"source": "/a", "target": "/b"}\n\n["/c", "/d", 302]\n')

    assert leading(table) == {"/a": "/b", "/c": "/d"}
    assert leading(load("a.ndjson", '{"source": "/a", "target": "/b", "status": 301}')) == {
        "/a": "/b"
    }


def test_redirects_as_netlify_reads_them(load):
    """301 is the usual status; placeholders become rules, and so does a 200, a reroute."""
    table = load(
        "_redirects",
        "# moved\n\n/a /b # why\n/c /d 302\n/old/* /new/:splat 302\n/u/:id /users/:id 307\n"
        "/home /b 200\n"
        "/x/:one/* https://x.org:8443/:one/{}/:splat\n",
    )

    assert leading(table) == {"/a": "/b", "/c": "/d"}
    assert [(rule.source, rule.to, getattr(rule, "status_code", 200)) for rule in table.rules] == [
        ("/old/{splat:path}", "/new/{splat}", 302),
        ("/u/{id}", "/users/{id}", 307),
        ("/home", "/b", 200),
        ("/x/{one}/{splat:path}", "https://x.org:8443/{one}/%7B%7D/{splat}", 301),
    ]


def test_every_bad_line_is_told(load, tmp_path):
    table = load("a.csv", "/a,/b,999\nnope,/x\n/a\n/q,//evil\n/a,/c\n/a,/d\n/e f,/x\n/g?h,/x\n")

    assert told(table.faults, tmp_path) == [
        "1: the status '999' is no redirect",
        "2: the source 'nope' is no path",
        "3: ['/a'] is no row",
        "4: the target '//evil': the location starts with '//', after which a host is read: "
        "write one '/' for a path of this site, or the scheme too ('https://host/path')",
        "6: '/a' was the source of line 5 already",
        "7: the source '/e f' has a blank, a control character or a backslash",
        "8: the source '/g?h' has a query or a fragment",
    ]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (("/a", ""), "the target '' is no location"),
        (("/a", "?x"), "the target '?x' is no location"),
        (("/a", None), "the target None is no location"),
        ((None, "/a"), "the source None is no path"),
        (("/{a}", "/b"), "the source '/{a}' has a parameter, and a row stands for one path"),
        (("/%ff", "/b"), "the percent-escapes of '/%ff' are no UTF-8"),
        (("/a/../b", "/c"), "the source '/a/../b' has a dot segment; clients remove it"),
        (("/a", "/b/%2e%2e"), "the target '/b/%2e%2e' has a dot segment; clients remove it"),
        (("/a", "/b", 2.5), "the status 2.5 is no redirect"),
        (("/a", "/b", 200), "the status 200 is no redirect"),
        ("/a", "'/a' is no row"),
        (("/a", "/b", 301, 5), "('/a', '/b', 301, 5) is no row"),
    ],
)
def test_rows_that_are_refused(row, found):
    table = RedirectTable.from_pairs([row])

    assert [fault.found for fault in table.faults] == [f"row 1: {found}"]


def test_bad_rows_are_told_with_dead_targets_each_once(load, tmp_path):
    """No fault hides another; what leads to a bad row is all right, and nothing is served."""
    app = App()
    for method in ("GET", "POST", "PUT"):
        app.route("/taken", methods=[method], name=method)(served)
    rows = "/a,/dead\n/b,/c,999\n/c,/b\n/taken,/taken?x=1\n/d,/a\n/b,/taken,303\nnope,/b\n"
    app.redirect_table(load("a.csv", rows))
    app.redirect_table(load("_redirects", "/r /taken Country=de\n/s /r\n/%62x/:id /taken 404\n"))

    with pytest.raises(SpecError) as caught:
        app.compile()

    assert told(caught.value.faults, tmp_path) == [
        "1: the condition 'Country=de' is not supported",
        "3: the status 404 is not supported",
        "1: row '/a' -> '/dead': nothing in this app answers at '/dead'",
        "2: the status '999' is no redirect",
        "4: row '/taken' -> '/taken?x=1': GET, POST, PUT is answered there by "
        + ", ".join(f"{name} ({place_of(served)})" for name in ("GET", "POST", "PUT"))
        + " already",
        "7: the source 'nope' is no path",
    ]


def test_a_rule_is_not_told_to_lead_to_itself():
    """The nearest path that answers may be its own source."""
    app = App()
    app.redirect("/two/{id}", to="/twoo/{id}")

    with pytest.raises(SpecError) as caught:
        app.compile()

    assert [fault.write for fault in caught.value.faults] == [""]


def test_the_first_of_very_many_bad_rows_are_told():
    faults = RedirectTable.from_pairs([("nope", "/x")] * 1_000).faults

    assert faults[-1].found.startswith("rows: ")
    assert faults[-1].found.endswith("more bad rows, 1000 in all")


def test_rows_to_other_sites():
    """Each location is checked, also where its origin was met before."""
    targets = [
        "https://X.org/a",
        "https://X.org/b",
        "https://X.org/c/../d",
        "https://x.org/é",
        "https://x.org",
        "/e?f=1#g",
        "/%C3%A9",
    ]
    rows = [(f"/{n}", target) for n, target in enumerate(targets[:2] + targets[3:])]

    assert [*leading(RedirectTable.from_pairs(rows)).values()] == [
        "https://x.org/a",
        "https://x.org/b",
        "https://x.org/%C3%A9",
        "https://x.org/",
        "/e?f=1#g",
        "/%C3%A9",
    ]
    assert RedirectTable.from_pairs([("/0", targets[0]), ("/1", targets[2])]).faults


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("/x /y 404", "the status 404 is not supported"),
        ("/x /y 301!", "'301!' is not supported: what wins is always the most specific path"),
        ("/x /y Country=de", "the condition 'Country=de' is not supported"),
        ("/x /y 301 Role=admin", "the condition 'Role=admin' is not supported"),
        ("/x id=:id /y", "the condition 'id=:id' is not supported"),
        ("/x", "no target"),
        ("http://a.b/x /y", "the source 'http://a.b/x' is no path"),
        ("/x https://a.b/ 200", "200 with 'https://a.b/' would fetch from another site, which is "
         "not supported"),
        ("/*/x /y", "the '*' in '/*/x' is no whole last segment, which is not supported"),
        ("/x* /y", "the '*' in '/x*' is no whole last segment, which is not supported"),
        ("/:a /y/:b", "the source has no placeholder ':b'"),
        ("/a b c d", "no target"),
    ],
)  # fmt: skip
def test_lines_of_redirects_that_are_not_supported(load, tmp_path, line, found):
    table = load("_redirects", f"# first\n{line}\n")

    assert told(table.faults, tmp_path) == [f"2: {found}"]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("_redirects", b"/a /\xff\n", "1: no UTF-8"),
        ("a.jsonl", b"{,}\n5\n", "1: no JSON: JSON is malformed: object keys must be strings "
         "(byte 1)"),
        ("a.csv", b'/a,/b\n"/c', "3: the file can't be read on: unexpected end of data"),
        ("a.csv", b"\xff", "1: the file can't be read on: 'utf-8' codec can't decode byte 0xff in "
         "position 0: invalid start byte"),
    ],
)  # fmt: skip
def test_lines_that_can_not_be_read(load, tmp_path, name, content, found):
    """Where it is not known what follows, nothing can be said of what leads there."""
    try:
        faults = load(name, content).faults
    except SpecError as error:
        assert name == "a.csv"
        faults = error.faults

    assert told(faults, tmp_path)[0] == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("none.csv", ": No such file or directory: {}"),
        ("none.txt", ""),
    ],
)
def test_paths_that_are_no_tables(tmp_path, name, found):
    path = tmp_path / name

    with pytest.raises(SpecError) as caught:
        RedirectTable.load(path)

    expected = f"RedirectTable.load({str(path)!r}){found.format(path)}"
    assert (caught.value.faults[0].found, caught.value.faults[0].write) == (expected, "")


def test_a_relative_path_that_is_not_there(tmp_path, monkeypatch):
    """Where it was looked for is told, and how it is found from anywhere."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SpecError) as caught:
        RedirectTable.load("data/moved.csv")

    (fault,) = caught.value.faults
    assert fault.found.endswith(f"No such file or directory: {tmp_path}/data/moved.csv")
    assert fault.write.startswith("RedirectTable.load(Path(__file__).parent / 'data/moved.csv')")


def test_a_long_load_tells_how_far_it_is_on_a_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    assert len([*watched(range(0x8001), "moved.csv", 0)]) == 0x8001
    assert [*watched(range(9), "few.csv", 0)] == [*range(9)]
    assert terminal.getvalue() == (
        "\rmoved.csv: 16,384 rows\rmoved.csv: 32,768 rows\rmoved.csv: read\033[K\n"
    )


class Terminal(StringIO):
    def isatty(self):
        return True
