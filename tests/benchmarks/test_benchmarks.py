"""What the benchmarks rest on: right answers, honest sums, plots that can be drawn."""

import asyncio
import sys
from xml.etree import ElementTree

import pytest

from benchmarks import check, startup
from benchmarks.apps import ROSTER
from benchmarks.exchange import KINDS, SCOPES, Exchange, lifespan
from benchmarks.measure import Work, in_turn, race, summary
from benchmarks.plot import bars, lines
from benchmarks.report import evaluate, verdicts


@pytest.mark.parametrize("name", ROSTER)
def test_an_app_answers_rightly(name):
    """Every framework's app does the same work; without the framework there is nothing to ask."""
    try:
        app = ROSTER[name].load()
    except ImportError as error:
        pytest.skip(str(error))

    async def ask_everything():
        async with lifespan(app):
            for kind in KINDS:
                await check.check(app, kind)

    asyncio.run(ask_everything())


@pytest.mark.parametrize("name", ["raw", "redirflow"])
def test_an_app_refuses_wrong_inputs(name):
    """Both validate all of their inputs, so their figures may be compared."""
    app = ROSTER[name].load()

    async def ask_wrongly():
        async with lifespan(app):
            return await check.refusals(app)

    assert asyncio.run(ask_wrongly()) == {"path": "422", "query": "422", "body": "422"}


def test_a_wrong_answer_is_not_timed():
    """An app that answers anything else is told apart."""

    async def wrong(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with pytest.raises(check.WrongAnswerError, match="expected"):
        asyncio.run(check.check(wrong, "redirect"))


def test_apps_take_turns():
    """Each has a batch in every round."""
    names = ["a", "b", "c"]

    order = [*in_turn(names, 4)]

    assert [names] * 4 == [sorted(order[at : at + 3]) for at in range(0, 12, 3)]


def test_a_race_times_every_app():
    app = ROSTER["raw"].load()

    times = asyncio.run(race({"raw": Work(app, SCOPES["get"])}, 2))

    assert len(times["raw"]) == 2


def test_rounds_are_summed_up():
    """The best is the least, or the most where more is better."""
    least, most = summary([4.0, 1.0, 2.0, 3.0, 5.0]), summary([4.0, 1.0], most=True)

    assert (1.0, 3.0, pytest.approx(2 / 3)) == (least.best, least.median, least.spread)
    assert most.best == 4.0


def test_taxes_are_over_the_hand_written_function():
    """A verdict is the ratio of two taxes, held against its budget."""
    samples = {"redirect": {"raw": [1.0], "redirflow": [2.0], "falcon": [5.0]}}

    (verdict,) = verdicts(evaluate(samples))

    assert (verdict.ratio, verdict.budget, verdict.met) == (0.25, 0.35, True)


def test_many_operations_start_and_answer():
    """The source written for start-up is an app, and all of it is in the document."""
    figures = asyncio.run(startup.one("redirflow", 3))

    assert {*startup.PARTS, "total", "MiB"} == figures.keys()
    sys.modules.pop("declared")


@pytest.mark.parametrize(
    "plot",
    [
        bars("One & all", "us", {"get": {"redirflow": 1.0, "raw": 0.5}}),
        lines("One", "n", "s", {"a <b>": [(1, 2.0), (10, 30.0)], "c": [(1, 2.0), (10, 30.0)]}),
    ],
)
def test_a_plot_is_well_formed(plot):
    root = ElementTree.fromstring(plot)

    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_an_exchange_serves_one_request_after_another():
    """The body is offered once for each."""

    async def twice():
        exchange = Exchange(b"x")
        first = await exchange.receive()
        exchange.rewind()
        return first, await exchange.receive()

    first, second = asyncio.run(twice())

    assert first == second == {"type": "http.request", "body": b"x", "more_body": False}
