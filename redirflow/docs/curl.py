"""The curl line of a request; each header and the body go on a line of their own.

`page.js` writes the same one when a form is changed.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from redirflow.docs.controls import Control, Sending
from redirflow.http.media import FORM, MULTIPART

_KEPT: Final = "!~*'()"
"""What JavaScript's `encodeURIComponent` leaves as it is, besides what `quote` does."""


def curl_line(sending: Sending, base: str) -> str:
    """The command that sends what stands in the controls at first.

    Args:
        base: what stands before each path.
    """
    given = [control for control in sending.controls if control.value]
    start = " ".join(["curl", *_method(sending, given), _quoted(_url(sending, base))])
    return " \\\n  ".join([start, *_headers(sending, given), *_body(sending, given)])


def _quoted(text: str) -> str:
    """*text* as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _method(sending: Sending, given: list[Control]) -> list[str]:
    method = sending.entry.method
    if method == "HEAD":
        return ["-I"]
    implied = "POST" if any(each.where in {"form", "body"} for each in given) else "GET"
    return ["-i"] if method == implied else ["-i", "-X", method]


def _url(sending: Sending, base: str) -> str:
    path, pairs = sending.entry.path, list[str]()
    for control in sending.controls:
        if control.where == "path":
            path = path.replace(f"{{{control.name}}}", quote(control.value, safe=_KEPT + "/"))
        elif control.where == "query":
            pairs += [f"{_encoded(control.name)}={_encoded(each)}" for each in _values(control)]
    return base + path + ("?" + "&".join(pairs) if pairs else "")


def _encoded(text: str) -> str:
    return quote(text, safe=_KEPT)


def _values(control: Control) -> list[str]:
    """What a control gives: a line each, or all of it, or nothing."""
    if control.kind == "lines":
        return [line for line in control.value.split("\n") if line]
    return [control.value] if control.value else []


def _headers(sending: Sending, given: list[Control]) -> Iterator[str]:
    for control in given:
        if control.where == "header":
            for value in _values(control):
                yield f"-H {_quoted(f'{control.name}: {value}')}"
    if any(each.where == "body" for each in given):
        yield f"-H {_quoted(f'content-type: {sending.media_type}')}"
    cookies = [f"{each.name}={each.value}" for each in given if each.where == "cookie"]
    if cookies:
        yield f"-b {_quoted('; '.join(cookies))}"


def _body(sending: Sending, given: list[Control]) -> Iterator[str]:
    for control in given:
        if control.where == "body":
            yield f"--data-raw {_quoted(control.value)}"
        elif control.where == "form":
            option = _FORM_OPTIONS[sending.media_type or FORM]
            for value in _values(control):
                yield f"{option} {_quoted(f'{control.name}={value}')}"


_FORM_OPTIONS: Final = {FORM: "--data-urlencode", MULTIPART: "--form-string"}
