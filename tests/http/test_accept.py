"""Choosing a media type by `Accept`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.http.accept import acceptable

JSON, MSGPACK, TEXT = "application/json", "application/msgpack", "text/plain; charset=utf-8"
OFFERED = (JSON, MSGPACK, TEXT)


def negotiate(accept, offered):
    """What the client likes best."""
    return next(iter(acceptable(accept, offered)), None)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("", JSON, id="no field takes anything"),
        pytest.param(" , ,", JSON, id="nor one of empty parts"),
        pytest.param("*/*", JSON, id="anything"),
        pytest.param("application/msgpack", MSGPACK, id="by name"),
        pytest.param("Application/MsgPack", MSGPACK, id="without letter case"),
        pytest.param("text/plain", TEXT, id="parameters of the offer do not count"),
        pytest.param("text/*", TEXT, id="by type"),
        pytest.param("application/*", JSON, id="the earlier offer of a type"),
        pytest.param("application/msgpack, application/json", JSON, id="the earlier offer"),
        pytest.param("application/json;q=0.5, application/msgpack", MSGPACK, id="by weight"),
        pytest.param("application/json ; q=0.5 , text/* ; q=0.6", TEXT, id="blanks"),
        pytest.param("application/json;q=0.1, */*;q=0.2", MSGPACK, id="the specific one decides"),
        pytest.param("*/*;q=0.2, application/json;q=0.1", MSGPACK, id="in any order"),
        pytest.param("application/*;q=0.1, */*;q=0.2", TEXT, id="a type before anything"),
        pytest.param(
            "application/*;q=0.2, application/json;q=0.1", MSGPACK, id="the name before its type"
        ),
        pytest.param("text/*, application/json;q=1", JSON, id="no weight is a full one"),
        pytest.param("application/json;q=0, */*", MSGPACK, id="all but one"),
        pytest.param("text/html, */*;q=0.001", JSON, id="the smallest weight"),
        pytest.param("application/json;version=1", JSON, id="parameters of a range"),
        pytest.param(
            "application/json;q=0.2, application/json;q=0.9, text/*;q=0.5", JSON, id="twice"
        ),
        pytest.param("application/json;Q=0.2, text/*;q=0.5", TEXT, id="Q"),
        pytest.param("text/html", None, id="none of them"),
        pytest.param("*/*;q=0", None, id="nothing"),
        pytest.param("application/json;q=0.000", None, id="not at all"),
        pytest.param("application", None, id="no type"),
        pytest.param("*", None, id="half of anything"),
        pytest.param("*/json", None, id="half a range"),
    ],
)
def test_negotiate(accept, expected):
    """The most specific range gives the weight, the earlier offer wins (RFC 9110 12.5.1)."""
    assert expected == negotiate(accept, OFFERED)


@pytest.mark.parametrize("weight", ["1", "1.0", "1.000", "1.", '"1"'])
def test_full_weights(weight):
    assert negotiate(f"text/*;q={weight}, */*;q=0.999", OFFERED) == TEXT


@pytest.mark.parametrize(
    "weight",
    [
        *["", "x", "2", "1.5", "1.001", "-1", "0.1234", "1.0000", "1e3", "1.x", ".5", "0x5"],
        *["nan", "inf", "0,5", "01", "0.:", "0.²", "0.٣"],
    ],
)
def test_malformed_weights(weight):
    """A weight that says nothing is none: what is malformed is not preferred."""
    assert negotiate(f"text/plain;q={weight}", (TEXT,)) is None


RANGES = st.sampled_from(["*/*", "text/*", JSON, ";", ",", "q", "=", "0", "1", ".", " ", '"', "é"])


@given(st.lists(RANGES, max_size=20).map("".join))
def test_any_field_can_be_read(accept):
    """No bytes from a client raise."""
    assert negotiate(accept, OFFERED) in {*OFFERED, None}
