"""The hand-written ASGI function that every other app is measured against.

It does what the endpoints ask for and no more: routes by comparing strings, parses the integers,
decodes the body into a Struct, encodes the answer once. It does not decode the answer again, as
redirflow does to validate it: nobody would by hand. That work is therefore part of the "tax".
"""

from msgspec import DecodeError, Struct
from msgspec.json import Decoder, Encoder


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


ENCODE = Encoder().encode
DECODE = Decoder(NewItem).decode

JSON = (b"content-type", b"application/json")
EMPTY = (b"content-length", b"0")


async def app(scope, receive, send):
    """Route by hand: two parameters at the end of a path, one exact path."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    path, method = scope["path"], scope["method"]
    head, _, tail = path.rpartition("/")
    if head == "/legacy/users":
        status, headers, body = legacy_user(method, tail)
    elif head == "/items":
        status, headers, body = get_item(method, tail, scope["query_string"])
    elif path == "/items":
        sent = b""
        while True:
            message = await receive()
            sent += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, headers, body = create_item(method, sent)
    else:
        status, headers, body = 404, [EMPTY], b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def legacy_user(method, tail):
    if method != "GET":
        return 405, [EMPTY, (b"allow", b"GET")], b""
    try:
        user_id = int(tail)
    except ValueError:
        return 422, [EMPTY], b""
    return 308, [(b"location", b"/users/%d" % user_id), EMPTY], b""


def get_item(method, tail, query):
    if method != "GET":
        return 405, [EMPTY, (b"allow", b"GET")], b""
    limit = 20
    try:
        item_id = int(tail)
        for pair in query.split(b"&"):
            if pair.startswith(b"limit="):
                limit = int(pair[6:])
    except ValueError:
        return 422, [EMPTY], b""
    body = ENCODE(Item(item_id, "Lamp", limit * 1.5, ["home", "light"], True))
    return 200, [JSON, (b"content-length", b"%d" % len(body))], body


def create_item(method, sent):
    if method != "POST":
        return 405, [EMPTY, (b"allow", b"POST")], b""
    try:
        new = DECODE(sent)
    except DecodeError:
        return 422, [EMPTY], b""
    body = ENCODE(Item(1, new.name, new.price, new.tags, True))
    return 201, [JSON, (b"content-length", b"%d" % len(body))], body


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
