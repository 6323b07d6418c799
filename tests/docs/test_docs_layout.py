"""The drawing of the redirect map can be read: nothing covers anything, arrows lead right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redirflow.docs.layers import groups, layers
from redirflow.docs.layout import arrange
from redirflow.docs.spacing import ascending, mean, spaced

NODES = [f"n{number}" for number in range(8)]
GRAPHS = st.lists(
    st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), min_size=1, max_size=16
)


def drawn(arrows):
    names = dict.fromkeys(name for arrow in arrows for name in arrow)
    return arrange({name: (100 + 10 * int(name[1:]), 30) for name in names}, arrows)


def overlap(one, other):
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@given(GRAPHS)
@settings(max_examples=200, deadline=None)
def test_no_box_covers_another_one(arrows):
    boxes = [*drawn(arrows).boxes.values()]

    for place, box in enumerate(boxes):
        assert not any(overlap(box, other) for other in boxes[place + 1 :])


@given(GRAPHS)
@settings(max_examples=200, deadline=None)
def test_everything_is_inside_of_the_picture(arrows):
    layout = drawn(arrows)
    points = [point for line in layout.lines for point in line.points]
    points += [(box.x, box.y) for box in layout.boxes.values()]
    points += [(box.x + box.width, box.y + box.height) for box in layout.boxes.values()]

    assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in points)


@given(GRAPHS)
@settings(max_examples=200, deadline=None)
def test_each_arrow_leads_from_its_source_to_its_target(arrows):
    layout = drawn(arrows)

    for (source, target), line in zip(arrows, layout.lines, strict=True):
        start, end = layout.boxes[source], layout.boxes[target]
        (x, y), last = line.points[0], line.points[-1]
        assert (start.x + start.width, True) == (x, start.y < y < start.y + start.height)
        assert (end.x, end.middle) == last
        assert line.back or [*line.points] == sorted(line.points, key=lambda point: point[0])


@given(GRAPHS)
@settings(max_examples=200, deadline=None)
def test_no_two_arrows_leave_a_box_at_one_height(arrows):
    starts = [line.points[0] for line in drawn(arrows).lines]

    assert len(starts) == len({*starts})


@given(GRAPHS)
@settings(max_examples=200, deadline=None)
def test_no_line_runs_through_a_box(arrows):
    """Through the columns lines are level, so each of these pieces is a thin box."""
    layout = drawn(arrows)

    for line in layout.lines:
        inner = line.points[1:-1]
        pieces = [] if line.back else zip(inner[::2], inner[1::2], strict=True)
        for (left, y), (right, _) in pieces:
            crossed = [
                box
                for box in layout.boxes.values()
                if box.y < y < box.y + box.height and left < box.x + box.width and box.x < right
            ]
            assert crossed == []


def test_a_chain_goes_from_left_to_right():
    assert [*layers(NODES[:3], [("n0", "n1"), ("n1", "n2")]).column.items()] == [
        ("n0", 0),
        ("n1", 1),
        ("n2", 2),
    ]


def test_a_circle_runs_back_once():
    found = layers(NODES[:2], [("n0", "n1"), ("n1", "n0")])

    assert {("n1", "n0")} == found.back


def test_a_node_may_lead_to_itself():
    assert drawn([("n0", "n0")]).lines[0].back


def test_a_source_moves_next_to_its_target():
    """So that its arrow is short: n3 stands beside n1, not at the left edge."""
    found = layers(NODES[:4], [("n0", "n1"), ("n1", "n2"), ("n3", "n2")])

    assert found.column["n3"] == 1


def test_an_arrow_over_several_columns_has_a_slot_in_each():
    found = layers(NODES[:3], [("n0", "n1"), ("n1", "n2"), ("n0", "n2")])

    assert found.way(("n0", "n2")) == [("n0", 0), ("n2", 1), ("n2", 2)]
    assert {("n1", 1), ("n2", 1)} == {*found.columns[1]}


def test_crossings_are_undone():
    found = layers(NODES[:4], [("n0", "n3"), ("n1", "n2")])

    assert [[*row] for row in found.columns] == [[("n0", 0), ("n1", 0)], [("n3", 1), ("n2", 1)]]


def test_groups_stand_apart_in_the_order_given():
    assert [*groups(NODES[:4], [("n2", "n0")])] == [["n0", "n2"], ["n1"], ["n3"]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([1.0, 2.0], [1.0, 2.0]),
        ([3.0, 1.0], [2.0, 2.0]),
        ([0.0, 9.0, 3.0, 3.0], [0.0, 5.0, 5.0, 5.0]),
    ],
)
def test_the_nearest_ascending_values(values, expected):
    assert expected == ascending(values)


def test_things_are_as_near_as_can_be_to_where_they_want_to_be():
    assert spaced([0.0, 0.0], [10.0, 30.0], 2.0) == [-11.0, 11.0]
    assert spaced([0.0, 50.0], [10.0, 30.0], 2.0) == [0.0, 50.0]


def test_the_mean_of_nothing_is_0():
    assert (mean([]), mean([1.0, 3.0])) == (0.0, 2.0)
