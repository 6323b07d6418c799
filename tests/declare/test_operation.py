"""What a router collects: records that say what an author promised."""

import pytest
from msgspec.structs import replace

from redirflow import returns
from redirflow.declare.faults import Place
from redirflow.declare.operation import Mount, Operation, Page, RedirectRule, RerouteRule

PLACE = Place("/a.py", 1)


def handler(): ...


def operation():
    return Operation(method="GET", path="/", name="home", handler=handler, place=PLACE)


def redirect_rule():
    return RedirectRule(source="/a", to="/b", status_code=308, place=PLACE)


def reroute_rule():
    return RerouteRule(source="/a", to="/b", place=PLACE)


def mount():
    return Mount(prefix="/a", app=handler, place=PLACE)


def page():
    return Page(path="/docs", name="docs")


RECORDS = [operation, redirect_rule, reroute_rule, mount, page]


@pytest.mark.parametrize("make", RECORDS, ids=lambda make: make.__name__)
def test_records_are_themselves(make):
    """Two that say the same are two: each has its own place in the router."""
    record = make()

    assert record == record
    assert record != make()
    assert len({record, make()}) == 2


@pytest.mark.parametrize("make", RECORDS, ids=lambda make: make.__name__)
def test_records_are_frozen(make):
    """They travel between floors, and nobody on the way changes them."""
    record = make()

    with pytest.raises(AttributeError):
        setattr(record, record.__struct_fields__[0], "x")


def test_an_operation_promises_nothing_by_default():
    made = operation()

    assert made.tags == made.dependencies == made.raises == made.specs == ()
    assert made.summary is made.description is made.max_body_size is None
    assert made.headers == made.namespace == {}
    assert made.include_in_schema
    assert not made.deprecated


def test_specs_are_read_when_they_are_asked_for():
    """They may be put on the handler after the route."""

    def late(): ...

    made = replace(operation(), handler=late)
    before = made.specs
    spec = returns(int)
    spec(late)

    assert before == ()
    assert made.specs == (spec,)


def test_a_namespace_does_not_show():
    """It holds all the names of a function; a message would drown in it."""
    shown = repr(replace(operation(), namespace={"secret": 1}))

    assert "secret" not in shown
