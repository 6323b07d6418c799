"""One class of errors as people read it. Its anchor is where the `type` of a problem leads."""

from typing import Final

from redirflow.docs.index import Index, Problem
from redirflow.docs.label import entry_link
from redirflow.docs.markup import Markup, code, element, html
from redirflow.docs.prose import prose
from redirflow.docs.schema_text import describe, fields

_STANDARD: Final = frozenset({"type", "title", "status", "detail"})
"""Members that every problem has (RFC 9457 3.1)."""


def problem_section(problem: Problem, index: Index) -> Markup:
    """What an error means, what it carries, and who answers it."""
    about_itself = problem.uri is not None and problem.uri != "about:blank"
    heading = element("h3", " ".join(problem.statuses), " ", problem.name)
    return element(
        "article",
        heading,
        prose(problem.schema.get("description")),
        element("p", "Problem type ", code(problem.uri or "")) if about_itself else None,
        fields(problem.schema, index, without=_STANDARD),
        _body(problem, index),
        _answered_by(problem),
        id=problem.anchor,
        class_="problem",
    )


def _body(problem: Problem, index: Index) -> Markup:
    whole = describe({**problem.schema, "description": ""}, index)
    return element("details", element("summary", "The whole body"), whole, class_="whole")


def _answered_by(problem: Problem) -> Markup:
    items = (element("li", entry_link(entry)) for entry in problem.entries)
    summary = element("summary", f"Answered by {_counted(len(problem.entries))}")
    return element("details", summary, element("ul", *items, class_="links"), class_="whole")


def _counted(count: int) -> str:
    return html(f"{count} operation{'' if count == 1 else 's'}")
