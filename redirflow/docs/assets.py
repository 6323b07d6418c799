"""Files that a page needs from its own origin, each at an address that changes with its bytes.

So they may be kept for good, and a strict `script-src 'self'` needs neither a nonce nor the hash
of an inline script. Links are relative: a page stays the same under any `root_path`.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from redirflow.declare.settings import UI
from redirflow.http.reference import quote_path
from redirflow.http.response import Reply, content_length

_TYPES: Final = {"css": b"text/css; charset=utf-8", "js": b"text/javascript; charset=utf-8"}
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
_FOLDER: Final = Path(__file__).parent


class Asset(Struct, frozen=True):
    """One file.

    Attributes:
        name: `page.4f2a91c07d3e.css`.
    """

    name: str
    content: bytes

    def path(self, url: str) -> str:
        """Where it is served, for a page at *url*."""
        return f"{url.rstrip('/')}/{self.name}"

    def reply(self) -> Reply:
        """Its constant reply."""
        kind = _TYPES[self.name.rpartition(".")[2]]
        headers = [(b"content-type", kind), content_length(len(self.content)), _NOSNIFF]
        forever = (b"cache-control", b"public, max-age=31536000, immutable")
        return Reply(200, [*headers, forever], self.content)


def load(name: str) -> Asset:
    """The file *name* of this package."""
    content = (_FOLDER / name).read_bytes()
    stem, _, suffix = name.rpartition(".")
    return Asset(f"{stem}.{sha256(content).hexdigest()[:12]}.{suffix}", content)


@cache
def assets_of(ui: UI) -> tuple[Asset, ...]:
    """What a page loads from its own origin."""
    names = ("page.css", "page.js") if ui == "redirflow" else (f"{ui}.js",)
    return tuple(map(load, names))


def docs_paths(url: str, ui: UI = "redirflow") -> tuple[str, ...]:
    """The paths of `pages.docs_pages`, the page's own first; known before anything is written."""
    return url, *(asset.path(url) for asset in assets_of(ui))


def relative(url: str, path: str) -> str:
    """How the page at *url* refers to *path*."""
    folder = url[: url.rfind("/") + 1]
    if path.startswith(folder):
        return f"./{quote_path(path.removeprefix(folder))}"
    return root(url) + quote_path(path.removeprefix("/"))


def root(url: str) -> str:
    """How the page at *url* refers to the root of the app."""
    return "../" * (url.count("/") - 1) or "./"


def page_reply(content: str, policy: Mapping[str, str]) -> Reply:
    """The reply of a page.

    Args:
        policy: what its Content-Security-Policy adds to, or says instead of, `STRICT`.
    """
    body = content.encode("utf-8", "replace")
    rules = "; ".join(f"{name} {value}" for name, value in {**STRICT, **policy}.items())
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        content_length(len(body)),
        (b"content-security-policy", rules.encode("ascii")),
        _NOSNIFF,
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-cache"),
    ]
    return Reply(200, headers, body)


STRICT: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""What a page may load: what its own origin serves, and nothing else."""
