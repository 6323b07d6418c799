"""What 3.1 can say is said as before; what it can't is left out, and every such thing is listed."""

import json
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from redirflow.openapi.downgrade import _FIELDS, downgrade

OK = {"200": {"description": "Fine"}}
TEXT = {"type": "string"}
COPY = "#/paths/~1items~1%7Bid%7D/additionalOperations/COPY"

RICH = {
    "openapi": "3.2.0",
    "$self": "https://example.com/openapi.json",
    "info": {"title": "Shop", "summary": "Sells things", "version": "1"},
    "jsonSchemaDialect": "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
    "servers": [{"url": "https://example.com", "name": "live", "description": "The real one"}],
    "security": [{"#/components/securitySchemes/token": []}],
    "tags": [
        {"name": "all", "kind": "nav"},
        {"name": "items", "summary": "Items", "description": "Things", "parent": "all"},
    ],
    "paths": {
        "x-note": {"query": {"summary": "an extension is the author's own"}},
        "/items/{id}": {
            "summary": "One item",
            "parameters": [
                {
                    "name": "id",
                    "in": "path",
                    "required": True,
                    "allowReserved": True,
                    "schema": {"type": "integer"},
                },
                {"$ref": "#/components/parameters/Whole"},
            ],
            "get": {
                "operationId": "get_item",
                "tags": ["items"],
                "parameters": [
                    {"name": "sid", "in": "cookie", "style": "cookie", "schema": TEXT},
                    {
                        "name": "X-Where",
                        "in": "header",
                        "content": {"application/json": {"schema": {"type": "array"}}},
                        "examples": {"here": {"dataValue": [1, 2]}},
                    },
                ],
                "responses": {
                    "200": {
                        "summary": "The item",
                        "content": {"application/json": {"$ref": "#/components/mediaTypes/Item"}},
                        "links": {
                            "again": {"operationId": "get_item", "server": {"url": "/"}},
                            "search": {"operationId": "search"},
                            "copy": {"operationRef": COPY},
                            "alias": {"$ref": "#/components/links/Search"},
                        },
                    },
                    "404": {"summary": "Gone", "description": "There is no such item"},
                    "default": {},
                },
            },
            "additionalOperations": {"COPY": {"operationId": "copy_item", "responses": OK}},
        },
        "/search": {
            "query": {
                "operationId": "search",
                "parameters": [{"$ref": "#/components/parameters/Whole"}],
                "responses": OK,
            },
            "post": {
                "operationId": "make",
                "parameters": [{"$ref": "#/components/parameters/Limit"}],
                "requestBody": {"$ref": "#/components/requestBodies/Parts"},
                "responses": {"303": {}, "4XX": {"$ref": "#/components/responses/Bad"}},
                "callbacks": {
                    "done": {
                        "{$request.query.url}": {
                            "query": {"responses": OK},
                            "post": {"responses": {"204": {}}},
                        }
                    }
                },
            },
        },
        "/ticks": {
            "get": {
                "responses": {
                    "200": {
                        "description": "A stream",
                        "content": {
                            "text/event-stream": {
                                "itemSchema": {"$ref": "#/components/schemas/Item"},
                                "examples": {
                                    "two": {"dataValue": [1, 2], "serializedValue": "data: 1\n\n"},
                                    "far": {"dataValue": [3], "externalValue": "https://x.test/3"},
                                },
                            },
                            "application/jsonl; charset=utf-8": {
                                "schema": {"type": "array"},
                                "itemSchema": {"type": "integer"},
                            },
                            "multipart/mixed": {"itemSchema": {}, "itemEncoding": {}},
                        },
                    }
                }
            }
        },
    },
    "webhooks": {"x-ping": {"query": {"operationId": "ping", "responses": OK}}},
    "components": {
        "schemas": {
            "Item": {
                "type": "object",
                "properties": {
                    "query": {"type": "string", "xml": {"nodeType": "attribute"}},
                    "summary": {"type": "string", "xml": {"name": "s", "nodeType": "element"}},
                    "itemSchema": {"type": ["array", "null"], "xml": {"nodeType": "element"}},
                    "nodeType": {"type": "array", "items": True, "xml": {"nodeType": "none"}},
                    "$ref": {"type": "string", "xml": {"nodeType": "cdata"}},
                    "x-kind": {"anyOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "null"}]},
                },
                "default": {"query": "q", "dataValue": 1},
                "examples": [{"xml": {"nodeType": "cdata"}}],
            },
            "Pet": {
                "$schema": "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
                "oneOf": [{"$ref": "#/components/schemas/Item"}],
                "discriminator": {"propertyName": "kind", "defaultMapping": "Item"},
            },
        },
        "responses": {"Bad": {"content": {"text/plain": {"$ref": "#/components/mediaTypes/Same"}}}},
        "parameters": {
            "Whole": {
                "name": "q",
                "in": "querystring",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "Limit": {
                "name": "limit",
                "in": "query",
                "allowReserved": False,
                "schema": {"type": "integer"},
                "example": False,
            },
        },
        "examples": {
            "data": {"summary": "S", "dataValue": None, "externalValue": "https://x.test/1"},
            "text": {"serializedValue": "a=1"},
            "old": {"value": {"dataValue": 1}},
        },
        "requestBodies": {
            "Parts": {
                "content": {
                    "multipart/form-data": {
                        "schema": {"type": "object", "properties": {"part": {"type": "array"}}},
                        "encoding": {
                            "part": {
                                "prefixEncoding": [{"contentType": "text/plain"}],
                                "headers": {
                                    "query": {
                                        "content": {"text/plain": {"description": "a header"}},
                                        "example": False,
                                    }
                                },
                            }
                        },
                    }
                }
            }
        },
        "headers": {"Location": {"required": True, "schema": {"format": "uri-reference"} | TEXT}},
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "deprecated": True},
            "device": {
                "type": "oauth2",
                "deprecated": False,
                "oauth2MetadataUrl": "https://example.com/.well-known/oauth",
                "flows": {
                    "deviceAuthorization": {
                        "deviceAuthorizationUrl": "https://example.com/device",
                        "tokenUrl": "https://example.com/token",
                        "scopes": {},
                    }
                },
            },
        },
        "links": {"Search": {"operationId": "search"}, "Make": {"operationId": "make"}},
        "mediaTypes": {
            "Item": {
                "schema": {"$ref": "#/components/schemas/Item"},
                "examples": {"one": {"dataValue": {"query": "q"}, "serializedValue": "{}"}},
            },
            "Same": {"$ref": "#/components/mediaTypes/Words"},
            "Words": {"schema": TEXT},
        },
    },
}

