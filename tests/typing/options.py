"""What apps, routers and verbs take is spelt out: a misspelt option is found while writing."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, assert_type

from redirflow import App, Callback, ErrorModel, HeaderSpec, NotFound, ProblemDetails, Router


@asynccontextmanager
async def lifespan(app: App) -> AsyncGenerator[Mapping[str, int]]:
    yield {"pool": 1}


app = App(
    title="Options",
    version="1",
    description="All of them",
    servers=["/v1", {"url": "/v2", "description": "newer"}],
    lifespan=lifespan,
    middleware=[lambda inner: inner],
    raises=[NotFound],
    headers={"X-Request-Id": HeaderSpec()},
    dependencies=[lambda: None],
    slashes="strict",
    allowed_hosts=["example.com"],
    max_body_size=1024,
    error_format=ProblemDetails(base="/problems/"),
    openapi_version="3.1.1",
    openapi_url=None,
    debug=True,
)
App(error_format=ErrorModel())
App("Options")  # E: by keyword
App(titel="Options")  # E: title
App(slashes="ignore")  # E: redirect, strict or match
App(openapi_version="3.0.0")  # E: 3.2.0 or 3.1.1
App(lifespan=None, allowed_hosts=None, openapi_url=None)
App(error_format="problem")  # E: a format

router = Router(prefix="/a", name="a", tags=["a"], deprecated=True)
Router("/a")  # E: by keyword
Router(prefixes="/a")  # E: prefix

app.include_router(router, prefix="/b", tags=["b"])
app.include_router("router")  # E: a Router


async def nothing() -> None: ...


router.get("/1", name="n", tags=["t"], summary="s", description="d", deprecated=True)(nothing)
router.post("/2", include_in_schema=False, max_body_size=10, dependencies=[nothing])(nothing)
router.put("/3", operation_id="n")(nothing)  # E: name
router.patch("/4", status_code=200)(nothing)  # E: returns() says it
router.delete("/5", tag="t")(nothing)  # E: tags
router.head("/6", name=6)(nothing)  # E: a str
router.get("/9", deprecated=datetime.now(UTC), sunset=None, callbacks={"a": Callback("{$url}")})
router.options("/7", deprecated="yes")(nothing)  # E: a bool
router.route("/8", name="n")(nothing)  # E: methods is missing
router.route("/9", methods=["GET"], response_model=None)(nothing)  # E: no such option
router.get(10)(nothing)  # E: a str
router.get("/11")("nothing")  # E: a function

assert_type(app.openapi(), dict[str, Any])
assert_type(app.openapi_json("3.1.1"), bytes)
assert_type(app.url_for(nothing, number=1), str)
app.openapi("3.1")  # E: a full version
