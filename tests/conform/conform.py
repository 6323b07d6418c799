"""Hold every kind of response, and every example, against the tools of others.

    python tests/conform/conform.py [--cases 1000] [httplint] [redbot] [EXAMPLE ...]

httplint and REDbot judge all answers of `shown.py`; what they may say stands in `verdict.py`.
schemathesis judges the examples; what it is told about them stands in `schemathesis.toml`.
"""

import argparse
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "wire"))

import documents  # noqa: E402 - needs the folder beside, as those that follow
from lint import lint  # noqa: E402
from probe import probe  # noqa: E402
from servers import Server  # noqa: E402

SERVERS = ["uvicorn-h11", "uvicorn-httptools"]
JUDGES = {"httplint": (lint, SERVERS), "redbot": (probe, SERVERS[1:])}


@contextmanager
def served(name, app, scratch):
    """The port of a server, whose app must not fail outside of its handlers."""
    server = Server(name, scratch / "log.txt", app)
    try:
        server.wait()
        yield server.port
    finally:
        server.stop()
    assert "Exception in ASGI application" not in server.log.read_text(), server.log.read_text()


def judge(name, scratch):
    """Let one of those that judge responses see each server."""
    judging, over = JUDGES[name]
    for each in over:
        with served(each, "shown:app", scratch) as port:
            verdict = judging(port, each)
        yield verdict.told()


def hold(name, cases, scratch):
    """Hold one example to its document."""
    with served("uvicorn-httptools", f"{name}:app", scratch) as port:
        found = documents.hold(name, port, cases, scratch)
    yield documents.told(name, *found)


def main():
    parts = [*JUDGES, *documents.NAMES]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)}")
    parser.add_argument("--cases", type=int, default=1000, help="of each operation")
    args = parser.parse_args()
    folders = [HERE, documents.FOLDER, os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    all_well = True
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for part in args.parts or parts:
            said = judge(part, scratch) if part in JUDGES else hold(part, args.cases, scratch)
            for text, well in said:
                print(text, flush=True)  # noqa: T201 - the verdict
                all_well &= well
    sys.exit(not all_well)


if __name__ == "__main__":
    main()
