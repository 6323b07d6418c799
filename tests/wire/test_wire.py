"""No bytes from a client cause a 5xx, an empty reply, a second answer, a hang or a dead server."""

import json
import time
from itertools import count

import pytest
from battery import CASES, DIFFERENT, OWN, PIPELINES, SEQUENCES, May, method_of, request
from peer import PATIENCE, Closed, Peer

REFUSALS = {400, 403, 405, 408, 411, 413, 414, 417, 421, 426, 431, 501, 505}
"""What a server may answer by itself; 403 is a WebSocket that the app has closed."""

numbers = count(1)


def name(sequence):
    return sequence[0][0].partition(b"\r\n")[0].decode()


def of_ours(answer):
    """Whether the app made *answer*: all its errors forbid sniffing."""
    return answer["x-content-type-options"] == "nosniff" or answer.status < 400


def judged(expected, answer):
    """Whether *answer*, or `None` for a close, is one that *expected* allows."""
    if answer is None or not of_ours(answer):
        own = expected is OWN or isinstance(expected, May)
        return own and (answer is None or answer.status in REFUSALS)
    if expected is OWN:
        return False
    statuses = expected.statuses if isinstance(expected, May) else expected
    return answer.status in (statuses if isinstance(statuses, set | frozenset) else {statuses})


def answered(peer, method):
    """The next answer, or `None` if the server closes without one."""
    try:
        return peer.answer(method)
    except Closed:
        return None


def probe(peer):
    """Ask for a number of its own; whether the connection still held."""
    number = next(numbers)
    peer.send(request(b"/probe?n=%d" % number, b"Connection: close"))
    answer = answered(peer, b"GET")
    if answer is not None and answer.status == 200:
        assert answer.body == b"%d" % number
        assert peer.rest() == b""
    return answer is not None and answer.status == 200


def check(port, case):
    with Peer(port) as peer:
        peer.send(case.data)
        if case.leaves:
            peer.leave()
        answers = [answered(peer, method) for method, _ in case.answers]
        # What was refused early may go on, and the next request would be a part of it.
        refused = any(answer is None or answer.status >= 400 for answer in answers)
        held = not (case.leaves and refused) and probe(peer)
    if not held:
        with Peer(port) as fresh:
            assert probe(fresh)

    for (_, expected), answer in zip(case.answers, answers, strict=True):
        assert judged(expected, answer), (case, answer)
    if not refused:
        assert held or case.leaves or answers[-1]["connection"] == "close"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.topic)
def test_one_answer(server, case):
    """One well-formed answer of the expected status, and the next request is unharmed."""
    for name, part, reason in DIFFERENT:
        if server.name.startswith(name) and part in case.data:
            pytest.skip(f"{name}: {reason}")

    check(server.port, case)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=name)
def test_one_connection(server, sequence):
    """No answer leaves anything behind on its connection that the next could be taken for."""
    with Peer(server.port) as peer:
        for data, expected in sequence:
            peer.send(data)
            answer = answered(peer, method_of(data))

            assert judged(expected, answer), answer
            if answer["connection"] == "close":
                break
        else:
            assert probe(peer)


@pytest.mark.parametrize("sequence", PIPELINES, ids=name)
def test_a_pipeline(server, sequence):
    """Requests that are sent at once are answered in order."""
    with Peer(server.port) as peer:
        peer.send(b"".join(data for data, _ in sequence))
        for data, expected in sequence:
            assert judged(expected, answered(peer, method_of(data)))
        assert probe(peer)


WAITING = [(b"/hang", "handler"), (b"/drip", "stream"), (b"/drip/group", "task")]


@pytest.mark.parametrize(("target", "who"), WAITING)
def test_who_waits_ends_with_its_client(server, target, who):
    """At once, on every server: none of them tells of it unasked."""

    def waiting():
        with Peer(server.port) as peer:
            peer.send(request(b"/waiting", b"Connection: close"))
            return json.loads(answered(peer, b"GET").body)

    with Peer(server.port) as peer:
        peer.send(request(target))
        seen_by(waiting, [who])
    seen_by(waiting, [])


def seen_by(look, expected):
    """Look until *expected* is seen; a second is the promise, a busy machine gets more."""
    started = time.monotonic()
    while (found := look()) != expected:
        assert time.monotonic() < started + PATIENCE, found
        time.sleep(0.01)


def test_size():
    """The battery has as many byte strings as issue and docs say."""
    assert len(CASES) + len(SEQUENCES) + len(PIPELINES) >= 300
