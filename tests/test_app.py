"""`App`: what it refuses at once, and that it compiles once."""

import threading
from http import HTTPStatus

import pytest

from redirflow import (
    App,
    Conflict,
    Header,
    NotFound,
    Redirect,
    Router,
    SpecError,
    redirects,
    returns,
)


def the_fault(call, *args, **kwargs):
    """The one fault of the `SpecError` that *call* raises."""
    with pytest.raises(SpecError) as caught:
        call(*args, **kwargs)
    (fault,) = caught.value.faults
    return fault


async def mounted(scope, receive, send): ...


def forgetful(app):
    """Middleware that does not return what it made."""


# --- what is refused at once -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "found", "allowed", "write"),
    [
        ({"slashes": "maybe"}, "App(slashes='maybe')", "'redirect', 'strict', 'match'", ""),
        ({"openapi_version": "2.0"}, "App(openapi_version='2.0')", "'3.2.0', '3.1.1'", ""),
        ({"docs_ui": "nice"}, "App(docs_ui='nice')", "'redirflow', 'swagger', 'scalar'", ""),
        *(
            (
                {name: url},
                f"App({name}={url!r})",
                "a path without parameters, or None for nowhere",
                f'{name}="/{name[:-4]}"',
            )
            for name in ("openapi_url", "docs_url")
            for url in ("", "docs", "/{anything}", "/a?b", "//a")
        ),
        (
            {"openapi_url": "/docs"},
            "App(openapi_url='/docs', docs_url='/docs')",
            "a path for each",
            "",
        ),
        (
            {"middleware": [mounted, forgetful]},
            "the middleware forgetful gives None",
            "a factory that returns an ASGI application",
            "",
        ),
        (
            {"docs_ui": "swagger", "openapi_url": None},
            "App(docs_ui='swagger', openapi_url=None): it can't do without the document",
            'an address for the document, or docs_ui="redirflow"',
            "",
        ),
        (
            {"servers": "https://a.test"},
            "App(servers='https://a.test')",
            "a list, each text or a mapping",
            "",
        ),
        (
            {"allowed_hosts": "a.test"},
            "App(allowed_hosts='a.test')",
            "a list, each text or None",
            'allowed_hosts=["example.com"]',
        ),
        *(
            (
                {"allowed_hosts": ["good.test", host]},
                f"allowed_hosts=[{host.lower()!r}]",
                "host names without scheme, port or wildcard, in ASCII",
                'allowed_hosts=["example.com", "[::1]"]',
            )
            for host in (
                *(
                    "a.test:80",
                    "https://a.test",
                    "*.a.test",
                    "*",
                    "",
                    "a b",
                    "::1",
                    "b\u00fccher.test",
                ),
                *("[::1]:80", "a.test/", "u@a.test", "A.test:80"),
            )
        ),
        (
            {"raises": [KeyError]},
            "App(raises=[KeyError])",
            "a list, each a subclass of HTTPError",
            "raises=[NotFound]",
        ),
        (
            {"dependencies": [5]},
            "App(dependencies=[5])",
            "a list, each a function or a Depends or a Bearer or a Basic or an APIKey",
            "dependencies=[current_user]",
        ),
    ],
)
def test_options_that_mean_nothing(options, found, allowed, write):
    """Told where the app is made, with what to write instead."""
    fault = the_fault(App, **options)

    assert (fault.found, fault.allowed, fault.write) == (found, allowed, write)
    assert fault.place.file == __file__


@pytest.mark.parametrize(
    "hosts", [[], ["example.com"], ("A.test", "[::1]"), {"127.0.0.1"}, (h for h in ["a", "b"])]
)
def test_hosts_that_can_be_allowed(hosts):
    assert App(allowed_hosts=hosts).compile()


@pytest.mark.parametrize(
    ("prefix", "app", "found", "allowed"),
    [
        ("", mounted, "mount('', ...)", "a path without parameters"),
        ("/{a}", mounted, "mount('/{a}', ...)", "a path without parameters"),
        ("/a?b", mounted, "mount('/a?b', ...)", "a path without parameters"),
        ("/../a", mounted, "mount('/../a', ...)", "a path without parameters"),
        (
            "static",
            mounted,
            "prefix='static'",
            "a path that begins with '/' and does not end with it",
        ),
        ("/", mounted, "prefix='/'", "a path that begins with '/' and does not end with it"),
        ("/static", 5, "mount(app=5)", "a function"),
        ("/static", App, "mount('/static', App)", "an ASGI application, made already"),
        ("/taken", mounted, "mount('/taken', ...), twice", "one app for a prefix"),
    ],
)
def test_mounts_that_mean_nothing(prefix, app, found, allowed):
    outer = App()
    outer.mount("/taken", mounted)

    fault = the_fault(outer.mount, prefix, app)

    assert (fault.found, fault.allowed) == (found, allowed)


