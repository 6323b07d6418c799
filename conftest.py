"""The README runs: its Python blocks are tests, one after the other, in one namespace.

Blocks in HTML comments are not shown to readers; they hold what the text around them claims.
"""

import asyncio

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser


def ask(app, method, target, body=b"", **fields):
    """Send one request to an app, in process: the status, the header fields, and the body."""
    path, _, query = target.partition("?")
    headers = {"host": "testserver", **{name.replace("_", "-"): fields[name] for name in fields}}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    incoming, sent = [{"type": "http.request", "body": body}], []

    async def receive():
        if incoming:
            return incoming.pop()
        return await asyncio.Event().wait()  # nobody leaves before the answer is there

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start, *parts = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], answered, b"".join(part.get("body", b"") for part in parts)


def prepare(namespace):
    """What a block finds, besides the names of the blocks before it."""
    namespace.update(__name__="readme", ask=ask)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md"], setup=prepare
).pytest()
