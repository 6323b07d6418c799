"""One operation as people read it: what it takes, what it answers, and a form to try it."""

from collections.abc import Iterator
from typing import Any

from redirflow.docs.controls import sending
from redirflow.docs.form import try_it
from redirflow.docs.index import Entry, Index
from redirflow.docs.json_text import indented
from redirflow.docs.label import badge, entry_link, path_text
from redirflow.docs.markup import Markup, code, element, html, joined
from redirflow.docs.prose import phrase, prose
from redirflow.docs.schema_text import describe, fields, in_a_line
from redirflow.openapi.reading import Object, is_object


def operation(entry: Entry, index: Index, base: str) -> Markup:
    """The section of an operation; it is found at its anchor."""
    described = entry.described
    body = element(
        "div",
        element(
            "div",
            prose(described.get("description")),
            _security(described, index),
            _parameters(described.get("parameters", ()), index),
            _request_body(described.get("requestBody"), index),
            _responses(described.get("responses", {}), index),
            _callbacks(described.get("callbacks", {}), index),
            class_="told",
        ),
        element("div", try_it(sending(entry, index), base), class_="tried"),
        id=entry.anchor,
        class_="body",
    )
    return element("details", _summary(entry), body, class_="operation")


def _summary(entry: Entry) -> Markup:
    old = entry.described.get("deprecated")
    return element(
        "summary",
        element("h3", badge(entry.method), " ", path_text(entry.path)),
        element("span", "deprecated", class_="old") if old else None,
        element("span", phrase(entry.described.get("summary", "")), class_="summary"),
        element("span", entry.name, class_="id"),
    )


def _security(described: Object, index: Index) -> Markup | None:
    if "security" not in described:
        return None
    schemes = index.document["components"]["securitySchemes"]
    ways = [_together(way, schemes) for way in described["security"]]
    return element("p", element("strong", "Needs "), joined(" or ", ways), class_="security")


def _together(way: Object, schemes: Object) -> Markup:
    named = [html(code(name), f" ({_scheme(schemes[name])})") for name in way]
    return joined(" and ", named or [html("nothing")])


def _scheme(scheme: Object) -> str:
    if scheme["type"] == "apiKey":
        return f"{scheme['in']} {scheme['name']}"
    return f"http {scheme['scheme']}"


# --- what it takes ---------------------------------------------------------------------------


def _parameters(parameters: Any, index: Index) -> Markup | None:
    if not parameters:
        return None
    head = element("tr", *(element("th", each, scope="col") for each in ("Name", "In", "Value")))
    rows = (_parameter(each, index) for each in parameters)
    table = element("table", element("thead", head), element("tbody", *rows), class_="parameters")
    return html(element("h4", "Parameters"), table)


def _parameter(parameter: Object, index: Index) -> Markup:
    required = parameter.get("required") and element("span", "required", class_="required")
    return element(
        "tr",
        element("th", code(parameter["name"]), " ", required or None, scope="row"),
        element("td", parameter["in"]),
        element(
            "td",
            in_a_line(parameter["schema"], index),
            prose(parameter.get("description")),
            fields(parameter["schema"], index),
        ),
    )


def _request_body(body: Object | None, index: Index) -> Markup | None:
    if body is None:
        return None
    needed = element("span", "required", class_="required") if body.get("required") else None
    return html(
        element("h4", "Request body ", needed),
        prose(body.get("description")),
        _content(body["content"], index),
    )


def _content(content: Object, index: Index) -> Markup:
    """Each media type with its schema; those that follow with the same one are told together."""
    told: list[tuple[list[str], Object]] = []
    for name, media in content.items():
        if told and told[-1][1] == media:
            told[-1][0].append(name)
        else:
            told.append(([name], media))
    return html(*(_media(names, media, index) for names, media in told))


def _media(names: list[str], media: Object, index: Index) -> Markup:
    types = element("p", joined(", ", map(code, names)), class_="media")
    if "itemSchema" in media:
        schema = html(
            element("p", "A stream of items, each:"), describe(media["itemSchema"], index)
        )
    else:
        schema = describe(media.get("schema", True), index)
    return element("div", types, schema, *_examples(media.get("examples", {})), class_="content")


