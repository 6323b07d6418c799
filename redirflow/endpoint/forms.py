"""Reading forms: urlencoded here, multipart by python-multipart (the extra `forms`)."""

import importlib.util
from collections.abc import Callable
from typing import Any, Final

from redirflow.declare.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from redirflow.endpoint.binder import Refused, refuse_coding
from redirflow.http.headers import Headers
from redirflow.http.media import FORM, MULTIPART, essence, parameter
from redirflow.http.query import TooManyPairs, parse_pairs
from redirflow.http.request import ClientDisconnected, Request
from redirflow.http.upload import FormData, UploadFile

MAX_FIELDS: Final = 1_000
MAX_FILES: Final = 100
MAX_FIELD_BYTES: Final = 1024 * 1024
MAX_HEADER_BYTES: Final = 8 * 1024
"""Of the fields of one part, together."""


def multipart_installed() -> bool:
    """Whether the extra `forms` is there."""
    return importlib.util.find_spec("python_multipart") is not None


async def read_form(request: Request) -> FormData:
    """The form in the body of *request*.

    Raises:
        Refused: 415 for another media type, 400 for a malformed form, 413 for one with too
            many fields or files, or a field that is too long.
        BodyTooLarge, ClientDisconnected: as `Request.stream` does.
    """
    refuse_coding(request)
    said = request.headers.get("content-type", "")
    if essence(said) == FORM:
        return await _read_urlencoded(request)
    boundary = parameter(said, "boundary")
    if essence(said) == MULTIPART and multipart_installed():
        if not boundary or len(boundary) > 70 or not boundary.isascii():
            raise Refused(BadRequest("The multipart body has no usable boundary."))
        return await _read_multipart(request, boundary.encode("ascii"))
    raise Refused(UnsupportedMediaType(f"The body must be a form: {FORM} or {MULTIPART}."))


async def _read_urlencoded(request: Request) -> FormData:
    body = await request.body()
    try:
        pairs = parse_pairs(body, MAX_FIELDS)
    except TooManyPairs as error:
        raise Refused(ContentTooLarge(f"The form has {error}.")) from None
    for _, value in pairs:
        if len(value) > MAX_FIELD_BYTES:
            raise Refused(ContentTooLarge("A field of the form is too long."))
    return FormData([*pairs])


async def _read_multipart(request: Request, boundary: bytes) -> FormData:
    from python_multipart.exceptions import MultipartParseError
    from python_multipart.multipart import MultipartParser

    parts = _Parts()
    parser: Any = MultipartParser(boundary, parts.callbacks())
    try:
        async for chunk in request.stream():
            parser.write(chunk)
            await parts.flush()
        parser.finalize()
        if not parts.complete:
            raise Refused(BadRequest("The multipart body ends too early."))
    except MultipartParseError:
        await parts.form.close()
        raise Refused(BadRequest("The multipart body is malformed.")) from None
    except (Refused, ClientDisconnected, Exception):
        await parts.form.close()
        raise
    for file in parts.form.files():
        await file.seek(0)
    return parts.form


class _Parts:
    """Collects the parts of a multipart body while a parser calls back.

    Callbacks can't wait, so what belongs to a file is kept until `flush`.
    """

    def __init__(self) -> None:
        self.form = FormData([])
        self.complete = False
        self._name = ""
        self._headers: list[tuple[bytes, bytes]] = []
        self._header: tuple[bytes, bytes] = (b"", b"")
        self._field: bytearray | None = None
        self._file: UploadFile | None = None
        self._waiting: list[tuple[UploadFile, bytes]] = []

    def callbacks(self) -> dict[str, Callable[..., None]]:
        """What the parser calls, by the names it uses."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add_header(data[start:end], b""),
            "on_header_value": lambda data, start, end: self._add_header(b"", data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": lambda data, start, end: self._add_data(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    async def flush(self) -> None:
        """Write what has come for files."""
        waiting, self._waiting = self._waiting, []
        for file, data in waiting:
            await file.write(data)

    def _begin(self) -> None:
        self._headers, self._header = [], (b"", b"")
        self._field = self._file = None

    def _add_header(self, name: bytes, value: bytes) -> None:
        self._header = (self._header[0] + name, self._header[1] + value)
        total = sum(len(key) + len(text) for key, text in (*self._headers, self._header))
        if total > MAX_HEADER_BYTES:
            raise Refused(BadRequest("A part of the form has too many header fields."))

    def _end_header(self) -> None:
        self._headers.append((self._header[0].lower(), self._header[1].strip()))
        self._header = (b"", b"")

    def _end_headers(self) -> None:
        headers = Headers(self._headers)
        disposition = (
            headers.get("content-disposition", "").encode("latin-1").decode("utf-8", "replace")
        )
        name = parameter(disposition, "name")
        if essence(disposition) != "form-data" or name is None:
            raise Refused(BadRequest("A part of the form has no name."))
        self._name = name
        filename = parameter(disposition, "filename")
        if filename is None:
            self._field = bytearray()
        else:
            self._file = UploadFile(filename, headers)
            self._keep(self._file)

    def _add_data(self, data: bytes) -> None:
        if self._file is not None:
            self._waiting.append((self._file, bytes(data)))
        elif self._field is not None:
            self._field += data
            if len(self._field) > MAX_FIELD_BYTES:
                raise Refused(ContentTooLarge("A field of the form is too long."))

    def _end(self) -> None:
        if self._field is not None:
            self._keep(self._field.decode("utf-8", "replace"))

    def _finish(self) -> None:
        self.complete = True

    def _keep(self, value: str | UploadFile) -> None:
        self.form.pairs.append((self._name, value))
        files = sum(1 for _ in self.form.files())
        if files > MAX_FILES or len(self.form.pairs) - files > MAX_FIELDS:
            raise Refused(ContentTooLarge("The form has too many fields or files."))
