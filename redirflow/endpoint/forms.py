"""Reading forms: urlencoded here, multipart by python-multipart (the extra `forms`)."""

import importlib.util
import logging
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from redirflow.declare.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from redirflow.declare.faults import Fault
from redirflow.declare.operation import Operation
from redirflow.endpoint.binder import Refused, refuse_coding
from redirflow.endpoint.reads import body_reads
from redirflow.endpoint.signature import BodyParameter, Parameter, is_upload
from redirflow.endpoint.steps import Step
from redirflow.http.headers import Headers
from redirflow.http.media import FORM, MULTIPART, essence, parameter
from redirflow.http.methods import WITH_BODY
from redirflow.http.query import TooManyPairs, parse_pairs
from redirflow.http.request import Request
from redirflow.http.upload import FormData, UploadFile

MAX_FIELDS: Final = 1_000
MAX_FILES: Final = 100
MAX_FIELD_BYTES: Final = 1024 * 1024
MAX_HEADER_BYTES: Final = 8 * 1024
"""Of the fields of one part, together."""


@cache
def multipart_installed() -> bool:
    """Whether the extra `forms` is there."""
    return importlib.util.find_spec("python_multipart") is not None


def refuse_forms(operation: Operation, called: Iterable[Step], faults: list[Fault]) -> None:
    """Refuse parameters from a form where no form can come, or nothing can read it."""
    steps = [*called]
    body = steps[-1].signature.body
    for step in steps:
        forms = [each for each in step.signature.parameters if each.where == "form"]
        for each in forms:
            refusal = _refusal(operation, each, body)
            if refusal is not None:
                found, allowed, write = refusal
                found = f"{step.name}({each.name}): {found}"
                faults.append(Fault(found, allowed, write, step.place))
        read = sorted(body_reads(step) or ()) if forms else []
        if read:
            found = f"{step.name} reads a form, and request.{read[0]}(), which a multipart form"
            allowed = "one of the two: a form is read as it comes, and not kept"
            faults.append(Fault(f"{found} leaves nothing to", allowed, place=step.place))


def _refusal(
    operation: Operation, each: Parameter, body: BodyParameter | None
) -> tuple[str, str, str] | None:
    """What is wrong with a parameter from a form; what is allowed, and what to write."""
    if operation.method not in WITH_BODY:
        found = f"it comes from a form, but {operation.method} {operation.path} has no body"
        return found, f"forms with {', '.join(sorted(WITH_BODY))}", f"@app.post({operation.path!r})"
    if body is not None:
        found = f"it comes from a form, but {body.name} is the body already"
        return found, "a form or a body", f"{body.name}: Form[...], or {each.name} as its field"
    if is_upload(each.type) and not multipart_installed():
        found = "python-multipart, which reads files, is not installed"
        return found, "no UploadFile without the extra 'forms'", "pip install 'redirflow[forms]'"
    return None


async def read_form(request: Request) -> FormData:
    """The form in the body of *request*.

    Raises:
        Refused: 415 for another media type, 400 for a malformed form, 413 for one with too
            many fields or files, or a field that is too long.
        BodyTooLarge, ClientDisconnected: as `Request.stream` does.
    """
    refuse_coding(request)
    said = request.headers.get("content-type", "")
    if not said and not await request.body():
        return FormData([])  # a form of nothing but defaults may be left out
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
    if len(body) > MAX_FIELD_BYTES:
        for _, value in pairs:
            _refuse_long(len(value.encode()))
    return FormData([*pairs])


def _refuse_long(size: int) -> None:
    if size > MAX_FIELD_BYTES:
        raise Refused(ContentTooLarge("A field of the form is too long."))


