"""An API that has moved: redirects of every status, and nothing else.

`/api/user/` is the old address of two operations that now live on another host. Clients
are sent there with a 302, by a redirect that is raised (GET) and by one that is returned
(POST). The POST could also still answer by itself, so it declares a 201 besides.

Below stand all five redirecting statuses, each to a page of this site and to another site.
They show that a spec is a value: it is made in a loop here. What a client makes of each
status differs: after 303 it always asks with GET; after 301 and 302 a POST becomes a GET;
307 and 308 keep the method and the body; 301 and 308 may be remembered for good.

`/old` shows the other way to move: it is answered by another operation of this app, and
the client never learns of it.
"""

from http import HTTPStatus
from typing import Never

from redirflow import App, Header, Query, Redirect, Reroute, redirects, reroutes, returns

NEW_HOME = "https://example.com"

app = App(title="Moved", version="1.0.0", description="Every way to say: not here, but there.")


@app.get("/api/user/")
@redirects(302, external=NEW_HOME)
async def list_users() -> Never:
    """Raise a redirect, from however deep in the code."""
    raise Redirect(f"{NEW_HOME}/api/new/user/list")


@app.post("/api/user/")
@returns(dict[str, str], status_code=201)
@redirects(302, external=NEW_HOME)
async def create_user() -> dict[str, str] | Redirect:
    """Return a redirect; it means the same."""
    return Redirect(f"{NEW_HOME}/api/new/user/create")


@app.get("/landing")
async def landing(came_by: Query[int] = 0) -> dict[str, int]:
    """Where the redirects of this site lead to."""
    return {"came_by": came_by}


def declare(status: HTTPStatus) -> None:
    """Two operations that answer with *status*."""

    @app.get(f"/relative/{status}", name=f"relative_{status}")
    @redirects(status, to=landing)
    async def relative() -> Never:
        """To another path of this site."""
        raise Redirect.to(landing, came_by=int(status))

    @app.get(f"/absolute/{status}", name=f"absolute_{status}")
    @redirects(status, external=NEW_HOME)
    async def absolute() -> Redirect:
        """To another site."""
        return Redirect(NEW_HOME).with_query(came_by=int(status))


for status in (
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
):
    declare(status)


@app.get("/new")
async def new(
    x_rerouted: Header[str] = "no", visit: Query[str] = "of its own accord"
) -> dict[str, str]:
    """The operation that answers for `/old` too."""
    return {"rerouted": x_rerouted, "visit": visit}


@app.get("/old")
@reroutes(to=new)
async def old() -> Never:
    """Let `new` answer, with a header and a query of our own."""
    raise Reroute("/new", headers={"x-rerouted": "yes"}, query={"visit": "by way of /old"})
