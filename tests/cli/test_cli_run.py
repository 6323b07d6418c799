"""`run` and `dev`, up to the point where uvicorn takes over."""

import socket
import sys
from contextlib import closing

import pytest
import uvicorn

from redirflow.cli.run import served

pytestmark = pytest.mark.usefixtures("own_logging")


@pytest.fixture
def handed(monkeypatch):
    """What uvicorn is given, where it would start other processes."""
    calls = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: calls.append((app, options)))
    return calls


def test_an_address_in_use(shop):
    """The server's own exit code says that it could not start."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = shop.type("run", "shop.py", "--port", str(taken.getsockname()[1]))

    assert said.code == 3
    assert "address already in use" in said.err


def test_one_process_serves_the_app_that_was_checked(shop, handed):
    assert shop.type("run", "shop.py") == (0, "", "")

    [(app, options)] = handed
    assert app.compile().document["info"]["title"] == "Shop"
    assert options == {
        "factory": False,
        "host": "127.0.0.1",
        "port": 8000,
        "workers": 1,
        "reload": False,
        "reload_dirs": None,
        "timeout_graceful_shutdown": 10,
        "use_colors": None,
    }


@pytest.mark.parametrize("concurrency", [{"--workers": "2"}, {"WEB_CONCURRENCY": "2"}])
def test_workers_load_the_same_app(shop, handed, monkeypatch, concurrency):
    argv = [text for name, value in concurrency.items() for text in (name, value)]
    if "--workers" not in concurrency:
        monkeypatch.setenv(*argv)
        argv = []
    assert shop.type("run", "shop.py", *argv).code == 0

    [(app, options)] = handed
    assert (app, options["factory"], options["workers"]) == ("redirflow.cli.run:served", True, 2)
    assert served().compile().document["info"]["title"] == "Shop"
    assert shop.capsys.readouterr() == ("", "")


def test_faults_are_told_before_there_are_workers(faulty, handed):
    assert faulty.type("run", "shop.py", "--workers", "2").code == 1
    assert handed == []


def test_a_worker_that_fails_has_the_servers_exit_code(shop, handed):
    shop.type("run", "shop.py", "--workers", "2")
    (shop.home / "shop.py").write_text("app = 1")
    del sys.modules["shop"]

    with pytest.raises(SystemExit) as ended:
        served()

    assert ended.value.code == 3
    assert "waiting" not in shop.capsys.readouterr().err


def test_a_reloader_waits_for_the_file_to_be_mended(faulty, handed):
    assert faulty.type("run", "shop.py", "--reload").code == 0
    with pytest.raises(SystemExit):
        served()

    error = faulty.capsys.readouterr().err
    assert error.startswith("shop.py:6: error: get_item: the path parameter")
    assert error.endswith("\nwaiting for a change ...\n")


def test_reload_watches_where_the_import_begins(desk, handed, monkeypatch):
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    desk.write("deep/shop.py", "")
    desk.type("run", "deep/shop.py", "--reload")

    [(_, options)] = handed
    assert (options["reload"], options["workers"]) == (True, 1)
    assert options["reload_dirs"] == [str(desk.home / "deep")]


def test_dev_debugs_and_shows_where_to_look(shop, handed):
    assert shop.type("dev", "shop.py", "--port", "9000") == (0, "", "")
    app = served()

    assert handed[0][1]["reload"] is True
    assert app._settings.debug is True
    assert shop.capsys.readouterr().err == (
        "  app      shop.py\n"
        "  serving  http://127.0.0.1:9000/\n"
        "  openapi  http://127.0.0.1:9000/openapi.json\n"
        "  docs     http://127.0.0.1:9000/docs\n"
        "  has      2 operations, 1 redirect\n"
    )


@pytest.mark.parametrize(
    ("argv", "origin"),
    [
        (("--host", "0.0.0.0"), "http://127.0.0.1:8000"),
        (("--host", "::"), "http://[::1]:8000"),
        (("--host", "example.test", "--port", "80"), "http://example.test:80"),
        (("--port", "0"), ""),
    ],
)
def test_the_banner_names_an_address_that_can_be_opened(shop, handed, argv, origin):
    shop.type("dev", "shop.py", *argv)
    served()

    assert f" {origin}/openapi.json\n" in shop.capsys.readouterr().err


def test_run_does_not_debug(shop, handed):
    shop.type("run", "shop.py")

    assert handed[0][0]._settings.debug is False


def test_no_colour_counts_for_the_server_too(shop, handed, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    shop.type("run", "shop.py")

    assert handed[0][1]["use_colors"] is False


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("--port", "http"), "'http' is no port: a number from 0 (any free one) to 65535"),
        (("--port", "65536"), "'65536' is no port"),
        (("--workers", "0"), "'0' is no number of workers: 1 or more"),
        (("--grace", "1.5"), "'1.5' is no number of seconds: 0 or more"),
        (("--workers", "many"), "'many' is no number of workers"),
        (("--workers", "2", "--reload"), "not allowed with argument --workers"),
    ],
)
def test_arguments_that_can_not_be_followed(shop, handed, argv, told):
    said = shop.type("run", "shop.py", *argv)

    assert said.code == 2
    assert told in said.err
    assert handed == []


def test_the_banner_counts_warnings(shop, handed):
    with (shop.home / "shop.py").open("a") as file:
        file.write(
            '\n\n@app.get("/never")\n@redirects(303, to=newest)\nasync def never() -> int:\n'
        )
        file.write("    return 1\n")
    shop.type("dev", "shop.py", "--port", "9000")
    served()
    *warnings, last = shop.capsys.readouterr().err.splitlines()

    assert last == "  has      3 operations, 2 redirects, 1 warning"
    assert warnings[0].startswith("shop.py:25: warning: never ")
