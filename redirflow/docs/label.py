"""How an operation is called on the page: a method in its colour, and a path."""

from redirflow.docs.index import Entry
from redirflow.docs.markup import Markup, element, html


def badge(method: str) -> Markup:
    """A method."""
    return element("span", method, class_=f"method {method.lower()}")


def path_text(path: str) -> Markup:
    """A path that may be broken before each slash, with its parameters set off."""
    parts: list[Markup] = []
    for segment in path.split("/")[1:]:
        hole = segment.startswith("{")
        parts.append(element("i", segment) if hole else html(segment))
    return element("code", *(html(element("wbr"), "/", part) for part in parts), class_="path")


def entry_link(entry: Entry) -> Markup:
    """A link to an operation."""
    told = (badge(entry.method), " ", path_text(entry.path))
    return element("a", *told, href=f"#{entry.anchor}", class_="entry")
