"""`examples/reroute.py`, asked over the wire."""

import pytest

EXAMPLE = "reroute"

JSON = {"content-type": "application/json"}


def test_everything_under_old_is_answered_by_new(ask):
    """Path, query and one header have changed; the handler can still see the first path."""
    seen = {"page": "a/b", "asked_for": "/old/a/b", "rerouted": "yes", "source": "archive"}

    assert ask("GET", "/old/a/b?source=mine", headers={"x-rerouted": "mine"}) == (200, JSON, seen)


def test_new_by_itself(ask):
    seen = {"page": "a/b", "asked_for": "/new/a/b", "rerouted": "no", "source": "nowhere"}

    assert ask("GET", "/new/a/b") == (200, JSON, seen)


@pytest.mark.parametrize(("channel", "number"), [("stable", 2), ("beta", 3)])
def test_a_handler_decides_who_answers(ask, channel, number):
    assert ask("GET", f"/channels/{channel}") == (200, JSON, {"number": number})


def test_a_channel_that_is_not_there(ask):
    assert ask("GET", "/channels/none")[0] == 404