LOST = """
$self: `$self` here
servers.0.name: `name` here
tags.0.kind: `kind` here
tags.1.summary: `summary` here
tags.1.parent: `parent` here
paths./items/{id}.additionalOperations.COPY: the COPY method
paths./items/{id}.parameters.0.allowReserved: `allowReserved` here
paths./items/{id}.parameters.1: a reference to what was dropped
paths./items/{id}.get.parameters.0.style: `style` here
paths./items/{id}.get.parameters.1.examples: `examples` here
paths./items/{id}.get.responses.200.content.application/json.examples.one.serializedValue: \
`serializedValue` here
paths./items/{id}.get.responses.200.links.search: a link to search, dropped too,
paths./items/{id}.get.responses.200.links.copy: \
a link to #/paths/~1items~1{id}/additionalOperations/COPY, dropped too,
paths./items/{id}.get.responses.200.links.alias: a reference to what was dropped
paths./items/{id}.get.responses.404.summary: `summary` here
paths./search.query: the QUERY method
paths./search.post.callbacks.done.{$request.query.url}.query: the QUERY method
paths./ticks.get.responses.200.content.text/event-stream.itemSchema: `itemSchema` here
paths./ticks.get.responses.200.content.text/event-stream.examples.two.dataValue: `dataValue` here
paths./ticks.get.responses.200.content.text/event-stream.examples.far.dataValue: `dataValue` here
paths./ticks.get.responses.200.content.application/jsonl; charset=utf-8.schema: `schema` here
paths./ticks.get.responses.200.content.application/jsonl; charset=utf-8.itemSchema: \
`itemSchema` here
paths./ticks.get.responses.200.content.multipart/mixed.itemSchema: `itemSchema` here
paths./ticks.get.responses.200.content.multipart/mixed.itemEncoding: `itemEncoding` here
webhooks.x-ping.query: the QUERY method
components.schemas.Item.properties.$ref.xml.nodeType: `nodeType` here
components.schemas.Pet.discriminator.defaultMapping: `defaultMapping` here
components.parameters.Whole: a parameter for the whole query string
components.examples.data.externalValue: `externalValue` here
components.examples.text.serializedValue: `serializedValue` here
components.requestBodies.Parts.content.multipart/form-data.encoding.part.prefixEncoding: \
`prefixEncoding` here
components.requestBodies.Parts.content.multipart/form-data.encoding.part.headers.query.example: \
`example` here
components.requestBodies.Parts.content.multipart/form-data.encoding.part.headers.query.content\
.text/plain.description: `description` here
components.securitySchemes.token.deprecated: `deprecated` here
components.securitySchemes.device.oauth2MetadataUrl: `oauth2MetadataUrl` here
components.securitySchemes.device.flows.deviceAuthorization: `deviceAuthorization` here
components.links.Search: a link to search, dropped too,
"""


