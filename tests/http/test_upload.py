"""Forms and uploaded files, as handlers get them."""

import threading

import pytest

from redirflow.http.headers import Headers
from redirflow.http.upload import IN_MEMORY, FormData, UploadFile


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.fixture
async def upload():
    file = UploadFile("a.txt", Headers([(b"content-type", b"text/plain")]))
    yield file
    await file.close()


async def test_what_the_client_says_of_a_file(upload):
    assert upload.filename == "a.txt"
    assert upload.content_type == "text/plain"
    assert upload.headers["Content-Type"] == "text/plain"
    assert upload.size == 0


async def test_a_file_of_no_type_is_bytes():
    """RFC 7578 4.4 would have it text; nobody does."""
    file = UploadFile("", Headers([]))
    await file.close()

    assert file.content_type == "application/octet-stream"


@pytest.mark.parametrize("size", [5, IN_MEMORY, IN_MEMORY + 1, 2 * IN_MEMORY + 1])
async def test_a_file_is_written_and_read(upload, size):
    """In memory or on a disk, it is the same to the handler."""
    data = bytes(range(256)) * (size // 256 + 1)
    await upload.write(data[: size // 2])
    await upload.write(data[size // 2 : size])

    await upload.seek(0)

    assert upload.size == size
    assert await upload.read(3) == data[:3]
    assert await upload.read() == data[3:size]
    assert await upload.read() == b""
    assert upload.file.closed is False


class Recorded:
    """A file that notes the thread of each call."""

    def __init__(self, file):
        self.file = file
        self.threads = set()

    def __getattr__(self, name):
        self.threads.add(threading.current_thread())
        return getattr(self.file, name)

    def write(self, data):
        self.threads.add(threading.current_thread())
        return self.file.write(data)

    def read(self, size):
        self.threads.add(threading.current_thread())
        return self.file.read(size)


@pytest.mark.parametrize(("size", "waits"), [(IN_MEMORY, False), (IN_MEMORY + 1, True)])
async def test_disks_are_waited_for_in_a_thread(upload, size, waits):
    """What is in memory takes no thread; what is on a disk does not hold up the loop."""
    upload.file = recorded = Recorded(upload.file)

    await upload.write(b"a" * size)
    await upload.read()

    assert waits == (threading.current_thread() not in recorded.threads)


async def test_a_file_that_is_closed_is_gone(upload):
    await upload.close()
    await upload.close()

    with pytest.raises(ValueError):
        await upload.read()


# --- Forms ----------------------------------------------------------------------------------


async def test_a_form(upload):
    """A name gives its last value, or all of them in order; files are values too."""
    form = FormData([("a", "1"), ("file", upload), ("a", "2")])

    assert form.get("a") == "2"
    assert form.getlist("a") == ["1", "2"]
    assert form.get("file") is upload
    assert form.get("b") is None
    assert form.getlist("b") == []
    assert list(form.files()) == [upload]


async def test_a_form_closes_its_files(upload):
    form = FormData([("file", upload), ("a", "1"), ("again", upload)])

    await form.close()

    assert upload.file.closed


async def test_an_empty_form():
    form = FormData([])

    await form.close()

    assert list(form.files()) == []
