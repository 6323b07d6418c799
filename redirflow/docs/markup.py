"""HTML as values.

Theory: there are two kinds of text, and the type tells them apart. A `Markup` is HTML and stands
in a page as it is; any other `str` is what somebody wrote, and is escaped by whatever takes it.
Nothing else in this package writes `<`, so no title, description or path can become a tag, and
nobody has to remember to escape.
"""

from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias

Content: TypeAlias = str | Iterable["Content"] | None
"""What stands in an element: text, HTML, nothing, or several of these."""

_VOID: Final = frozenset({"input", "link", "meta", "wbr"})
"""Elements without an end (HTML 13.1.2)."""


class Markup(str):
    """HTML that is finished."""

    __slots__ = ()


def html(*content: Content) -> Markup:
    """All of *content*, one after the other; text in it is escaped."""
    return Markup("".join(map(_written, content)))


def element(name: str, /, *content: Content, **attributes: str | int | bool | None) -> Markup:
    """One element.

    Args:
        attributes: `class_` is `class` and `aria_label` is `aria-label`; `True` is an attribute
            without a value, `None` and `False` are no attribute.
    """
    start = f"<{name}{''.join(map(_attribute, attributes.items()))}>"
    return Markup(start if name in _VOID else f"{start}{html(*content)}</{name}>")


def code(text: str, class_: str | None = None) -> Markup:
    """*text* as code."""
    return element("code", text, class_=class_)


def joined(separator: str, parts: Iterable[Markup]) -> Markup:
    """All *parts* with the text *separator* between them."""
    return Markup(escape(separator).join(parts))


def _written(content: Content) -> str:
    if content is None or isinstance(content, Markup):
        return content or ""
    return escape(content) if isinstance(content, str) else html(*content)


def _attribute(attribute: tuple[str, str | int | bool | None]) -> str:
    name, value = attribute
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{escape(str(value))}"'
