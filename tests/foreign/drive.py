"""Drive the running example with a client that openapi-python-client made of its document."""

import socket
import subprocess
import sys
import time

from accounts_client import Client
from accounts_client.api.accounts import list_accounts, open_account, read_account
from accounts_client.api.default import old_address
from accounts_client.models import Account, EmailTaken, NotFound, ProfileInput, ValidationFailed


def main(python: str, example: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [python, "-m", "redirflow", "run", example, "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        drive(Client(base_url=f"http://127.0.0.1:{port}"))
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server did not start")


def drive(client: Client) -> None:
    listed = list_accounts.sync_detailed(client=client)
    assert listed.status_code == 200, listed
    assert isinstance(listed.parsed, list)
    assert isinstance(listed.parsed[0], Account)
    assert int(listed.headers["x-total-count"]) == len(listed.parsed)

    missing = read_account.sync(404, client=client)
    assert isinstance(missing, NotFound), missing
    wrong = list_accounts.sync(client=client, limit=1000)
    assert isinstance(wrong, ValidationFailed), wrong
    assert wrong.errors[0].loc == ["query", "limit"]

    profile = ProfileInput(email="edsger@example.com", name="Edsger")
    opened = open_account.sync_detailed(client=client, body=profile)
    assert opened.status_code == 303, opened
    account = read_account.sync(int(opened.headers["location"].rpartition("/")[2]), client=client)
    assert isinstance(account, Account)
    assert account.email == "edsger@example.com"
    taken = open_account.sync(client=client, body=profile)
    assert isinstance(taken, EmailTaken), taken
    assert (taken.status, taken.email) == (409, "edsger@example.com")

    moved = old_address.sync_detailed(1, client=client)
    assert (moved.status_code, moved.headers["location"]) == (308, "/accounts/1")
    print("The generated client and the running example agree.")  # noqa: T201 - the last word of the make target


if __name__ == "__main__":
    main(*sys.argv[1:])
