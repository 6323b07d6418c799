"""Reading credentials: a malformed one is a 401, like a missing one."""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable
from typing import Any, Final

from redirflow.declare.dependencies import APIKey, Basic, Bearer, Credentials, Scheme
from redirflow.declare.errors import Unauthorized
from redirflow.endpoint.binder import Refused
from redirflow.endpoint.steps import CredentialsStep
from redirflow.http.request import Request

# RFC 6750 2.1: b64token.
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def read_credentials(step: CredentialsStep, request: Request) -> Any:
    """A token, a key or `Credentials`; `None` if they are optional and missing.

    Raises:
        Refused: they are missing or malformed (401, with the challenge of the scheme).
    """
    found = _found(step.scheme, request)
    if found is None and not step.optional:
        raise Refused(
            challenged(Unauthorized("Credentials are missing or malformed."), [step.scheme])
        )
    return found


def challenged(error: Unauthorized, schemes: Iterable[Scheme]) -> Unauthorized:
    """*error* with the challenge of each scheme, unless it has one (RFC 9110 11.6.1)."""
    given = {name.lower() for name in error.headers or ()}
    challenges = ", ".join(dict.fromkeys(scheme.challenge for scheme in schemes))
    if "www-authenticate" in given or not challenges:
        return error
    return error.with_headers({"WWW-Authenticate": challenges})


def _found(scheme: Scheme, request: Request) -> Any:
    if isinstance(scheme, APIKey):
        parts = {"header": "headers", "cookie": "cookies", "query": "query"}
        return getattr(request, parts[scheme.where]).get(scheme.key) or None
    name, _, text = request.headers.get("authorization", "").partition(" ")
    if name.lower() != ("bearer" if isinstance(scheme, Bearer) else "basic"):
        return None
    text = text.strip(" ")
    if isinstance(scheme, Basic):
        return _basic(text)
    return text if _TOKEN.fullmatch(text) else None


def _basic(text: str) -> Credentials | None:
    try:
        username, colon, password = b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return Credentials(username, password) if colon else None
