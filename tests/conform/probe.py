"""REDbot asks for what `shown.py` shows, then again: conditionally, in part, and compressed."""

from configparser import ConfigParser

import thor
from lint import ask
from redbot.resource import HttpResource
from shown import asked
from verdict import Verdict, flat

PATIENCE = 300
"""Seconds for all of it."""

CONFIG = ConfigParser()
CONFIG.read_dict({"redbot": {"enable_local_access": "True"}})


def probe(port, server):
    """The verdict on all answers of one server."""
    verdict = Verdict(f"REDbot, {server}")
    # It writes the Host field itself.
    exchanges = [each for each in asked(lambda each: ask(port, each).body) if not each.has_host]
    found = looked_at(port, exchanges)
    for exchange, resource in zip(exchanges, found, strict=False):
        if resource.response.status_code != exchange.status:
            verdict.fault(exchange, f"answered {resource.response.status_code}")
        if resource.fetch_error:
            verdict.fault(exchange, resource.fetch_error.desc)
        for each in (resource, *resource.subreqs.values()):
            if each.fetch_started:
                verdict.hear(exchange, flat(each.response.notes))
    if len(found) < len(exchanges):
        verdict.fault("probe.py", f"{len(found)} of {len(exchanges)} in {PATIENCE} seconds")
    verdict.close()
    return verdict


def looked_at(port, exchanges):
    """What it has found for each, in time; one after the other, for its loop starts only once."""
    left, found = iter(exchanges), []

    def look():
        exchange = next(left, None)
        if exchange is None:
            thor.stop()
            return
        resource = HttpResource(CONFIG["redbot"])
        fields = [*exchange.fields.items()]
        url = f"http://127.0.0.1:{port}{exchange.target}"
        resource.set_request(url, exchange.method, fields, exchange.body)
        found.append(resource)
        resource.on("check_done", lambda: thor.schedule(0, look))
        resource.check()

    thor.schedule(0, look)
    thor.schedule(PATIENCE, thor.stop)
    thor.run()
    return found
