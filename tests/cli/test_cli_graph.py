"""`graph`: what is drawn can be read, by people and programs, whatever it is called."""

import json
import re

import pytest

from redirflow.cli.picture import dot, mermaid, picture, visible
from redirflow.routing.graph import Edge, Graph, Node

MERMAID = """\
flowchart LR
    n0["GET /houses/{house_id}<br/>house"]
    n1["POST /houses<br/>build"]
    n2["GET /lucky<br/>lucky"]
    n3["GET /out<br/>out"]
    n5{{"https://maps.example"}}
    n6{{"any other site"}}
    n7("/h/{house_id}")
    n8("/home/{house_id}")
    n9("/map/{rest:path}")
    n10("/first")
    n11("/houses/1/")
    n12("/art")
    n13[["/museum/...<br/>another app"]]
    n14("/v0/{rest:path}")
    n15["/{rest:path}"]
    n16[("table rows<br/>3 rows")]
    n17{{"https://wiki.example"}}
    n1 -->|"303"| n0
    n2 -.->|"reroute"| n0
    n3 -->|"302"| n5
    n3 -->|"302"| n6
    n7 -->|"308"| n0
    n8 -->|"301"| n7
    n9 -->|"307"| n5
    n10 -->|"308"| n11
    n11 -->|"308"| n0
    n12 -->|"308"| n13
    n14 -.->|"reroute"| n15
    n16 -->|"301 x 2"| n0
    n16 -->|"302"| n17
"""

DOT = """\
digraph redirects {
    rankdir=LR;
    n0 [label="GET /items/{item_id}\\nget_item", shape=box];
    n1 [label="GET /newest\\nnewest", shape=box];
    n1 -> n0 [label="303"];
}
"""


def node(template, kind="rule", method="*", name=""):
    return Node(template, method, kind, name)


def edges(count, path="/old/{}", to="/new", status=308):
    """A graph of *count* rules below `/old`."""
    target = node(to, "operation", "GET", "home")
    found = [
        Edge(node(path.format(n)), target, "rule", status, str(status or "reroute"))
        for n in range(count)
    ]
    return Graph((*(edge.source for edge in found), target), tuple(found))


def test_a_flowchart_is_the_default(town):
    """What nothing leads to or from is left out: here the document."""
    assert town.type("graph", "town.py") == (0, MERMAID, "")


def test_a_graph_for_graphviz(shop):
    assert shop.type("graph", "shop.py", "--format", "dot") == (0, DOT, "")


def test_json_has_everything(shop):
    told = json.loads(shop.type("graph", "shop.py", "--format", "json").out)
    told["nodes"] = [each for each in told["nodes"] if not each["template"].startswith("/docs")]

    assert told == {
        "nodes": [
            {
                "id": "n0",
                "kind": "operation",
                "method": "GET",
                "template": "/items/{item_id}",
                "name": "get_item",
                "file": "shop.py",
                "line": 12,
            },
            {
                "id": "n1",
                "kind": "operation",
                "method": "GET",
                "template": "/newest",
                "name": "newest",
                "file": "shop.py",
                "line": 18,
            },
            {
                "id": "n2",
                "kind": "page",
                "method": "GET",
                "template": "/openapi.json",
                "name": "openapi",
                "file": None,
                "line": None,
            },
        ],
        "edges": [
            {
                "source": "n1",
                "target": "n0",
                "kind": "redirect",
                "status": 303,
                "label": "303",
                "file": "shop.py",
                "line": 19,
            }
        ],
    }


@pytest.mark.parametrize("format", ["mermaid", "dot", "json"])
def test_the_same_app_has_the_same_graph(town, format):
    """In another process too, whose hashes are others."""
    said = [town.call("graph", "town.py", "--format", format) for _ in range(2)]

    assert said[0] == said[1]
    assert said[0].code == 0


def test_a_graph_goes_to_a_file(town):
    assert town.type("graph", "town.py", "--output", "town.mmd") == (0, "", "")
    assert (town.home / "town.mmd").read_text() == MERMAID


def test_a_file_that_can_not_be_written(town):
    said = town.type("graph", "town.py", "--output", ".")

    assert (said.code, said.err) == (2, "redirflow: error: . can't be written: Is a directory\n")


def test_an_app_that_leads_nowhere(desk):
    desk.write("shop.py", "from redirflow import App\napp = App()")

    assert desk.type("graph", "shop.py").out == "flowchart LR\n"
    assert desk.type("graph", "shop.py", "--format", "dot").out == (
        "digraph redirects {\n    rankdir=LR;\n}\n"
    )


