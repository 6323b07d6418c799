"""Faults: each ends the search, and all of them are told."""

import _thread
import functools
import inspect
import math
import pickle
from pathlib import Path
from queue import SimpleQueue

import pytest

from redirflow.declare.faults import (
    Fault,
    Place,
    SpecError,
    calling_frame,
    calling_place,
    place_of,
    refuse,
)
from redirflow.declare.specs import CookieSpec

HERE = __file__


def line():
    """The line that calls this."""
    return inspect.currentframe().f_back.f_lineno


def place_in_this_file(function):
    return Place(HERE, function.__code__.co_firstlineno)


# --- Places ---------------------------------------------------------------------------------


def test_a_place_below_the_working_directory_is_relative(tmp_path, monkeypatch):
    """As compilers write it, so that terminals make a link of it."""
    monkeypatch.chdir(tmp_path)

    assert str(Place(str(tmp_path / "api" / "users.py"), 3)) == str(Path("api", "users.py")) + ":3"


def test_a_place_elsewhere_is_absolute(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere.py"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert str(Place(str(elsewhere), 3)) == f"{elsewhere}:3"


def handler(): ...


@functools.wraps(handler)
def wrapper(): ...


@functools.wraps(functools.partial(handler))
def wrapper_of_partial(): ...


class Handlers:
    def method(self): ...

    @classmethod
    def of_class(cls): ...

    @staticmethod
    def static(): ...


class Callable:
    def __call__(self): ...


@functools.lru_cache
def cached(): ...


@pytest.mark.parametrize(
    ("function", "definition"),
    [
        pytest.param(handler, handler, id="function"),
        pytest.param(wrapper, handler, id="wrapped"),
        pytest.param(functools.wraps(wrapper)(lambda: None), handler, id="wrapped twice"),
        pytest.param(functools.partial(handler), handler, id="partial"),
        pytest.param(functools.partial(functools.partial(handler)), handler, id="partial twice"),
        pytest.param(functools.partial(wrapper), handler, id="partial of wrapped"),
        pytest.param(
            functools.update_wrapper(functools.partial(handler), handler), handler, id="both"
        ),
        pytest.param(cached, cached.__wrapped__, id="cached"),
        pytest.param(Handlers().method, Handlers.method, id="bound method"),
        pytest.param(Handlers.of_class, Handlers.of_class.__func__, id="class method"),
        pytest.param(Handlers.static, Handlers.static, id="static method"),
        pytest.param(Callable(), Callable.__call__, id="callable object"),
        pytest.param(functools.partial(Callable()), Callable.__call__, id="partial of one"),
    ],
)
def test_where_a_function_is_defined(function, definition):
    """Seen through whatever stands around it, the line is the author's own."""
    assert place_in_this_file(definition) == place_of(function)


@pytest.mark.parametrize("function", [len, math.sqrt, dict, print], ids=repr)
def test_what_is_not_written_in_python_has_no_place(function):
    assert place_of(function) is None


def test_the_calling_place():
    """Here nothing of redirflow stands between."""
    assert Place(HERE, line()) == calling_place()
    assert calling_frame() is inspect.currentframe()


def module(name, source):
    """The namespace of a module that is called *name*, wherever it lies."""
    namespace = {"__name__": name, "calling_place": calling_place}
    exec(compile(source, f"<{name}>", "exec"), namespace)
    return namespace


CALL = "def call(function=calling_place):\n    return function()"


@pytest.mark.parametrize("name", ["redirflow", "redirflow.declare.specs", "redirflow.app"])
def test_redirflow_itself_is_skipped(name):
    """It is told by the name of the module: packages can lie anywhere."""
    call = module(name, CALL)["call"]

    assert Place(HERE, line()) == call()
    assert Place(HERE, line()) == call(call)


@pytest.mark.parametrize("name", ["redirflow_app", "redirflowing.redirflow", "__main__", "app"])
def test_others_are_not_skipped(name):
    call = module(name, CALL)["call"]

    assert Place(f"<{name}>", 2) == call()


def test_records_are_skipped():
    """The `__init__` of a dataclass has no file; the line is the one that makes the record."""
    with pytest.raises(SpecError) as caught:
        CookieSpec(path="x")

    assert caught.value.faults[0].place == Place(HERE, line() - 2)


def test_a_stack_of_nothing_else_has_its_outermost_frame():
    """A thread that redirflow itself started has no line of an author's."""
    result = SimpleQueue()
    namespace = module("redirflow.threads", "def run():\n    put(calling_place())")
    namespace["put"] = result.put

    _thread.start_new_thread(namespace["run"], ())

    assert Place("<redirflow.threads>", 2) == result.get(timeout=5)


# --- What is said ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault("it is wrong"), "error: it is wrong", id="found alone"),
        pytest.param(
            Fault("it is wrong", "what is right", "it right", Place("/a.py", 3)),
            "/a.py:3: error: it is wrong\n    allowed: what is right\n    write: it right",
            id="everything",
        ),
        pytest.param(
            Fault("it is odd", write="it even", severity="warning"),
            "warning: it is odd\n    write: it even",
            id="warning",
        ),
        pytest.param(Fault("x", "y"), "error: x\n    allowed: y", id="allowed"),
    ],
)
def test_a_fault_reads_like_a_compilers(fault, expected):
    """`file:line: error: ...`, then what is allowed and what to write."""
    assert expected == str(fault)


def test_one_fault():
    error = SpecError([Fault("it is wrong", place=Place("/a.py", 3))])

    assert str(error) == ("1 fault in the declarations of this app\n/a.py:3: error: it is wrong")


def test_every_fault_is_told_in_the_order_of_places():
    """Those without a place come first, those of one place in the order they were found."""
    first = Fault("nowhere")
    second = Fault("b", place=Place("/a.py", 3))
    third = Fault("a", place=Place("/a.py", 3))
    fourth = Fault("c", place=Place("/a.py", 20))
    fifth = Fault("d", place=Place("/b.py", 1))

    error = SpecError(fault for fault in (fifth, second, fourth, first, third))

    assert error.faults == (first, second, third, fourth, fifth)
    assert str(error) == (
        "5 faults in the declarations of this app\n"
        "error: nowhere\n"
        "/a.py:3: error: b\n"
        "/a.py:3: error: a\n"
        "/a.py:20: error: c\n"
        "/b.py:1: error: d"
    )


def test_a_refusal_is_one_fault_at_the_line_that_runs():
    error = refuse("found", "allowed", "write")

    assert error.faults == (Fault("found", "allowed", "write", Place(HERE, line() - 2)),)


def test_faults_come_through_pickle():
    """Servers start workers in processes of their own."""
    error = refuse("found", "allowed", "write")

    copy = pickle.loads(pickle.dumps(error))

    assert error.faults == copy.faults
    assert str(error) == str(copy)
