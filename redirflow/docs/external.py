"""Pages that let others show the document: Swagger UI and Scalar, from a CDN.

Each file has an exact version and the SHA-384 of its bytes, computed from the package that npm
serves (`npm pack swagger-ui-dist@5.35.0`; `openssl dgst -sha384 -binary FILE | base64`): a browser
runs nothing else under that name. The policy admits these very addresses, and no other on their
host. To renew one, change version and hash together.
"""

from typing import Final

from msgspec import Struct

from redirflow.docs.assets import STRICT, Asset, page_reply, relative
from redirflow.docs.head import whole_page
from redirflow.docs.markup import Markup, element
from redirflow.http.response import Reply

_CDN: Final = "https://cdn.jsdelivr.net/npm"


class Remote(Struct, frozen=True):
    """One file on the CDN.

    Attributes:
        file: package, version and path.
        integrity: what its bytes are (W3C Subresource Integrity).
    """

    file: str
    integrity: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"{_CDN}/{self.file}"


class External(Struct, frozen=True, kw_only=True):
    """A page of somebody else's making.

    Attributes:
        inline_styles: whether it writes style elements itself.
    """

    name: str
    script: Remote
    style: Remote | None = None
    inline_styles: bool = False

    def reply(self, title: str, url: str, openapi_url: str | None, start: Asset) -> Reply:
        """The page.

        Args:
            url: its path.
            start: the script of ours that starts it.

        Raises:
            ValueError: there is no document to show.
        """
        if openapi_url is None:
            raise ValueError(f"docs_ui={self.name!r} reads the document: it needs an openapi_url")
        document = relative(url, openapi_url)
        link = element("a", "the OpenAPI document", href=document)
        # What a reader sees where the CDN does not answer, or with other bytes.
        told = element("p", f"{self.name} was not loaded from its CDN; here is ", link, ".")
        body = element("body", element("main", told, id="docs_page", data_document=document))
        begin = element("script", src=relative(url, start.path(url)), defer=True)
        page = whole_page(title, [self._style(), self._script(), begin], body)
        return page_reply(page, self._policy())

    def _script(self) -> Markup:
        there = self.script
        return element(
            "script",
            src=there.url,
            integrity=there.integrity,
            crossorigin="anonymous",
            defer=True,
        )

    def _style(self) -> Markup | None:
        there = self.style
        if there is None:
            return None
        return element(
            "link",
            rel="stylesheet",
            href=there.url,
            integrity=there.integrity,
            crossorigin="anonymous",
        )

    def _policy(self) -> dict[str, str]:
        styles = [STRICT["style-src"]]
        styles += [self.style.url] if self.style else []
        styles += ["'unsafe-inline'"] if self.inline_styles else []
        scripts = [STRICT["script-src"], self.script.url]
        return {"script-src": " ".join(scripts), "style-src": " ".join(styles)}


swagger: Final = External(
    name="swagger",
    script=Remote(
        "swagger-ui-dist@5.35.0/swagger-ui-bundle.js",
        "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9",
    ),
    style=Remote(
        "swagger-ui-dist@5.35.0/swagger-ui.css",
        "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I",
    ),
)
"""Swagger UI (Apache-2.0). It shows a redirect as its last answer: a browser's fetch hides hops."""

scalar: Final = External(
    name="scalar",
    script=Remote(
        "@scalar/api-reference@1.72.1/dist/browser/standalone.js",
        "sha384-U11tb2XnKvmwt8RlTvnwUnYgrN+ur4Xyh9htLhjajWNR/Oyl5AX5DEz00qRmlrmK",
    ),
    inline_styles=True,
)
"""Scalar (MIT)."""