def at(document, *steps):
    """What stands at a place in a document."""
    for step in steps:
        document = document[step]
    return document


def with_components(**components):
    """A document of nothing but components."""
    return {"openapi": "3.2.0", "info": {"title": "t", "version": "1"}, "components": components}


def downgraded(kind, value):
    """One component as 3.1 has it, and the losses without their place and ending."""
    before = with_components(**{kind: {"X": value}})
    after, lost = downgrade(before)
    start, end = f"components.{kind}.X", " has no place in 3.1"
    return at(after, "components", kind).get("X"), [
        line.removeprefix(start).removeprefix(".").removesuffix(end) for line in lost
    ]


def content(media_type, described, **components):
    """What one media type of a response becomes, and the last steps and reasons of what is lost."""
    responses = {"X": {"description": "", "content": {media_type: described}}}
    after, lost = downgrade(with_components(responses=responses, **components))
    found = at(after, "components", "responses", "X", "content", media_type)
    return found, [line.partition(f".{media_type}.")[2].partition(":")[0] for line in lost]


class TestTheRichDocument:
    def test_is_valid_before_and_after(self):
        """3.2 goes in, 3.1 comes out; `server` in a link is right, and unknown to the validator."""
        before = deepcopy(RICH)
        OpenAPIV32SpecValidator(before).validate()
        after, _ = downgrade(before)
        del at(after, "paths", "/items/{id}", "get", "responses", "200", "links", "again")["server"]

        OpenAPIV31SpecValidator(after).validate()
        assert after["openapi"] == "3.1.1"

    def test_says_what_is_lost(self):
        """One line for each thing, in the order of the document."""
        _, lost = downgrade(RICH)

        assert [f"{line} has no place in 3.1" for line in LOST.strip().splitlines()] == lost

    def test_stays_as_it_was(self):
        """Neither the conversion nor a change to its result changes what went in."""
        before = deepcopy(RICH)
        after, _ = downgrade(before)
        after["info"]["title"] = "changed"
        at(after, "components", "schemas", "Item", "properties").clear()
        at(after, "paths", "x-note", "query").clear()

        assert before == RICH

    def test_is_the_same_each_time(self):
        """Same bytes, same lines."""
        assert json.dumps(downgrade(RICH)) == json.dumps(downgrade(deepcopy(RICH)))

    def test_is_done_at_once(self):
        """What was converted needs no more conversion."""
        after, _ = downgrade(RICH)

        assert json.dumps((after, [])) == json.dumps(downgrade(after))

    def test_names_the_dialect_of_3_1(self):
        after, _ = downgrade(RICH)
        dialect = "https://spec.openapis.org/oas/3.1/dialect/base"

        assert dialect == after["jsonSchemaDialect"]
        assert dialect == at(after, "components", "schemas", "Pet", "$schema")

    def test_keeps_what_only_looks_new(self):
        """Properties, data and extensions may be called anything."""
        after, _ = downgrade(RICH)
        item = at(after, "components", "schemas", "Item")

        assert at(RICH, "components", "schemas", "Item", "properties").keys() == (
            item["properties"].keys()
        )
        assert item["default"] == {"query": "q", "dataValue": 1}
        assert item["examples"] == [{"xml": {"nodeType": "cdata"}}]
        assert at(after, "paths", "x-note") == {
            "query": {"summary": "an extension is the author's own"}
        }
        assert at(after, "components", "examples", "old") == {"value": {"dataValue": 1}}

    def test_drops_what_refers_to_what_is_gone(self):
        """Operations take links with them, parameters and links the references to them."""
        after, _ = downgrade(RICH)
        item = at(after, "paths", "/items/{id}")

        assert [parameter["name"] for parameter in item["parameters"]] == ["id"]
        assert list(at(item, "get", "responses", "200", "links")) == ["again"]
        assert at(after, "components", "links") == {"Make": {"operationId": "make"}}
        assert list(at(after, "paths", "/search")) == ["post"]
        assert after["webhooks"] == {"x-ping": {}}

    def test_names_its_security_schemes(self):
        """Their addresses may stand for their names in 3.2 only."""
        after, _ = downgrade(RICH)

        assert after["security"] == [{"token": []}]


