"""Middleware and apps by others around and below an app: Starlette's, OpenTelemetry's."""

import gzip
import json
from collections.abc import AsyncIterator
from functools import partial
from http.client import HTTPConnection
from typing import Never
from urllib.parse import urlsplit

import pytest
from msgspec import Struct
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Mount, Route

from redirflow import App, NotFound, Redirect, Response, ServerSentEvent, raises, redirects, returns
from redirflow.testing import TestClient

SITE = "https://site.example"


class Word(Struct):
    text: str


def words(*middleware):
    """An app with an answer of each kind."""
    app = App(middleware=middleware)

    @app.get("/words/{number}")
    @raises(NotFound)
    async def read(number: int) -> Word:
        if number:
            raise NotFound
        return Word("long " * 200)

    @app.get("/old/{number}")
    @redirects(308, to=read)
    async def old(number: int) -> Never:
        raise Redirect.to(read, number=number)

    @app.get("/lines")
    @returns(media_type="application/jsonl")
    async def lines() -> AsyncIterator[Word]:
        for text in ("first", "second"):
            yield Word(text * 100)

    @app.get("/events")
    @returns(media_type="text/event-stream")
    async def events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data="one")

    @app.get("/broken")
    async def broken() -> Response[Word]:
        return Response(Word(""), status_code=299)

    return app


ANSWERS = {
    "/words/0": 200,
    "/words/1": 404,
    "/words/x": 422,
    "/old/3": 308,
    "/lines": 200,
    "/events": 200,
    "/broken": 500,
    "/nowhere": 404,
    "/lines/": 308,
}
answers = pytest.mark.parametrize(("path", "status"), ANSWERS.items())


# --- CORS ----------------------------------------------------------------------------------------


@answers
def test_every_answer_may_be_read_by_the_site_that_is_let_in(path, status):
    """A 500 too: it is answered inside of the middleware, so a page learns what happened."""
    cors = partial(CORSMiddleware, allow_origins=[SITE])
    client = TestClient(words(cors), raise_violations=False)

    answer = client.get(path, headers={"origin": SITE})
    plain = TestClient(words(), raise_violations=False).get(path)

    assert answer.status_code == plain.status_code == status
    assert answer.headers.pop("access-control-allow-origin") == SITE
    assert answer.headers.pop("vary") == "Origin"
    assert (answer.headers, answer.content) == (plain.headers, plain.content)
    other = client.get(path, headers={"origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers


def test_a_preflight_is_the_middleware_s_and_options_are_ours():
    cors = partial(CORSMiddleware, allow_origins=[SITE], allow_methods=["GET"])
    client = TestClient(words(cors))

    asked = {"origin": SITE, "access-control-request-method": "GET"}
    assert (
        client.options("/words/0", headers=asked).headers["access-control-allow-methods"] == "GET"
    )
    answer = client.options("/words/0", headers={"origin": SITE})
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


# --- GZip -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def zipping(serve):
    """The address of an app behind GZip, on a real server."""
    return serve(words(partial(GZipMiddleware, minimum_size=100)))


def fetch(address, path):
    """The answer as it came over the wire, not unzipped."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.request("GET", path, headers={"accept-encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@answers
def test_what_is_long_is_zipped_and_means_the_same(zipping, path, status):
    answer, body = fetch(zipping, path)

    zipped = answer.headers["content-encoding"] == "gzip"
    plain = TestClient(words(), raise_violations=False).get(path)
    assert answer.status == plain.status_code == status
    assert (gzip.decompress(body) if zipped else body) == plain.content
    assert zipped is (path in {"/words/0", "/words/x", "/lines"})
    assert answer.headers["location"] == plain.headers.get("location")
    if answer.headers["content-length"] is not None:
        assert int(answer.headers["content-length"]) == len(body)


# --- OpenTelemetry --------------------------------------------------------------------------------


class Telemetry:
    """What OpenTelemetry's middleware has seen."""

    def __init__(self):
        self.spans, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracing = TracerProvider()
        tracing.add_span_processor(SimpleSpanProcessor(self.spans))
        self.middleware = partial(
            OpenTelemetryMiddleware,
            tracer_provider=tracing,
            meter_provider=MeterProvider([self.reader]),
        )

    def server_span(self):
        (span,) = (span for span in self.spans.get_finished_spans() if span.kind.name == "SERVER")
        return span

    def targets(self):
        """The routes that the durations were counted under."""
        return {
            point.attributes.get("http.target")
            for resource in self.reader.get_metrics_data().resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == "http.server.duration"
            for point in metric.data.data_points
        }


@answers
def test_opentelemetry_sees_each_answer_once(path, status):
    telemetry = Telemetry()
    client = TestClient(words(telemetry.middleware), raise_violations=False)

    answer = client.get(path)

    assert answer.status_code == status
    span = telemetry.server_span()
    assert span.attributes["http.status_code"] == status
    assert (span.status.status_code.name == "ERROR") is (status == 500)


@pytest.mark.parametrize(
    ("path", "target"),
    [("/words/0", "/words/{number}"), ("/old/3", "/old/{number}"), ("/nowhere", None)],
)
def test_opentelemetry_counts_by_route_not_by_path(path, target):
    """It reads `scope["route"].path_format`; thousands of numbers are one line of a chart."""
    telemetry = Telemetry()
    TestClient(words(telemetry.middleware)).get(path)

    assert telemetry.targets() == {target}


# --- apps below -----------------------------------------------------------------------------------


def starlette():
    """Tells where it believes to be."""

    async def here(request):
        return JSONResponse(
            {
                "root_path": request.scope["root_path"],
                "path": request.scope["path"],
                "url": request.url.path,
                "self": request.url_for("here").path,
            }
        )

    async def there(request):
        return RedirectResponse(request.url_for("here"), status_code=303)

    return Starlette(routes=[Route("/here", here, name="here"), Route("/there", there)])


@pytest.mark.parametrize("root", ["", "/site"])
def test_a_mounted_app_knows_where_it_is(root):
    app = words()
    app.mount("/other", starlette())
    client = TestClient(app, root_path=root)

    assert client.get(f"{root}/other/here").json() == {
        "root_path": f"{root}/other",
        "path": f"{root}/other/here",
        "url": f"{root}/other/here",
        "self": f"{root}/other/here",
    }
    moved = client.get(f"{root}/other/there")
    assert (moved.status_code, moved.headers["location"]) == (
        303,
        f"https://testserver{root}/other/here",
    )
    assert client.get(f"{root}/other/nowhere").text == "Not Found"


def test_a_mounted_app_over_a_real_server(serve):
    app = words(partial(GZipMiddleware, minimum_size=10))
    app.mount("/other", starlette())

    answer, body = fetch(serve(app), "/other/here")

    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(body))["self"] == "/other/here"


def test_an_app_mounted_in_starlette_finds_its_way(serve):
    """The other way round: locations get the prefix, and matching takes it off."""
    address = serve(Starlette(routes=[Mount("/api", words())]))

    assert fetch(address, "/api/old/0")[0].headers["location"] == "/api/words/0"
    assert fetch(address, "/api/lines/")[0].headers["location"] == "/api/lines"
    assert fetch(address, "/api/words/0")[0].status == 200
