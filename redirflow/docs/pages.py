"""The door of this package: every page of the docs as a constant reply, by its path."""

from collections.abc import Iterable
from typing import Any, Final

from redirflow.declare.settings import UI
from redirflow.docs.assets import assets_of, page_reply
from redirflow.docs.edges import Edge
from redirflow.docs.external import External, scalar, swagger
from redirflow.docs.page import Setting, write_page
from redirflow.http.response import Reply

_HARDENED: Final = {"require-trusted-types-for": "'script'", "trusted-types": "'none'"}
"""No text becomes HTML in our page, not even by mistake."""


def docs_pages(
    document: dict[str, Any],
    url: str,
    ui: UI = "redirflow",
    *,
    debug: bool = False,
    openapi_url: str | None = "/openapi.json",
    edges: Iterable[Edge] = (),
) -> dict[str, Reply]:
    """The page of a document and what it loads from its own origin, by path.

    Args:
        document: in OpenAPI 3.2, as it is before any downgrade.
        url: the path of the page, without parameters.
        debug: whether redirects are reported to the page (`serve.follow_header`).
        openapi_url: where the document is served; the two others can't do without.
        edges: what the redirect map shows besides the Links of the document.

    Raises:
        ValueError: *ui* needs a document that is not served.
    """
    assets = assets_of(ui)
    if ui == "redirflow":
        style, script = assets
        setting = Setting(url=url, debug=debug, openapi_url=openapi_url, style=style, script=script)
        page = page_reply(write_page(document, setting, edges), _HARDENED)
    else:
        page = _OTHERS[ui].reply(document["info"]["title"], url, openapi_url, assets[0])
    return {url: page} | {asset.path(url): asset.reply() for asset in assets}


_OTHERS: Final[dict[UI, External]] = {"swagger": swagger, "scalar": scalar}
