"""Inputs that broke a parser once, or nearly: each keeps the promise of its target."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.append(str(HERE))

import fuzz  # noqa: E402 - the file beside


@pytest.fixture(scope="module", autouse=True)
def runner():
    """Closes what serves the inputs that are requests."""
    with fuzz.RUNNER:
        yield


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_corpus(name):
    promise, _ = fuzz.TARGETS[name]
    kept = fuzz.corpus(name)

    assert len(kept) >= 20
    for values in kept:
        promise(*values)


def test_each_corpus_has_a_target():
    assert {path.stem for path in fuzz.CORPORA.iterdir()} == {*fuzz.TARGETS}
