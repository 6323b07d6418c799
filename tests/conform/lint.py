"""httplint reads the answers of `shown.py`, as their bytes came over the wire."""

import time

from httplint import HttpRequestLinter, HttpResponseLinter
from peer import Peer
from shown import asked
from verdict import Verdict, flat


def lint(port, server):
    """The verdict on all answers of one server."""
    verdict = Verdict(f"httplint, {server}")
    for exchange in asked(lambda each: ask(port, each).body):
        answer = ask(port, exchange)
        if answer.status != exchange.status:
            verdict.fault(exchange, f"answered {answer.status}")
        verdict.hear(exchange, flat(judged(exchange, answer).notes))
    verdict.close()
    return verdict


def ask(port, exchange):
    """The answer, read without forgiveness."""
    head = f"{exchange.method} {exchange.target} HTTP/1.1\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent(exchange).items())
    with Peer(port) as peer:
        peer.send(f"{head}{lines}\r\n".encode() + exchange.body)
        return peer.answer(exchange.method.encode())


def sent(exchange):
    """The fields of the request."""
    framing = {"Content-Length": str(len(exchange.body))} if exchange.has_body else {}
    return {"Host": "127.0.0.1", "User-Agent": "conform", **framing, **exchange.fields}


def judged(exchange, answer):
    """What httplint makes of an answer that came just now; it knows the request."""
    fields = [(name.encode(), value.encode()) for name, value in sent(exchange).items()]
    request = HttpRequestLinter()
    request.process_request_topline(exchange.method.encode(), exchange.target.encode(), b"1.1")
    fed(request, fields, exchange.body)
    response = HttpResponseLinter(start_time=time.time(), _related=request)
    response.is_head_response = exchange.method == "HEAD"
    response.process_response_topline(b"1.1", b"%d" % answer.status)
    fed(response, answer.fields, answer.body)
    return response


def fed(linter, fields, body):
    """Give a linter what comes after the first line."""
    linter.process_headers(fields)
    linter.feed_content(body)
    linter.finish_content(True)
