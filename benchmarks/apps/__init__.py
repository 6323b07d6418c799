"""One file per rival, the same three endpoints in each, and the roster of them.

* ``GET /legacy/users/{user_id}``: 308 to ``/users/{user_id}``, no body.
* ``GET /items/{item_id}?limit=``: 200, five fields; ``id`` and ``price`` come from the inputs.
* ``POST /items``: three fields in, 201, five fields out.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module

ASGIApp = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Rival:
    """One app: its short name, its module here, the distribution that is measured."""

    name: str
    module: str
    distribution: str

    def load(self) -> ASGIApp:
        """Import the app; whatever its import raises comes through."""
        return import_module(f"benchmarks.apps.{self.module}").app


ROSTER = {
    rival.name: rival
    for rival in (
        Rival("raw", "raw", "msgspec"),
        Rival("redirflow", "redirflow_app", "redirflow"),
        Rival("falcon", "falcon_app", "falcon"),
        Rival("blacksheep", "blacksheep_app", "blacksheep"),
        Rival("starlette", "starlette_app", "starlette"),
        Rival("litestar", "litestar_app", "litestar"),
        Rival("fastapi", "fastapi_app", "fastapi"),
        Rival("dmr", "dmr_app", "django-modern-rest"),
    )
}