class TestResponses:
    @pytest.mark.parametrize(
        ("status", "description"),
        [
            ("303", "See Other"),
            ("404", "Not Found"),
            ("default", "Anything else"),
            ("4XX", "4XX"),
            ("599", "599"),
        ],
    )
    def test_are_described_by_their_reason_phrase(self, status, description):
        operation = {"responses": {status: {"headers": {}}}}
        after, lost = downgrade(with_components(pathItems={"X": {"get": operation}}))
        found = at(after, "components", "pathItems", "X", "get", "responses", status)

        assert {"description": description, "headers": {}} == found
        assert lost == []

    @pytest.mark.parametrize(
        ("before", "after", "lost"),
        [
            ({"x-a": 1, "summary": "S"}, {"x-a": 1, "description": "S"}, []),
            ({"x-a": 1, "description": ""}, {"x-a": 1, "description": ""}, []),
            ({}, {"description": "X"}, []),
            ({"summary": "S", "description": ""}, {"description": ""}, ["summary: `summary` here"]),
            ({"$ref": "#/components/responses/Y", "summary": "S"}, None, []),
        ],
    )
    def test_have_a_description_only(self, before, after, lost):
        """In its place, so that bytes stay the same; a reference keeps what it says itself."""
        found = downgraded("responses", before)

        assert json.dumps((after or before, lost)) == json.dumps(found)


