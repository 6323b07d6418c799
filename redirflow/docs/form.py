"""The form of "Try it": a labelled field for each control, and the curl line.

It is plain HTML that `page.js` reads; without a script the style sheet hides what needs one.
"""

from collections.abc import Callable
from typing import Final

from redirflow.docs.controls import Control, Sending
from redirflow.docs.curl import curl_line
from redirflow.docs.markup import Markup, code, element, html

_TYPES: Final = {"password": "password", "bearer": "password"}
_ABOUT_COOKIES: Final = (
    "Cookies are sent by the browser itself; what you type here is for the curl line."
)


def try_it(sending: Sending, base: str) -> Markup:
    """The form that sends a request, and the line that sends it from a terminal."""
    return html(
        element("h4", "Try it", class_="scripted"),
        _form(sending),
        _answer(sending.entry.label),
        _curl(curl_line(sending, base), sending.entry.label),
    )


def _answer(label: str) -> Markup:
    """Where a script shows what came back."""
    named = f"Answer to {label}"
    return element("div", class_="answer", role="group", aria_label=named, hidden=True)


def _curl(line: str, label: str) -> Markup:
    copy = element("button", "Copy", type="button", class_="copy", aria_label=f"Copy curl, {label}")
    return element(
        "div",
        element("div", element("h4", "curl"), copy, class_="bar"),
        element("pre", code(line), tabindex="0", role="group", aria_label=f"curl line, {label}"),
        class_="curl",
    )


def _form(sending: Sending) -> Markup:
    cookies = any(control.where == "cookie" for control in sending.controls)
    return element(
        "form",
        *(_labelled(control) for control in sending.controls),
        element("p", _ABOUT_COOKIES, class_="note") if cookies else None,
        element("button", "Send", type="submit", class_="send"),
        class_="try scripted",
        aria_label=f"Try {sending.entry.label}",
        data_method=sending.entry.method,
        data_path=sending.entry.path,
        data_media_type=sending.media_type,
    )


def _labelled(control: Control) -> Markup:
    about = element("small", _about(control))
    name = element("span", control.name, " ", about, class_="name")
    return element("label", name, _FIELDS[control.kind](control))


def _about(control: Control) -> str:
    place = control.scheme or ("" if control.where == "body" else control.where)
    told = [place, "required" if control.required else "", _HOW.get(control.kind, "")]
    return ", ".join(word for word in told if word)


_HOW: Final = {"lines": "one a line", "json": "JSON"}


def _attributes(control: Control) -> dict[str, str | int | bool | None]:
    # No `name`: in a form it would hide the form's own properties from scripts.
    return {
        "data_name": control.name,
        "data_in": control.where,
        "data_kind": control.kind,
        "data_scheme": control.scheme,
        "placeholder": control.hint or None,
    }


def _text(control: Control) -> Markup:
    return element(
        "input",
        type=_TYPES.get(control.where, "text"),
        value=control.value or None,
        spellcheck="false",
        autocomplete="off",
        **_attributes(control),
    )


def _area(control: Control) -> Markup:
    # A line feed right behind the start tag is dropped by readers of HTML, so one is written.
    rows = min(max(control.value.count("\n") + 1, 2), 14)
    text = f"\n{control.value}"
    return element("textarea", text, rows=rows, spellcheck="false", **_attributes(control))


def _choice(control: Control) -> Markup:
    empty = () if control.required else ("",)
    options = (
        element("option", each, selected=bool(each) and each == control.value, value=each)
        for each in (*empty, *control.choices)
    )
    attributes = {**_attributes(control), "placeholder": None}
    return element("select", *options, **attributes)


def _file(control: Control) -> Markup:
    return element("input", type="file", multiple=True, **_attributes(control))


_FIELDS: Final[dict[str, Callable[[Control], Markup]]] = {
    "text": _text,
    "lines": _area,
    "json": _area,
    "choice": _choice,
    "file": _file,
}
