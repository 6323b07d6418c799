"""django-modern-rest over Django's ASGI handler: path, query and body validated through msgspec.

Response validation is on, as by default; it compares types and takes a Struct of the declared
class as it is. Django has no middleware here and no database. Its handler starts two tasks for
each request, and a signal to synchronous receivers costs a hop to a thread.
"""

from http import HTTPStatus

from django.conf import settings
from django.core.asgi import get_asgi_application
from dmr import Body, Controller, HeaderSpec, Path, Query, RedirectTo, ResponseSpec, modify
from dmr.plugins.msgspec import MsgspecSerializer
from dmr.routing import Router, path
from msgspec import Struct

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], DEBUG=False)


class Item(Struct):
    """What GET and POST answer with."""

    id: int
    name: str
    price: float
    tags: list[str]
    active: bool


class NewItem(Struct):
    """What POST takes."""

    name: str
    price: float
    tags: list[str]


class UserPath(Struct):
    """The redirect's path parameters."""

    user_id: int


class ItemPath(Struct):
    """GET's path parameters."""

    item_id: int


class ItemQuery(Struct):
    """GET's query."""

    limit: int = 20


class LegacyUserController(Controller[MsgspecSerializer]):
    """The redirect."""

    @modify(
        extra_responses=[
            ResponseSpec(
                None,
                status_code=HTTPStatus.PERMANENT_REDIRECT,
                headers={"Location": HeaderSpec()},
            ),
        ],
    )
    async def get(self, parsed_path: Path[UserPath]) -> None:
        """Redirect to the user."""
        raise RedirectTo(
            f"/users/{parsed_path.user_id}",
            status_code=HTTPStatus.PERMANENT_REDIRECT,
        )


class ItemController(Controller[MsgspecSerializer]):
    """GET."""

    async def get(self, parsed_path: Path[ItemPath], parsed_query: Query[ItemQuery]) -> Item:
        """Answer one item."""
        price = parsed_query.limit * 1.5
        return Item(parsed_path.item_id, "Lamp", price, ["home", "light"], True)


class ItemsController(Controller[MsgspecSerializer]):
    """POST."""

    async def post(self, parsed_body: Body[NewItem]) -> Item:
        """Take an item."""
        return Item(1, parsed_body.name, parsed_body.price, parsed_body.tags, True)


router = Router(
    "",
    [
        path("legacy/users/<int:user_id>", LegacyUserController.as_view()),
        path("items/<int:item_id>", ItemController.as_view()),
        path("items", ItemsController.as_view()),
    ],
)
urlpatterns = router.urls

app = get_asgi_application()