# --- Hostile names ---------------------------------------------------------------------------

HOSTILE = [
    '"] --> evil["',
    "a|b",
    "`markdown`",
    "<script>alert(1)</script>",
    "#quot; &quot; &amp;",
    "line\nbreak\r\x00\u2028\u202e",
    "back\\slash\\N\\",
    "end; %%{init: {}}%%",
    "click n0 href",
    "\ud800",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["operation", "mount", "table", "site"])
def test_a_hostile_name_is_text_in_a_flowchart(name, kind):
    """Between its quotes stand letters, what means nothing, and numbers of characters."""
    hostile = node(name, kind, "*", name)
    graph = Graph((hostile,), (Edge(hostile, hostile, "rule", 308, name),))
    lines = mermaid(picture(graph)).splitlines()

    assert len(lines) == 3
    for line in lines[1:]:
        labels = re.findall(r'"([^"]*)"', line)
        assert len(labels) == 1
        assert re.fullmatch(r"(?:[\w /.,:*={}~+-]|#\d+;)*", labels[0].replace("<br/>", ""))
        assert line.count('"') == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_for_graphviz(name):
    hostile = node(name, "operation", "GET", name)
    graph = Graph((hostile,), (Edge(hostile, hostile, "rule", 308, name),))
    lines = dot(picture(graph)).splitlines()

    assert len(lines) == 5
    for line in lines[2:4]:
        assert re.fullmatch(r'[^"]*\[label="(?:[^"\\]|\\.)*"(?:, shape=box)?\];', line)


def test_escapes_are_these():
    hostile = node('a"|[\n&\\', "operation", "GET")
    drawn = picture(Graph((hostile,), (Edge(hostile, hostile, "rule", 308, "308"),)))

    assert 'n0["GET a#34;#124;#91;#92;n#38;#92;"]' in mermaid(drawn)
    assert 'n0 [label="GET a\\"|[\\\\n&amp;\\\\", shape=box];' in dot(drawn)


def test_what_can_not_be_seen_is_spelt_out():
    assert visible("é\n\u202e\ud800") == "é\\n\\u202e\\ud800"


# --- Large graphs ----------------------------------------------------------------------------


def test_fifty_edges_are_drawn_one_by_one():
    assert mermaid(picture(edges(50))).count("-->") == 50


def test_above_that_what_is_alike_is_one():
    assert mermaid(picture(edges(51))) == (
        "flowchart LR\n"
        '    subgraph s0["/old"]\n'
        '        g0("51 rules")\n'
        "    end\n"
        '    subgraph s1["/new"]\n'
        '        g1["GET /new<br/>home"]\n'
        "    end\n"
        '    g0 -->|"308 x 51"| g1\n'
    )


def test_groups_for_graphviz():
    assert dot(picture(edges(51, status=None))) == (
        "digraph redirects {\n"
        "    rankdir=LR;\n"
        "    subgraph cluster_0 {\n"
        '        label="/old";\n'
        '        g0 [label="51 rules", shape=oval];\n'
        "    }\n"
        "    subgraph cluster_1 {\n"
        '        label="/new";\n'
        '        g1 [label="GET /new\\nhome", shape=box];\n'
        "    }\n"
        '    g0 -> g1 [label="reroute x 51", style=dashed];\n'
        "}\n"
    )


def test_sites_and_tables_stay_themselves():
    table, wiki = node("moved.csv", "table", name="9 rows"), node("https://wiki.example", "site")
    slash = [node(f"/old/{n}/", "slash") for n in range(2)]
    plain = edges(51)
    more = (
        Edge(table, wiki, "row", 301, "301 x 9"),
        Edge(slash[0], wiki, "slash", 308, "308"),
        Edge(slash[1], wiki, "slash", 308, "308"),
    )
    drawn = picture(Graph((table, wiki, *slash, *plain.nodes), (*plain.edges, *more)))

    assert mermaid(drawn) == (
        "flowchart LR\n"
        '    g0[("table moved.csv<br/>9 rows")]\n'
        '    g1{{"https://wiki.example"}}\n'
        '    subgraph s1["/old"]\n'
        '        g2("2 slash redirects")\n'
        '        g3("51 rules")\n'
        "    end\n"
        '    subgraph s2["/new"]\n'
        '        g4["GET /new<br/>home"]\n'
        "    end\n"
        '    g3 -->|"308 x 51"| g4\n'
        '    g0 -->|"301 x 9"| g1\n'
        '    g2 -->|"308 x 2"| g1\n'
    )
