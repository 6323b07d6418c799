"""The credentials that an operation asks for."""

import re
from collections.abc import Iterable
from typing import Final

from redirflow.declare.dependencies import Basic, Bearer, Scheme
from redirflow.endpoint.steps import AnyStep, CredentialsStep
from redirflow.openapi.schema import Schema, given
from redirflow.openapi.scribe import Scribe

_KEY: Final = re.compile(r"[A-Za-z0-9._-]+")


def security(scribe: Scribe, steps: Iterable[AnyStep]) -> list[dict[str, list[str]]]:
    """The combinations of schemes that open an operation; each scheme is put in the book.

    All required schemes stand in each combination. Optional ones add one each, and leave one
    without any of them.
    """
    asked = [step for step in steps if isinstance(step, CredentialsStep)]
    for step in asked:
        _define(scribe, step.scheme)
    needed = _together(step.scheme for step in asked if not step.optional)
    extras = [step.scheme for step in asked if step.optional]
    if not extras:
        return [needed] if needed else []
    return [*(_with(needed, extra) for extra in extras), needed]


def _together(schemes: Iterable[Scheme]) -> dict[str, list[str]]:
    """One combination; a scheme that is asked for twice needs the scopes of both."""
    found: dict[str, list[str]] = {}
    for scheme in schemes:
        found = _with(found, scheme)
    return found


def _with(found: dict[str, list[str]], scheme: Scheme) -> dict[str, list[str]]:
    scopes = [*found.get(scheme.name, ()), *getattr(scheme, "scopes", ())]
    return {**found, scheme.name: list(dict.fromkeys(scopes))}


def _define(scribe: Scribe, scheme: Scheme) -> None:
    if not _KEY.fullmatch(scheme.name):
        scribe.report(
            f"a security scheme is named {scheme.name!r}", "letters, digits, '.', '_' and '-'"
        )
    definition = _definition(scheme)
    first = scribe.book.schemes.setdefault(scheme.name, definition)
    if first != definition:
        scribe.report(
            f"two different security schemes are named {scheme.name!r}",
            "one scheme for a name",
            f'{type(scheme).__name__}(..., name="...")',
        )


def _definition(scheme: Scheme) -> Schema:
    if isinstance(scheme, Bearer):
        return given(type="http", scheme="bearer", bearerFormat=scheme.format)
    if isinstance(scheme, Basic):
        return {"type": "http", "scheme": "basic"}
    return {"type": "apiKey", "in": scheme.where, "name": scheme.key}
