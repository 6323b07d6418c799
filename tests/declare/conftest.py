from pathlib import Path

import pytest

from redirflow.declare.faults import SpecError


@pytest.fixture
def refusal():
    """What is said about a refused declaration: found, allowed, and what to write instead.

    It is one fault, an error, and leads to the caller's own line.
    """

    def said(declare, *args, **kwargs):
        with pytest.raises(SpecError) as caught:
            declare(*args, **kwargs)
        (fault,) = caught.value.faults
        assert fault.severity == "error"
        assert Path(fault.place.file).parent == Path(__file__).parent
        return fault.found, fault.allowed, fault.write

    return said
