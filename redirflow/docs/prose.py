"""What authors write in docstrings, as HTML: paragraphs, lists, code, and nothing else."""

import re
from typing import Final

from redirflow.docs.markup import Markup, code, element, html

_BLANK_LINES: Final = re.compile(r"\n\s*\n")
_CODE: Final = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_BULLET: Final = re.compile(r"\s{0,3}[-*] +")
_INDENT: Final = "    "


def prose(text: str | None) -> Markup:
    """*text* in paragraphs: blank lines part them, backticks and bullets are read."""
    blocks = _BLANK_LINES.split((text or "").strip("\n"))
    return html(*(_block(block) for block in blocks if block.strip()))


def phrase(text: str) -> Markup:
    """One run of text; what stands in backticks is code."""
    parts: list[str] = []
    end = 0
    for match in _CODE.finditer(text):
        parts += [text[end : match.start()], code(match[2].strip())]
        end = match.end()
    return html(*parts, text[end:])


def _block(block: str) -> Markup:
    lines = block.splitlines()
    if all(line.startswith(_INDENT) for line in lines):
        return element("pre", "\n".join(line.removeprefix(_INDENT) for line in lines))
    if not any(_BULLET.match(line) for line in lines):
        return element("p", phrase(block))
    return _list(lines)


def _list(lines: list[str]) -> Markup:
    """A list, with the lines before its first bullet as a paragraph."""
    before: list[str] = []
    items: list[str] = []
    for line in lines:
        if _BULLET.match(line):
            items.append(_BULLET.sub("", line, count=1))
        elif items:
            items[-1] += f" {line.strip()}"
        else:
            before.append(line)
    told = element("p", phrase("\n".join(before))) if before else None
    return html(told, element("ul", *(element("li", phrase(item)) for item in items)))
