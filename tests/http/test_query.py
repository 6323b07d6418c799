"""The query: pairs in order, and no more of them than is good for anyone."""

from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.http.query import (
    LIMIT,
    QueryParams,
    TooManyPairs,
    pairs_of,
    parse_pairs,
    untouched_query,
)


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"a=1", [("a", "1")], id="one"),
        pytest.param(b"a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")], id="order, duplicates"),
        pytest.param(b"a", [("a", "")], id="without a value"),
        pytest.param(b"a=", [("a", "")], id="with an empty value"),
        pytest.param(b"=1", [("", "1")], id="without a name"),
        pytest.param(b"=", [("", "")], id="with neither"),
        pytest.param(b"&&a=1&&", [("a", "1")], id="empty parts"),
        pytest.param(b"a=b=c", [("a", "b=c")], id="an equals sign in the value"),
        pytest.param(b"a=1;b=2", [("a", "1;b=2")], id="a semicolon parts nothing"),
        pytest.param(b"a+b=c+d", [("a b", "c d")], id="plus is a blank"),
        pytest.param(b"a=%2B%20%26%3D", [("a", "+ &=")], id="escapes"),
        pytest.param(b"%C3%A9=%e2%82%ac", [("é", "€")], id="UTF-8"),
        pytest.param("é=€".encode(), [("é", "€")], id="raw UTF-8"),
        pytest.param(b"a=\xe2%82%ac", [("a", "€")], id="UTF-8, half of it raw"),
        pytest.param(b"a=%", [("a", "%")], id="a stray percent sign"),
        pytest.param(b"a=%4&b=%zz", [("a", "%4"), ("b", "%zz")], id="broken escapes"),
        pytest.param(b"a=%FF", [("a", "\ufffd")], id="no UTF-8"),
        pytest.param(b"a=\xff", [("a", "\ufffd")], id="raw, no UTF-8"),
        pytest.param(b"a=%ED%A0%80", [("a", "\ufffd" * 3)], id="a surrogate is no UTF-8"),
        pytest.param(b"a=%00%0D%0A", [("a", "\x00\r\n")], id="control characters"),
        pytest.param(b"a=#b?c", [("a", "#b?c")], id="marks without a meaning here"),
    ],
)
def test_parse_pairs(encoded, expected):
    """As the WHATWG's parser of urlencoded forms reads them."""
    assert expected == parse_pairs(encoded)


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=5)


@given(PAIRS)
def test_what_is_written_is_read(pairs):
    """Written by forms (`+`) or by URLs (`%20`), pairs come back as they were."""
    assert pairs == parse_pairs(urlencode(pairs).encode("ascii"))
    assert pairs == parse_pairs(urlencode(pairs, quote_via=quote).encode("ascii"))


@given(st.text(alphabet=st.one_of(st.sampled_from("a=&+;%"), st.characters(max_codepoint=0x7F))))
def test_queries_are_read_as_the_standard_library_does(text):
    assert parse_qsl(text, keep_blank_values=True) == parse_pairs(text.encode("ascii"))


@given(st.binary())
def test_any_bytes_can_be_parsed(encoded):
    """No bytes from a client raise, and what comes of them is text that can be encoded."""
    texts = [text for pair in parse_pairs(encoded) for text in pair]

    assert texts == [text.encode().decode() for text in texts]


def test_a_thousand_pairs_are_read():
    encoded = b"&".join(b"a=%d" % number for number in range(LIMIT))

    assert 1000 == LIMIT == len(parse_pairs(encoded))


@pytest.mark.parametrize("encoded", [b"a=1&" * 1000 + b"a=1", b"&" * 1000], ids=["full", "empty"])
def test_more_pairs_are_refused(encoded):
    """The limit counts parts, said or not, before any is looked at."""
    with pytest.raises(TooManyPairs) as caught:
        parse_pairs(encoded)

    assert str(caught.value) == "more than 1000 pairs"


def test_the_limit_can_be_another():
    assert parse_pairs(b"a&b", 2) == [("a", ""), ("b", "")]
    with pytest.raises(TooManyPairs) as caught:
        parse_pairs(b"a&b&c", 2)

    assert str(caught.value) == "more than 2 pairs"


def test_query_params_read_like_a_mapping():
    """A repeated name gives its last value; order and duplicates are not lost."""
    query = QueryParams([("a", "1"), ("b", "2"), ("a", "3")])

    assert query["a"] == "3"
    assert {"a": "3", "b": "2"} == dict(query) == query
    assert query.getlist("a") == ["1", "3"]
    assert query.getlist("c") == []
    assert "c" not in query
    assert len(query) == 2
    assert query.pairs == [("a", "1"), ("b", "2"), ("a", "3")]
    assert repr(query) == "QueryParams([('a', '1'), ('b', '2'), ('a', '3')])"


def test_names_have_letter_case():
    assert None is QueryParams([("a", "1")]).get("A")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(b"", "", id="none"),
        pytest.param(b"a=1&b=2", "?a=1&b=2", id="pairs"),
        pytest.param(b"a=%2f+%zz&&?", "?a=%2f+%zz&&?", id="nothing is read"),
        pytest.param(b"a b#c\r\n\x00\xff", "?a%20b%23c%0D%0A%00%FF", id="what no query can hold"),
    ],
)
def test_an_untouched_query(query, expected):
    """It goes on as it came, so signatures over it still hold."""
    assert expected == untouched_query(query)


def test_the_characters_of_an_untouched_query():
    """Printable ASCII but for the mark of a fragment stays, any other byte is spelt."""
    kept = {code for code in range(0x100) if untouched_query(bytes([code])) == f"?{chr(code)}"}

    assert {*range(0x21, 0x7F)} - {ord("#")} == kept


def test_the_pairs_of_a_request_are_all_of_them():
    """A mapping would give the last of a name only; and the request's own list stays its own."""
    query = QueryParams([("a", "1"), ("b", "2"), ("a", "3")])

    pairs = pairs_of(query)
    pairs.clear()

    assert pairs_of(query) == [("a", "1"), ("b", "2"), ("a", "3")]


def test_the_pairs_of_a_mapping():
    """As parameters are written: none for None, one for each of a list."""
    assert pairs_of({"a": 1, "b": None, "c": [True, "x"]}) == [
        ("a", "1"),
        ("c", "true"),
        ("c", "x"),
    ]