def test_a_table_that_is_none():
    fault = the_fault(App().redirect_table, [("/a", "/b")])

    assert fault.found == "redirect_table(table=[['/a', '/b']])"
    assert fault.allowed == "a RedirectTable"
    assert fault.write == 'RedirectTable.load("moved.csv")'


# --- compiling ---------------------------------------------------------------------------------


def small():
    app = App(title="Small")

    @app.get("/users/{user_id}")
    async def user(user_id: int, lang: str = "en") -> int:
        return user_id

    @app.get("/target/{target}")
    async def target_of(target: str) -> str:
        return target

    return app


def test_an_app_compiles_once():
    app = small()

    assert app.compile() is app.compile()


def test_an_app_compiles_once_from_many_threads():
    app, compiled, barrier = small(), [], threading.Barrier(8)

    def compile_it():
        barrier.wait()
        compiled.append(app.compile())

    threads = [threading.Thread(target=compile_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(compiled) == 8
    assert len(set(map(id, compiled))) == 1


def test_a_failed_compilation_may_be_tried_again():
    """What is registered then can mend it."""
    app = App()

    @app.get("/")
    @redirects(303, to="later")
    async def now() -> Redirect:
        return Redirect.to("later")

    fault = the_fault(app.compile)
    app.get("/later", name="later")(now_and_later)

    assert fault.found == "now: there is no operation named 'later'"
    assert app.compile()


async def now_and_later() -> None: ...


@pytest.mark.parametrize(
    "register",
    [
        lambda app: app.get("/late")(now_and_later),
        lambda app: app.route("/late", methods=["GET"])(now_and_later),
        lambda app: app.include_router(Router()),
        lambda app: app.mount("/late", mounted),
        lambda app: app.redirect("/late", to="/"),
        lambda app: app.reroute("/late", to="/"),
    ],
)
def test_what_is_registered_too_late_is_refused(register):
    """It would never be served."""
    app = small()
    app.compile()

    fault = the_fault(register, app)

    assert fault.found == "the app is compiled: what is registered now would never be served"
    assert fault.allowed == "registration before the first request, and before compile()"


def test_every_fault_is_told_at_once():
    app = App()

    @app.get("/{a}")
    async def one() -> str:
        return "x"

    @app.get("/b")
    async def two(): ...

    router = Router()
    router.include_router(router)
    app.include_router(router)

    with pytest.raises(SpecError) as caught:
        app.compile()

    assert len(caught.value.faults) == 3
    assert str(caught.value).startswith("3 faults in the declarations of this app\n")


def test_another_app_for_tests():
    """`overridden` leaves the app itself as it is, and what was compiled of it."""

    async def one() -> str:
        return "one"

    async def two() -> str:
        return "two"

    app = App(dependencies=[one], middleware=[lambda inner: inner])
    compiled = app.compile()

    other = app.overridden({one: two})

    assert other is not app
    assert app.compile() is compiled
    assert other.compile() is not compiled


# --- asking ------------------------------------------------------------------------------------


def test_links():
    """App-relative; by name or by handler, with path and query parameters of any name."""
    app = small()
    (user, _) = (operation.handler for operation in app.compile().endpoints)

    assert app.url_for("user", user_id=1) == "/users/1"
    assert app.url_for(user, user_id=1, lang="de") == "/users/1?lang=de"
    assert app.url_for("target_of", target="a b") == "/target/a%20b"
    with pytest.raises(LookupError, match=r"^there is no operation named 'users'"):
        app.url_for("users")
    with pytest.raises(ValueError, match=r"^user needs the parameter 'user_id'$"):
        app.url_for("user")


@pytest.mark.parametrize("own", ["3.2.0", "3.1.1"])
def test_the_document_in_both_versions(own):
    """In the app's own one, or in the one that is asked for."""
    app = App(title="Doc", version="1.2", openapi_version=own)

    assert app.openapi()["openapi"] == own
    assert app.openapi("3.2.0")["openapi"] == "3.2.0"
    assert app.openapi("3.1.1")["openapi"] == "3.1.1"
    assert app.openapi()["info"] == {"title": "Doc", "version": "1.2"}
    assert app.openapi_json().startswith(b"{")
    assert app.openapi_json() == app.openapi_json(own)
    assert app.openapi_json() == app.compile().document_bytes


def test_what_an_app_declares_for_all_operations():
    app = App(raises=[NotFound, Conflict])

    @app.post("/")
    @returns(status_code=HTTPStatus.ACCEPTED)
    async def add(x: Header[str] = "") -> str:
        return x

    responses = app.openapi()["paths"]["/"]["post"]["responses"]

    assert list(responses) == ["202", "404", "409"]