async def _read_multipart(request: Request, boundary: bytes) -> FormData:
    from python_multipart.exceptions import MultipartParseError
    from python_multipart.multipart import MultipartParser

    parts = _Parts()
    callbacks: Any = parts.callbacks()
    parser = MultipartParser(boundary, callbacks)
    parser.logger = _SILENT
    try:
        async for chunk in request.stream():
            parser.write(chunk)
            await parts.flush()
        parser.finalize()
        return await parts.whole()
    except MultipartParseError:
        await parts.form.close()
        raise Refused(BadRequest("The multipart body is malformed.")) from None
    except BaseException:
        await parts.form.close()
        raise


_SILENT: Final = logging.Logger("redirflow.silent", logging.CRITICAL + 1)
"""What a client sends is no news for a log; the parser would warn of it."""


def _slice(data: bytes, start: int, end: int) -> bytes:
    return data[start:end]


class _Parts:
    """Collects the parts of a multipart body while a parser calls back.

    Callbacks can't wait, so what belongs to a file is kept until `flush`.
    """

    def __init__(self) -> None:
        self.form = FormData([])
        self._complete = False
        self._counts = {str: 0, UploadFile: 0}
        self._name = ""
        self._headers: list[tuple[bytes, bytes]] = []
        self._header: tuple[bytes, bytes] = (b"", b"")
        self._header_bytes = 0
        self._part: bytearray | UploadFile = bytearray()
        self._waiting: list[tuple[UploadFile, bytearray]] = []

    def callbacks(self) -> dict[str, Callable[..., None]]:
        """What the parser calls, by the names it uses."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda *part: self._add_header(_slice(*part), b""),
            "on_header_value": lambda *part: self._add_header(b"", _slice(*part)),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": lambda *part: self._add_data(_slice(*part)),
            "on_part_end": self._end,
            "on_end": lambda: setattr(self, "_complete", True),
        }

    async def flush(self) -> None:
        """Write what has come for files."""
        waiting, self._waiting = self._waiting, []
        for file, data in waiting:
            await file.write(bytes(data))

    async def whole(self) -> FormData:
        """The form, its files at their beginnings; 400 if the body has ended before it."""
        if not self._complete:
            raise Refused(BadRequest("The multipart body ends too early."))
        for file in self.form.files():
            await file.seek(0)
        return self.form

    def _begin(self) -> None:
        self._headers, self._header_bytes = [], 0

    def _add_header(self, name: bytes, value: bytes) -> None:
        self._header = (self._header[0] + name, self._header[1] + value)
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES:
            raise Refused(BadRequest("A part of the form has too many header fields."))

    def _end_header(self) -> None:
        self._headers.append((self._header[0].lower(), self._header[1].strip()))
        self._header = (b"", b"")

    def _end_headers(self) -> None:
        headers = Headers(self._headers)
        # RFC 7578 5.1: names are UTF-8, whatever a header field elsewhere would be.
        field = headers.get("content-disposition", "").encode("latin-1")
        disposition = field.decode("utf-8", "replace")
        name = parameter(disposition, "name")
        if essence(disposition) != "form-data" or name is None:
            raise Refused(BadRequest("A part of the form has no name."))
        self._name = name
        filename = parameter(disposition, "filename")
        if filename is None:
            self._part = bytearray()
        else:
            self._part = UploadFile(filename, headers)
            self._keep(self._part)

    def _add_data(self, data: bytes) -> None:
        if isinstance(self._part, bytearray):
            self._part += data
            _refuse_long(len(self._part))
        elif self._waiting and self._waiting[-1][0] is self._part:
            self._waiting[-1][1].extend(data)
        else:
            self._waiting.append((self._part, bytearray(data)))

    def _end(self) -> None:
        if isinstance(self._part, bytearray):
            self._keep(self._part.decode("utf-8", "replace"))

    def _keep(self, value: str | UploadFile) -> None:
        self.form.pairs.append((self._name, value))
        self._counts[type(value)] += 1
        if self._counts[UploadFile] > MAX_FILES or self._counts[str] > MAX_FIELDS:
            raise Refused(ContentTooLarge("The form has too many fields or files."))