class TestMediaTypes:
    @pytest.mark.parametrize(
        "media_type",
        [
            "text/event-stream",
            "Text/Event-Stream ;charset=utf-8",
            "application/jsonl",
            "application/x-ndjson",
            "application/ndjson",
            "application/json-seq",
            "application/geo+json-seq",
        ],
    )
    def test_of_many_items_are_text(self, media_type):
        before = {"x-a": 1, "itemSchema": {"type": "integer"}}

        assert content(media_type, before) == ({"schema": TEXT, "x-a": 1}, ["itemSchema"])

    @pytest.mark.parametrize("media_type", ["multipart/mixed", "application/cbor-seq", "*/*"])
    def test_of_many_items_that_are_not_text_say_less(self, media_type):
        before = {"itemSchema": TEXT, "prefixEncoding": [{}], "schema": {"type": "array"}}
        expected = {"schema": {"type": "array"}}, ["itemSchema", "prefixEncoding"]

        assert expected == content(media_type, before)

    def test_of_streams_give_examples_as_they_are_sent(self):
        """The schema is a string, so the example is one."""
        examples = {"a": {"dataValue": [1], "serializedValue": "1\n"}, "b": {"value": "2\n"}}
        before = {"itemSchema": {}, "examples": examples}
        found, lost = content("application/jsonl", before)

        assert found["examples"] == {"a": {"value": "1\n"}, "b": {"value": "2\n"}}
        assert lost == ["itemSchema", "examples.a.dataValue"]

    def test_that_say_string_themselves_stay(self):
        """A stream without `itemSchema` is 3.1 already."""
        assert content("text/event-stream", {"schema": TEXT}) == ({"schema": TEXT}, [])

    def test_are_written_out_where_they_are_used(self):
        """Through references to references, each as the media type that it is used as."""
        kinds = {"A": {"$ref": "#/components/mediaTypes/B"}, "B": {"itemSchema": {}}}
        before = {"$ref": "#/components/mediaTypes/A"}

        assert content("application/jsonl", before, mediaTypes=kinds) == (
            {"schema": TEXT},
            ["itemSchema"],
        )
        assert content("image/png", before, mediaTypes=kinds) == ({}, ["itemSchema"])

    @pytest.mark.parametrize("ref", ["other.json#/A", "#/components/mediaTypes/Ring", "#/nowhere"])
    def test_that_stand_nowhere_here_are_lost(self, ref):
        ring = {"Ring": {"$ref": "#/components/mediaTypes/Ring"}}

        assert content("text/plain", {"$ref": ref}, mediaTypes=ring) == ({}, ["$ref"])


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ({"dataValue": {"a": 1}}, {"value": {"a": 1}}, []),
        ({"dataValue": None}, {"value": None}, []),
        ({"summary": "S", "serializedValue": "a"}, {"summary": "S"}, ["serializedValue"]),
        ({"dataValue": 1, "serializedValue": "1"}, {"value": 1}, ["serializedValue"]),
        ({"dataValue": 1, "externalValue": "/1"}, {"value": 1}, ["externalValue"]),
        ({"externalValue": "/1"}, {"externalValue": "/1"}, []),
    ],
)
def test_examples_have_one_form(before, after, lost):
    assert (after, [f"{key}: `{key}` here" for key in lost]) == downgraded("examples", before)


@pytest.mark.parametrize(
    ("schema", "xml", "lost"),
    [
        ({"type": "string", "xml": {"nodeType": "attribute"}}, {"attribute": True}, False),
        ({"xml": {"name": "n", "nodeType": "element"}}, {"name": "n"}, False),
        ({"type": "array", "xml": {"nodeType": "element"}}, {"wrapped": True}, False),
        ({"type": "array", "xml": {"nodeType": "none"}}, {}, False),
        ({"type": "object", "xml": {"nodeType": "none"}}, {}, True),
        ({"type": "string", "xml": {"nodeType": "text", "prefix": "p"}}, {"prefix": "p"}, True),
        ({"type": "array", "xml": {"wrapped": True}}, {"wrapped": True}, False),
    ],
)
def test_xml_nodes_are_flags(schema, xml, lost):
    expected = {**schema, "xml": xml}, ["xml.nodeType: `nodeType` here"] * lost

    assert expected == downgraded("schemas", schema)


@pytest.mark.parametrize(
    "keyword",
    [
        *("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then"),
        *("else", "unevaluatedItems", "unevaluatedProperties", "contentSchema"),
    ],
)
def test_schemas_are_found_in_schemas(keyword):
    new = {"discriminator": {"propertyName": "p", "defaultMapping": "M"}}
    old = {"discriminator": {"propertyName": "p"}}

    assert {keyword: old} == downgraded("schemas", {keyword: new})[0]
    assert {"allOf": [{keyword: old}]} == downgraded("schemas", {"allOf": [{keyword: new}]})[0]
    assert {"$defs": {"x-a": {keyword: old}}} == (
        downgraded("schemas", {"$defs": {"x-a": {keyword: new}}})[0]
    )


