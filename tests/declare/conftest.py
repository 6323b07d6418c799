import pytest

from redirflow.declare.faults import SpecError


@pytest.fixture
def refusal(request):
    """What is said about a refused declaration: found, allowed, and what to write instead.

    It is one fault, an error, and leads to the file of the test.
    """

    def said(declare, *args, **kwargs):
        with pytest.raises(SpecError) as caught:
            declare(*args, **kwargs)
        (fault,) = caught.value.faults
        assert fault.severity == "error"
        assert fault.place.file == str(request.path)
        return fault.found, fault.allowed, fault.write

    return said
