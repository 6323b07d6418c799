"""Forms and uploaded files, as handlers get them."""

from collections.abc import Callable, Iterator
from typing import IO, Any, Final, TypeVar

from redirflow.http.headers import Headers

T = TypeVar("T")

IN_MEMORY: Final = 1024 * 1024
"""Bytes of one file that are held in memory; a larger one goes to a temporary file."""


class UploadFile:
    """An uploaded file; closed after the response and its background tasks.

    Attributes:
        filename: as the client says, without any meaning for this machine.
        content_type: as the client says.
        headers: the fields of its part.
        size: in bytes.
        file: for reading without `await`.
    """

    def __init__(self, filename: str, headers: Headers) -> None:
        from tempfile import SpooledTemporaryFile  # seldom needed, and start-up counts

        self.filename = filename
        self.headers = headers
        self.content_type = headers.get("content-type", "application/octet-stream")
        self.size = 0
        self.file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the exchange

    async def read(self, size: int = -1) -> bytes:
        """The next *size* bytes, or all that are left."""
        return await self._run(self.file.read, size)

    async def seek(self, offset: int) -> None:
        """Go to a byte, counted from the beginning."""
        await self._run(self.file.seek, offset)

    async def write(self, data: bytes) -> None:
        """Append *data*; used while the form is read."""
        self.size += len(data)
        if self.size <= IN_MEMORY:
            self.file.write(data)
        else:
            await _in_thread(self.file.write, data)

    async def close(self) -> None:
        """Close it; a temporary file is gone then."""
        # In no thread: a request that was cancelled could not wait for one.
        self.file.close()

    async def _run(self, function: Callable[..., T], *args: Any) -> T:
        """Disks are waited for in a thread; memory is not."""
        if self.size <= IN_MEMORY:
            return function(*args)
        return await _in_thread(function, *args)


async def _in_thread(function: Callable[..., T], *args: Any) -> T:
    from anyio import to_thread  # seldom needed, and start-up counts

    return await to_thread.run_sync(function, *args)


class FormData:
    """The fields and files of a form, in the order received; `get` gives the last of a name."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, str | UploadFile]]) -> None:
        self.pairs = pairs

    def get(self, name: str) -> str | UploadFile | None:
        """The last value of *name*."""
        found = self.getlist(name)
        return found[-1] if found else None

    def getlist(self, name: str) -> list[str | UploadFile]:
        """Every value of *name*."""
        return [value for key, value in self.pairs if key == name]

    def files(self) -> Iterator[UploadFile]:
        """The uploaded files."""
        return (value for _, value in self.pairs if isinstance(value, UploadFile))

    async def close(self) -> None:
        """Close every file."""
        for file in self.files():
            await file.close()
