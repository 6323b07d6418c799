"""JSON as people read it."""

import json


def in_one_line(value: object) -> str:
    """*value* without a line break."""
    return json.dumps(value, ensure_ascii=False)


def indented(value: object) -> str:
    """*value* on as many lines as it takes."""
    return json.dumps(value, ensure_ascii=False, indent=2)
