"""Real servers, in processes of their own."""

import time

import pytest

ITEM = (200, b'{"id":7}')


@pytest.mark.parametrize(
    "argv",
    [("shop.py",), ("shop:app",), ("shop.py:app", "--workers", "2"), ()],
    ids=["file", "module", "workers", "pyproject"],
)
def test_the_app_is_served(shop, argv):
    shop.write("pyproject.toml", "[tool.redirflow]\napp = 'shop.py'")

    with shop.serve("run", *argv) as server:
        assert server.get("/items/7") == ITEM
        server.said(r'"GET /items/7 HTTP/1\.1" 200')


def test_a_file_of_a_package_in_another_directory(shop):
    """Workers import it like the process that started them: relative imports work."""
    (shop.home / "shop.py").rename(shop.write("deep/store/shop.py", ""))
    shop.write("deep/store/__init__.py", "")
    shop.write("deep/store/main.py", "from .shop import app as api")

    with shop.serve("run", "deep/store/main.py:api", "--workers", "2") as server:
        assert server.get("/items/7") == ITEM


def test_an_app_with_faults_is_not_served(faulty):
    said = faulty.call("run", "shop.py", "--port", "0")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("shop.py:6: error: get_item: the path parameter 'item_id' of ")


def test_dev_waits_until_a_broken_file_is_mended(shop):
    file = shop.home / "shop.py"
    good = file.read_text()
    file.write_text(good + "\noops\n")
    touched = [float("-inf")]

    def touch():
        """The reloader first looks some time after its start: one save may escape it."""
        if time.monotonic() - touched[0] > 5:
            file.write_text(good)
            touched[0] = time.monotonic()

    with shop.serve("dev", "shop.py") as server:
        server.said("waiting for a change")
        server.said("shop.py:23: error: NameError: name 'oops' is not defined")

        assert server.get("/items/7", before=touch) == ITEM
        server.said("2 operations, 1 redirect")
