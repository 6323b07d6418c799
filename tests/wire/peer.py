"""A client of raw bytes, and a reader of answers that forgives nothing (RFC 9112)."""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from select import select

PATIENCE = 5.0
"""Seconds of silence that are a hang, even on a busy machine; a second is the promise."""

PAUSE = 0.03
"""Seconds without an answer after which a client gives up that has sent half of something."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [\t\x20-\x7e]*)?")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x21-\x7e][\t\x20-\x7e]*?|)[ \t]*")


class Malformed(AssertionError):
    """What came is not an answer."""


class Closed(Exception):
    """The server has closed before the answer was whole."""


@dataclass(frozen=True)
class Answer:
    """One response; `answer["allow"]` is the value of a field."""

    status: int
    fields: list
    body: bytes

    def __getitem__(self, name):
        values = [value.decode() for key, value in self.fields if key == name.encode()]
        assert len(values) < 2, f"{name} repeats"
        return values[0] if values else None


class Peer:
    """One connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Send *data*; a server may close before it has read all of it."""
        with suppress(OSError):
            self.socket.sendall(data)

    def leave(self):
        """Send no more, if the server is silent: it waits for more then."""
        if not select([self.socket], [], [], PAUSE)[0]:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    def answer(self, method):
        """The next final answer to *method*; raises `Closed` if nothing comes.

        Raises:
            Closed: the connection was closed instead.
            Malformed: the bytes are not one response.
        """
        if not self.kept and not self._more():
            raise Closed
        try:
            answer = self._read(method)
            while answer.status < 200:
                answer = self._read(method)
        except Closed:
            raise Malformed(f"cut: {self.kept[:200]!r}") from None
        return answer

    def rest(self):
        """What else comes until the server closes."""
        while self._more():
            pass
        data, self.kept = self.kept, b""
        return data

    def _read(self, method):
        head, *lines = self._until(b"\r\n\r\n").split(b"\r\n")
        status = _matched(_STATUS, head)[1]
        matches = [_matched(_FIELD, line) for line in lines]
        fields = [(match[1].lower(), match[2]) for match in matches]
        answer = Answer(int(status), fields, b"")
        return Answer(answer.status, fields, self._body(answer, method))

    def _body(self, answer, method):
        length, coding = answer["content-length"], answer["transfer-encoding"]
        if answer.status < 200 or answer.status == 204:
            # RFC 9110 8.6, RFC 9112 6.1
            if length is not None or coding is not None:
                raise Malformed(f"a {answer.status} with {answer.fields}")
            return b""
        if method == b"HEAD" or answer.status == 304:
            return b""
        if coding is not None:
            if length is not None or coding != "chunked":
                raise Malformed(f"framed by {length} and {coding}")
            return self._chunks()
        return self.rest() if length is None else self._exactly(int(length))

    def _chunks(self):
        body = b""
        while size := int(self._until(b"\r\n"), 16):
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise Malformed("a chunk of another size")
        if self._exactly(2) != b"\r\n":
            raise Malformed("trailers")
        return body

    def _until(self, end):
        while end not in self.kept:
            if not self._more():
                raise Closed
        data, _, self.kept = self.kept.partition(end)
        return data

    def _exactly(self, size):
        while len(self.kept) < size:
            if not self._more():
                raise Closed
        data, self.kept = self.kept[:size], self.kept[size:]
        return data

    def _more(self):
        """Whether more has come; `False` when the server has closed."""
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise Malformed(f"silence behind {self.kept[:200]!r}") from None
        except ConnectionError:
            return False
        self.kept += data
        return bool(data)


def _matched(pattern, line):
    match = pattern.fullmatch(line)
    if match is None:
        raise Malformed(f"{line[:200]!r}")
    return match