@pytest.mark.parametrize(
    ("kind", "holder", "place"),
    [
        ("pathItems", lambda server: {"servers": [server]}, "servers.0"),
        ("pathItems", lambda server: {"trace": {"servers": [server]}}, "trace.servers.0"),
        ("links", lambda server: {"operationId": "o", "server": server}, "server"),
    ],
)
def test_servers_have_no_name(kind, holder, place):
    expected = holder({"url": "/"}), [f"{place}.name: `name` here"]

    assert downgraded(kind, holder({"url": "/", "name": "n"})) == expected


def test_the_table_is_whole():
    """Whatever a row says stands in a field has a row itself."""
    kinds = {kind.removeprefix("*") for row in _FIELDS.values() for kind in row.values()}

    assert kinds - {"-"} == _FIELDS.keys() - {"document", "stream"} | {"security"}


def test_drops_go_on_until_nothing_refers_to_them():
    """A reference to a reference to a parameter that goes, all of them before it."""
    query = {"name": "q", "in": "querystring", "content": {"a/b": {}}}
    chain = {
        "A": {"$ref": "#/components/parameters/B"},
        "B": {"$ref": "#/components/parameters/C"},
        "C": query,
    }
    after, lost = downgrade(with_components(parameters=chain))

    assert after["components"]["parameters"] == {}
    assert [line.split(":")[0][-1] for line in lost] == ["A", "B", "C"]


NAMES = st.sampled_from(
    ["query", "summary", "$ref", "itemSchema", "in", "x-a", "name", "dataValue"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


def some(**fields):
    """An object with any of these fields, and maybe an extension."""
    return st.fixed_dictionaries({}, optional={**fields, "x-own": JSON})


def named(inner):
    """A map of these."""
    return st.dictionaries(NAMES, inner, max_size=2)


REFERENCE = st.just({"$ref": "#/components/schemas/Nothing", "summary": "S"})
SCHEMAS = st.recursive(
    st.booleans() | REFERENCE | some(default=JSON, const=JSON, examples=st.lists(JSON, max_size=2)),
    lambda inner: some(
        properties=named(inner),
        anyOf=st.lists(inner, min_size=1, max_size=2),
        items=inner,
        xml=some(attribute=st.booleans(), name=NAMES),
        discriminator=st.just({"propertyName": "p", "mapping": {"defaultMapping": "A"}}),
    ),
    max_leaves=4,
)
EXAMPLES = named(REFERENCE | some(value=JSON, summary=NAMES) | some(externalValue=NAMES))
CONTENT = named(some(schema=SCHEMAS, example=JSON, examples=EXAMPLES))
HEADERS = named(REFERENCE | some(schema=SCHEMAS, example=JSON) | some(content=CONTENT))
RESPONSE = st.builds(
    lambda description, rest: {"headers": {}, "description": description, **rest},
    st.text(),
    some(content=CONTENT, headers=HEADERS, links=named(some(operationId=NAMES, parameters=JSON))),
)
OPERATION = some(
    summary=NAMES,
    tags=st.lists(NAMES),
    parameters=st.lists(
        REFERENCE
        | some(name=NAMES, schema=SCHEMAS, allowReserved=st.just(True)).map(
            lambda parameter: {"in": "query", **parameter}
        ),
        max_size=2,
    ),
    requestBody=REFERENCE | some(content=CONTENT),
    responses=st.dictionaries(st.sampled_from(["200", "default"]), REFERENCE | RESPONSE),
    security=st.lists(named(st.just([]))),
)
DOCUMENTS = some(
    info=some(summary=NAMES),
    tags=st.lists(some(name=NAMES, description=NAMES), max_size=2),
    paths=st.dictionaries(
        st.just("/query"), some(get=OPERATION, post=OPERATION, summary=NAMES), max_size=1
    ),
    components=some(schemas=named(SCHEMAS), responses=named(RESPONSE), examples=EXAMPLES),
).map(lambda document: {"openapi": "3.1.0", **document})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_a_document_of_3_1_keeps_all_but_its_version(document):
    """To the byte, and nothing is reported."""
    before = deepcopy(document)
    found = downgrade(document)

    assert json.dumps(({**before, "openapi": "3.1.1"}, [])) == json.dumps(found)
    assert before == document
