"""A mounted app whose lifespan nobody enters, and those whose lifespan somebody may enter."""

import sys
from contextlib import asynccontextmanager
from functools import partial, wraps

import pytest

from redirflow import App
from redirflow.cli.check import warnings_of


@asynccontextmanager
async def stock(app):
    yield {"stock": 1}


@asynccontextmanager
async def orders(app):
    yield


@asynccontextmanager
async def own(app):
    yield {"own": len([app])}


SHOP = App(lifespan=stock)
HERE = sys.modules[__name__]


async def plain(scope, receive, send):
    raise NotImplementedError


def told(app):
    return [warning.found for warning in warnings_of(app.compile())]


def around(mounted, *lifespans):
    app = App(lifespan=lifespans)
    app.mount("/shop", mounted)
    return app


# --- nobody does -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mounted", "lifespans", "write"),
    [
        (SHOP, [], "App(lifespan=[stock])"),
        (SHOP, [own], "App(lifespan=[own, stock])"),
        (App(lifespan=[stock, orders]), [stock, own], "App(lifespan=[stock, own, orders])"),
    ],
)
def test_a_lifespan_that_nobody_enters(mounted, lifespans, write):
    (warning,) = warnings_of(around(mounted, *lifespans).compile())

    assert warning.found == "mount('/shop', ...): nobody enters the lifespan of that App"
    assert warning.write == write
    assert (warning.severity, warning.place.file) == ("warning", __file__)


def test_the_iterator_of_an_author_is_read_once():
    app = App(lifespan=iter([stock, orders]))

    assert len(told(around(app))) == 1


# --- somebody may ----------------------------------------------------------------------------


@asynccontextmanager
async def by_its_name(app):
    async with stock(SHOP) as state:
        yield state


@asynccontextmanager
async def by_its_app(app):
    yield {"apps": [SHOP]}


@asynccontextmanager
async def by_a_module(app):
    async with HERE.stock(app):
        yield


@asynccontextmanager
async def inside(app):
    async def begin():
        async with stock(app):
            pass

    await begin()
    yield


@wraps(by_its_name)
def wrapped(app):
    return by_its_name(app)


def made(*entered):
    @asynccontextmanager
    async def closure(app):
        async with entered[0](app):
            yield later

    def enclosed(each):
        @asynccontextmanager
        async def one(app):
            async with each(app):
                yield

        return one

    unfinished = [closure, *map(enclosed, entered)]
    if entered:
        return unfinished
    later = 1
    return later


class Stock:
    """What it enters can't be read."""

    def __init__(self, app):
        self.app = app

    async def __aenter__(self):
        return {}

    async def __aexit__(self, *raised):
        return None


@pytest.mark.parametrize(
    "lifespans",
    [
        [stock],
        [own, stock],
        [by_its_name],
        [by_its_app],
        [by_a_module],
        [inside],
        [wrapped],
        made(stock),
        [own, Stock],
        [partial(Stock)],
    ],
)
def test_a_lifespan_that_somebody_may_enter(lifespans):
    assert told(around(SHOP, *lifespans)) == []


@pytest.mark.parametrize("mounted", [plain, App(), App(lifespan=[])])
def test_what_has_no_lifespan(mounted):
    assert told(around(mounted, own)) == []


def test_an_app_inside_itself():
    app = App(lifespan=stock)
    app.mount("/again", app)

    assert told(app) == []