def _examples(examples: Object) -> Iterator[Markup]:
    for name, example in examples.items():
        text, label = code(indented(example.get("value"))), f"Example {name}"
        yield element("p", "Example ", code(name), class_="media")
        yield element("pre", text, tabindex="0", role="group", aria_label=label)


# --- what is sent to others ---------------------------------------------------------------------


def _callbacks(callbacks: Object, index: Index) -> Markup | None:
    """What is sent later, and where to."""
    if not callbacks:
        return None
    told = (
        html(element("p", code(name), class_="media"), outgoing(item, url, index))
        for name, items in callbacks.items()
        for url, item in items.items()
    )
    return html(element("h4", "Callbacks"), *told)


def outgoing(item: Object, url: str | None, index: Index) -> Markup:
    """The requests of a webhook or a callback."""
    told = (
        element(
            "div",
            element("p", badge(method.upper()), " ", code(url) if url else None),
            prose(sent.get("description")),
            _content(sent.get("requestBody", {}).get("content", {}), index),
            class_="outgoing",
        )
        for method, sent in item.items()
    )
    return html(*told)


# --- what it answers -------------------------------------------------------------------------


def _responses(responses: Object, index: Index) -> Markup:
    told = (_response(status, each, index) for status, each in responses.items())
    return html(element("h4", "Responses"), *told)


def _response(status: str, response: Object, index: Index) -> Markup:
    """One answer: in a line if that says it all, else folded; errors are closed at first."""
    told = html(
        element("span", status, class_=f"status s{status[:1]}"),
        " ",
        phrase(response.get("description", "")),
    )
    brief = _brief(response, index)
    if brief is not None:
        return element("p", told, " ", brief, class_="response")
    body = html(
        _headers(response.get("headers", {}), index),
        _links(response.get("links", {}), index),
        _content(response.get("content", {}), index),
    )
    opened = status[:1] in {"2", "3"}
    return element("details", element("summary", told), body, class_="response", open=opened)


def _brief(response: Object, index: Index) -> Markup | None:
    """The body, if it is all there is to tell and one of the named schemas; most errors are."""
    if "headers" in response or "links" in response:
        return None
    content: Object = response.get("content", {})
    schemas = [_named(media) for media in content.values()] or [{}]
    if any(schema is None or schema != schemas[0] for schema in schemas):
        return None
    told = in_a_line(schemas[0], index) if schemas[0] else "no body"
    return element("small", joined(", ", [html(told), *map(html, content)]))


def _named(media: Object) -> Object | None:
    """The schema of a body, if that and the name of a component say it all."""
    schema: Object = media.get("schema", {})
    plain = schema and {*schema} <= {"$ref", "oneOf", "anyOf"}
    return schema if plain and {*media} == {"schema"} else None


def _headers(headers: Object, index: Index) -> Markup | None:
    if not headers:
        return None
    rows = (
        html(
            element("dt", code(name), " ", _always(header)),
            element(
                "dd",
                element("div", in_a_line(_plainly(name, header), index), class_="type"),
                prose(header.get("description")),
            ),
        )
        for name, header in headers.items()
    )
    return element("dl", *rows, class_="fields")


def _plainly(name: str, header: Object) -> Any:
    """The schema of a header; that of a Location is told in words, and by its links."""
    schema = header.get("schema", True)
    if name != "Location" or not is_object(schema):
        return schema
    return {word: part for word, part in schema.items() if word != "pattern"}


def _always(header: Object) -> Markup:
    word = "always" if header.get("required") else "sometimes"
    return element("span", word, class_=word)


def _links(links: Object, index: Index) -> Markup | None:
    if not links:
        return None
    told = (element("li", _link(name, each, index)) for name, each in links.items())
    return html(element("p", "Leads to", class_="media"), element("ul", *told, class_="links"))


def _link(name: str, described: Object, index: Index) -> Markup:
    entry = index.named.get(described.get("operationId", ""))
    if entry is None:
        return html(code(name), " ", code(indented(described)))
    rest = {word: part for word, part in described.items() if word != "operationId"}
    return html(entry_link(entry), " ", code(indented(rest)) if rest else None)
