"""What validators let pass although it is broken: references, links and names that lead nowhere."""

from collections.abc import Iterator
from typing import Any, Final

from redirflow.openapi.reading import Object, is_object, operations, target

_LIST: Final[Any] = list
_VALUES: Final = frozenset({"example", "examples", "default", "const", "enum"})
"""Words behind which any value may stand, one that looks like a reference too."""


def lint(document: Object) -> list[str]:
    """One line for each thing that leads nowhere: where, and what."""
    known = {f"{method} {path}": described for method, path, described in operations(document)}
    named: dict[str, Object] = {each.get("operationId", ""): each for each in known.values()}
    lines = [f"the reference {each!r} leads nowhere" for each in _dangling(document)]
    for place, operation in known.items():
        lines += [f"{place}: {each}" for each in _operation(document, operation, named)]
    if len(named) < len(known):
        lines.append("several operations have one operationId")
    return lines


def _dangling(document: Object) -> Iterator[str]:
    references = dict.fromkeys(_references(document))
    return (each for each in references if target(document, each) is None)


def _references(value: Any) -> Iterator[str]:
    if is_object(value):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        yield from value.get("discriminator", {}).get("mapping", {}).values()
        for key, part in value.items():
            if key not in _VALUES:
                yield from _references(part)
    elif isinstance(value, _LIST):
        for part in value:
            yield from _references(part)


def _operation(document: Object, operation: Object, named: Object) -> Iterator[str]:
    schemes = document.get("components", {}).get("securitySchemes", {})
    tags = [tag["name"] for tag in document.get("tags", ())]
    for needed in operation.get("security", ()):
        yield from (f"no security scheme {name!r}" for name in needed if name not in schemes)
    yield from (f"no tag {tag!r}" for tag in operation.get("tags", ()) if tag not in tags)
    for response in operation["responses"].values():
        for name, link in response.get("links", {}).items():
            yield from _link(name, link, named)


def _link(name: str, link: Object, named: Object) -> Iterator[str]:
    if "operationId" not in link:
        return
    leads_to = named.get(link["operationId"])
    if leads_to is None:
        yield f"the link {name!r} leads to {link['operationId']!r}, which is no operation"
        return
    parameters = leads_to.get("parameters", ())
    # A name may have its place before it (OpenAPI 3.2, Link Object).
    taken = {word for p in parameters for word in (p["name"], f"{p['in']}.{p['name']}")}
    for given in link.get("parameters", {}):
        if given not in taken:
            yield f"the link {name!r} gives {given!r}, which {link['operationId']} does not take"
