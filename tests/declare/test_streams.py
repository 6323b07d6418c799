"""Items of streams, and what runs after a response."""

import msgspec
import pytest

from redirflow import BackgroundTasks, ServerSentEvent


def test_an_event_says_nothing_by_default():
    event = ServerSentEvent()

    assert event.data is event.event is event.id is event.retry is None


def test_an_event_is_a_value():
    """It goes by keyword, for `data` and `id` are easily mixed up, and is frozen."""
    event = ServerSentEvent(data={"a": 1}, event="tick", id="5", retry=100)

    assert event == ServerSentEvent(data={"a": 1}, event="tick", id="5", retry=100)
    assert msgspec.structs.asdict(event) == {
        "data": {"a": 1},
        "event": "tick",
        "id": "5",
        "retry": 100,
    }
    with pytest.raises(TypeError):
        ServerSentEvent("data")
    with pytest.raises(AttributeError):
        event.data = 1


def test_tasks_are_kept_in_order():
    """Nothing runs yet: the response goes first."""
    ran = []
    tasks = BackgroundTasks()

    tasks.add(ran.append, 1)
    tasks.add(dict, a=2)
    tasks.add(ran.append, 3)

    assert tasks.tasks == [(ran.append, (1,), {}), (dict, (), {"a": 2}), (ran.append, (3,), {})]
    assert ran == []


def test_a_task_may_have_arguments_of_any_name():
    tasks = BackgroundTasks()

    tasks.add(dict, self=1, function=2)

    assert tasks.tasks == [(dict, (), {"self": 1, "function": 2})]


def test_requests_share_no_tasks():
    BackgroundTasks().add(print)

    assert BackgroundTasks().tasks == []
