"""What other frameworks call the things, each with what says it here.

Whoever comes from there types the old names first; the error they meet then is the answer.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Never

_MIDDLEWARE: Final = "App(middleware=[factory]), where factory(app) is an ASGI app"
_HANDLED: Final = "@raises(Conflict, on=IntegrityError); App(error_format=...) for all errors"
_LIFESPAN: Final = "App(lifespan=...), an async context manager"
_TEXT: Final = '-> str, with @returns(media_type="text/html")'
_RAISED: Final = "raise NotFound(), declared by @raises(NotFound)"
_YIELDED: Final = "-> AsyncIterator[Item], and a handler that yields"
_BEARER: Final = "Annotated[str, Bearer()]"
_ROUTED: Final = 'route(path, methods=["GET"])(handler)'

_NAMES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "redirflow": {
            "APIKeyHeader": 'Annotated[str, APIKey(header="X-API-Key")]',
            "APIRouter": "Router",
            "BaseModel": "msgspec.Struct",
            "EventSourceResponse": f'{_YIELDED}, with @returns(media_type="text/event-stream")',
            "FastAPI": "App",
            "Field": "Annotated[int, msgspec.Meta(ge=1)]",
            "File": "a parameter of the type UploadFile",
            "FileResponse": 'app.mount("/files", asgi_app), or -> AsyncIterator[bytes]',
            "HTMLResponse": _TEXT,
            "HTTPBasic": "Annotated[Credentials, Basic()]",
            "HTTPBearer": _BEARER,
            "HTTPException": _RAISED,
            "JSONResponse": "the value itself; Response(value, headers=...) for more",
            "Meta": "msgspec.Meta",
            "OAuth2PasswordBearer": _BEARER,
            "Path": "a parameter with a name of the template: Annotated[int, msgspec.Meta(ge=1)]",
            "PlainTextResponse": _TEXT.replace("html", "plain"),
            "RedirectResponse": "raise Redirect(location), declared by @redirects(303)",
            "Security": _BEARER.replace("()", '(scopes=["read"])'),
            "Starlette": "App",
            "StreamingResponse": _YIELDED,
            "Struct": "msgspec.Struct",
            "TestClient": "redirflow.testing.TestClient",
        },
        "Router": {
            "add_api_route": _ROUTED,
            "add_event_handler": _LIFESPAN,
            "add_exception_handler": _HANDLED,
            "add_middleware": _MIDDLEWARE,
            "add_route": _ROUTED,
            "api_route": _ROUTED,
            "dependency_overrides": "TestClient(app, overrides={current_user: fake})",
            "exception_handler": _HANDLED,
            "include": "include_router(router)",
            "middleware": _MIDDLEWARE,
            "on_event": _LIFESPAN,
            "state": f"{_LIFESPAN}: what it yields is request.state",
            "url_path_for": "url_for(handler, user_id=1)",
            "websocket": 'mount("/live", asgi_app)',
        },
        "BackgroundTasks": {"add_task": "add(function, ...)"},
        "Request": {
            "app": "the app itself, a name of the module",
            "base_url": "url_for(handler), a path of this site",
            "form": "parameters: title: Form[str]",
            "query_params": "query",
            "session": "a parameter: sid: Cookie[str]",
            "url": "path, query or local_url",
        },
        "a route": {
            "response_model": "a return annotation, or @returns(User)",
            "responses": "@returns(...), @raises(...), @redirects(...)",
            "status_code": "@returns(status_code=...)",
        },
    }
)
"""By owner, the foreign names."""


def remedy(owner: str, name: str) -> str:
    """What to write on *owner* instead of the foreign *name*; empty if that is no known one."""
    return _NAMES[owner].get(name, "")


def told(owner: str) -> Callable[[Any, str], Never]:
    """The `__getattr__` of a class; hide it from type checkers, which know better."""

    def missing(self: Any, name: str) -> Never:
        write = remedy(owner, name)
        found = f"{type(self).__name__!r} object has no attribute {name!r}"
        found += f"; write: {write}" if write else ""
        raise AttributeError(found, name=name, obj=self)

    return missing
