"""Tests of an app, in process: `TestClient`, and what `TestClient.follow` returns.

Needs the extra `[test]`. The names are looked up when they are asked for, so that the pytest
plugin in `redirflow.testing.contract` can be loaded where httpx2 is not installed.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redirflow.endpoint.violation import ContractViolation
    from redirflow.testing.client import TestClient
    from redirflow.testing.follow import Hop, Hops
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from redirflow.testing import client

        return getattr(client, name)


__all__ = ["ContractViolation", "Hop", "Hops", "TestClient"]
