"""What the README shows in its console blocks is what really comes out.

`curl` is read and answered by a server here, since not every machine has it.
"""

import argparse
import json
import re
import shlex
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()

BOOKS = """\
from msgspec import Struct

from redirflow import App, Redirect, redirects


class Book(Struct):
    title: str


app = App()


@app.get("/books/{id}")
async def read_book(book_id: int) -> Book:
    return Book("Emma")


@app.get("/latest")
@redirects(307, to="reed_book")
async def latest() -> Redirect:
    return Redirect("/books/2")
"""
"""The file with two faults that the README tells about."""


def transcripts():
    """Each command of the console blocks, with what the README says comes out."""
    for block in re.findall(r"^```console\n(.*?)^```$", README, re.DOTALL | re.MULTILINE):
        for part in block.split("$ ")[1:]:
            command, _, shown = part.partition("\n")
            yield command.partition("  #")[0].strip(), shown.removesuffix("\n")


TRANSCRIPTS = [*transcripts()]
BLOCKS = re.findall(r"^```(\S.*)\n((?s:.*?))^```$", README, re.MULTILINE)
"""Each block: the words behind its fence, and its text."""


def of(program):
    return [
        pytest.param(words[1:], shown, id=command)
        for command, shown in TRANSCRIPTS
        if (words := shlex.split(command))[0] == program
    ]


# --- what is not run ---------------------------------------------------------------------------


def test_each_block_is_of_a_kind_that_is_checked():
    """`python` runs (conftest.py), `console` is compared; of the others, what can be, is below."""
    assert {kind for kind, _ in BLOCKS} == {"python", "python fastapi", "console", "json", "sh"}


def test_the_api_in_fastapi_is_at_least_python():
    """FastAPI is nothing that this project depends on. What is told of it was seen by hand."""
    theirs = dict(BLOCKS)["python fastapi"]
    ours = next(text for kind, text in BLOCKS if kind == "python")

    compile(theirs, "README.md", "exec")
    more = ours.count("\n") - theirs.count("\n")
    assert f"Ours has {more} lines more" in README


def test_json_blocks_are_json():
    for kind, text in BLOCKS:
        assert kind != "json" or json.loads(text)


def test_the_extras_are_those_of_the_project():
    told = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert {*told} == {*project["optional-dependencies"]}


def test_links_lead_somewhere():
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}

    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert link[1:] in anchors if link[0] == "#" else (ROOT / link).is_file(), link


# --- commands ----------------------------------------------------------------------------------


def test_every_command_is_checked():
    programs = {command.split()[0] for command, _ in TRANSCRIPTS}

    assert programs == {"make", "curl", "redirflow"}


@pytest.mark.parametrize(("arguments", "shown"), of("make"))
def test_make_has_the_target(arguments, shown):
    (target,) = arguments

    assert f"\n{target}: " in (ROOT / "Makefile").read_text()
    assert not shown


# --- curl ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def port(serve, example):
    return urlsplit(serve(example("accounts").app)).port


def curl(port, arguments):
    """What `curl -i` prints for these arguments, with the server at another port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-i", action="store_true", required=True)
    parser.add_argument("url", type=urlsplit)
    url = parser.parse_args(arguments).url
    request = f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("arguments", "shown"), of("curl"))
def test_curl_prints_what_is_shown(port, arguments, shown):
    printed = re.sub("(?im)^connection: close\n", "", curl(port, arguments))

    assert undated(printed).rstrip("\n") == undated(shown).rstrip("\n")


def undated(text):
    return re.sub("(?m)^date: .*$", "date: -", text)


# --- redirflow -------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "shown"), of("redirflow"))
def test_the_command_prints_what_is_shown(tmp_path, arguments, shown):
    """Where the README says `...`, more follows."""
    (tmp_path / "books.py").write_text(BOOKS)
    ran = subprocess.run(
        [sys.executable, "-m", "redirflow", *arguments],
        cwd=tmp_path if "books.py" in arguments else ROOT,
        capture_output=True,
        text=True,
    )
    printed = (ran.stdout + ran.stderr).rstrip("\n")
    shown, more, _ = shown.partition("\n...")

    assert (printed[: len(shown)] if more else printed) == shown
    assert ran.returncode == ("error:" in shown)
