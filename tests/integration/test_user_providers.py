"""Providers that a user adds, changes and removes by the REST API, at real servers."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.client import Client
from tests.support.fake_provider import UNREACHABLE
from tests.support.processes import ServerProcess, declare, jupyter_server

pytestmark = pytest.mark.server

ROUTE = "api/kernel-providers"
SECRET = "token-that-is-pasted"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with one provider of an administrator, and one of a trait."""
    folder: Path = tmp_path_factory.mktemp("own-server")
    theirs = folder / "admin" / "kernel_providers.d" / "theirs.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text(json.dumps({"url": UNREACHABLE, "label": "Theirs"}))
    server = jupyter_server(
        folder,
        token="token-of-own-server",
        env={"JUPYTER_CONFIG_PATH": str(folder / "admin")},
        config={"KernelProviders": {"providers": {"fixed": {"url": UNREACHABLE}}}},
    )
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.log()
    assert SECRET not in server.log()


@pytest.fixture
async def own(own_server: ServerProcess) -> AsyncIterator[Client]:
    """A client of that server, which has no provider of the user's own before and after."""
    async with Client(own_server.url, own_server.token) as client:
        yield client
        listed = await client.get(ROUTE)
        for entry in (*listed["providers"], *listed["problems"]):
            if entry["origin"] == "user":
                await client.request("DELETE", f"{ROUTE}/{entry['id']}")
    for path in (own_server.config_folder / "kernel_providers.d").glob("*.json"):
        path.unlink()


def settings_of(server: ServerProcess, **more: object) -> dict[str, Any]:
    """Return the settings of a real server as a provider."""
    return {"url": server.url, "token": {"value": server.token}, **more}


async def test_a_provider_from_its_test_to_its_removal(
    own: Client, own_server: ServerProcess, remote_servers: dict[str, ServerProcess]
) -> None:
    """Each step is there at once: no server is restarted, and no file is waited for."""
    gateway = remote_servers["gate-b"]
    settings = settings_of(gateway, label="GPU farm")
    path = own_server.config_folder / "kernel_providers.d" / "gpu-farm.json"
    tested = await own.request("POST", f"{ROUTE}/-/test", {"settings": settings})
    assert (tested.status, tested.body["state"], tested.body["kernels"]) == (200, "online", 1)
    assert tested.body["server"].startswith("Kernel Gateway, Jupyter Server ")
    assert not path.exists()

    added = await own.request("POST", ROUTE, {"settings": settings})
    assert (added.status, added.body["id"], added.body["origin"]) == (201, "gpu-farm", "user")
    assert added.headers["Location"].endswith("/api/kernel-providers/gpu-farm")
    assert json.loads(path.read_text()) == settings
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await own.wait_for_kernelspec("gpu-farm/python3")
    kernel_id = await own.start_kernel("gpu-farm/python3")

    shown = {**added.body["settings"], "label": "GPUs"}
    body = {"settings": shown, "revision": added.body["revision"]}
    changed = await own.request("PUT", f"{ROUTE}/gpu-farm", body)
    assert (changed.status, changed.body["label"]) == (200, "GPUs")
    stale = await own.request("PUT", f"{ROUTE}/gpu-farm", body)
    assert (stale.status, stale.body["reason"]) == (409, "stale")
    assert json.loads(path.read_text()) == {**settings, "label": "GPUs"}

    off = await own.request("PATCH", f"{ROUTE}/gpu-farm", {"enabled": False})
    assert (off.status, off.body["state"], off.body["may"]) == (
        200,
        "off",
        ["change", "enable", "remove"],
    )
    assert "gpu-farm/python3" not in await own.kernelspecs()
    await own.request("PATCH", f"{ROUTE}/gpu-farm", {"enabled": True})
    await own.wait_for_kernelspec("gpu-farm/python3")

    removed = await own.request("DELETE", f"{ROUTE}/gpu-farm")
    assert removed.status == 204
    assert not path.exists()
    restored = await own.request("POST", f"{ROUTE}/gpu-farm/restore")
    assert (restored.status, restored.body["settings"]) == (200, changed.body["settings"])
    await own.wait_for_kernelspec("gpu-farm/python3")
    assert await own.run(kernel_id, "print(1 + 1)") == "2\n"

    ended = await own.request("DELETE", f"{ROUTE}/gpu-farm/kernels")
    assert ended.body == {"shut_down": [kernel_id], "failed": []}
    assert await own.get("api/kernels") == []


async def test_a_jupyter_server_tells_its_version(
    own: Client, remote_servers: dict[str, ServerProcess]
) -> None:
    """And a test leaves nothing behind."""
    tested = await own.request(
        "POST", f"{ROUTE}/-/test", {"settings": settings_of(remote_servers["far"])}
    )
    assert tested.body["server"].startswith("Jupyter Server 2.")
    assert tested.body["field"] == ""
    assert [p["id"] for p in (await own.get(ROUTE))["providers"]] == ["local", "fixed", "theirs"]


@pytest.mark.parametrize(
    ("change", "state", "field", "words"),
    [
        ({"url": UNREACHABLE}, "offline", "url", "refuses connections"),
        ({"url": "http://no-such-host.invalid"}, "offline", "url", "host name"),
        ({"token": {"value": SECRET}}, "unauthorised", "token", "refused the token"),
        ({"token": {"env": "NOT_SET"}}, "unauthorised", "token", "NOT_SET is not set"),
        ({"auth": {"user": "a", "password": {"value": SECRET}}}, "unauthorised", "auth", "refused"),
        ({"tls": {"ca": "/no/such.pem"}, "url": "https://127.0.0.1:9"}, "offline", "tls", "such"),
        ({"proxy": UNREACHABLE}, "offline", "proxy", "proxy"),
    ],
)
async def test_a_test_says_what_is_wrong_at_its_field(
    own: Client,
    remote_servers: dict[str, ServerProcess],
    change: dict[str, Any],
    state: str,
    field: str,
    words: str,
) -> None:
    """As a form shows it."""
    settings = settings_of(remote_servers["gate-b"]) | change
    if "auth" in change:
        del settings["token"]
    tested = await own.request("POST", f"{ROUTE}/-/test", {"settings": settings})
    assert (tested.status, tested.body["state"], tested.body["field"]) == (200, state, field)
    assert words in tested.body["message"]
    assert SECRET not in str(tested.body)


FARM = {"url": UNREACHABLE}


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "", {"settings": {"url": "gpu"}}, (400, "invalid", "url")),
        ("POST", "", {"settings": {"token": {"env": "A"}}}, (400, "invalid", "url")),
        ("POST", "", {"settings": {**FARM, "lable": "x"}}, (400, "invalid", "lable")),
        (
            "POST",
            "",
            {"settings": {**FARM, "timeouts": {"start": 0}}},
            (400, "invalid", "timeouts.start"),
        ),
        ("POST", "", {"settings": {**FARM, "kind": "no-such"}}, (400, "invalid", "kind")),
        ("POST", "", {"settings": FARM, "id": "A b"}, (400, "invalid", "id")),
        ("POST", "", {"settings": FARM, "id": "local"}, (400, "invalid", "id")),
        ("POST", "", {"settings": FARM, "id": "x" * 256}, (400, "invalid", "id")),
        ("POST", "", {"settings": FARM, "id": 5}, (400, "invalid", "id")),
        ("POST", "", {"settings": FARM, "id": "theirs"}, (409, "exists", "id")),
        ("POST", "", {"settings": []}, (400, "invalid", "settings")),
        ("POST", "", [], (400, "invalid", "")),
        ("POST", "", {"settings": {**FARM, "label": "x" * 2**18}}, (400, "invalid", "")),
        ("POST", "/-/test", {}, (400, "invalid", "settings")),
        ("PUT", "/theirs", {"settings": FARM}, (403, "not_allowed", "")),
        ("PUT", "/no-such", {"settings": FARM}, (404, "no_such_provider", "")),
        ("PATCH", "/theirs", {"enabled": 1}, (400, "invalid", "enabled")),
        ("PATCH", "/fixed", {"enabled": False}, (403, "not_allowed", "")),
        ("DELETE", "/theirs", None, (403, "not_allowed", "")),
        ("DELETE", "/local", None, (404, "no_such_provider", "")),
        ("GET", "/no-such", None, (404, "no_such_provider", "")),
        ("POST", "/theirs/restore", None, (404, "no_such_provider", "")),
        ("POST", "/no-such/retry", None, (404, "no_such_provider", "")),
        ("DELETE", "/no-such/kernels", None, (404, "no_such_provider", "")),
    ],
)
async def test_what_is_wrong_is_refused_with_a_sentence(
    own: Client, method: str, path: str, body: Any, expected: tuple[int, str, str]
) -> None:
    """A status, a word for programs, a sentence for people, and the field concerned."""
    before = await own.get(ROUTE)
    reply = await own.request(method, f"{ROUTE}{path}", body)
    assert (reply.status, reply.body["reason"], reply.body["field"]) == expected
    assert reply.body["message"][0].isupper() or reply.body["message"].startswith("/")
    assert reply.body["message"][-1] in ".?"
    after = await own.get(ROUTE)
    assert [p["id"] for p in after["providers"]] == [p["id"] for p in before["providers"]]


async def test_a_folder_that_cannot_be_written_is_named(
    own: Client, own_server: ServerProcess
) -> None:
    """For example, on a full or read-only disk; here, a file is in its place."""
    folder = own_server.config_folder / "kernel_providers.d"
    for path in folder.glob("*"):
        path.unlink()
    if folder.exists():
        folder.rmdir()
    folder.touch()
    try:
        reply = await own.request("POST", ROUTE, {"settings": FARM})
        assert (reply.status, reply.body["reason"]) == (500, "file")
        assert str(folder) in reply.body["message"]
    finally:
        folder.unlink()


async def test_a_pasted_token_is_in_its_file_only(
    own: Client, own_server: ServerProcess, remote_servers: dict[str, ServerProcess]
) -> None:
    """No answer of the server has it, nor the list of processes."""
    settings = {"url": remote_servers["gate-b"].url, "token": {"value": SECRET}}
    answers = [await own.request("POST", ROUTE, {"id": "pasted", "settings": settings})]
    answers.append(await own.request("POST", f"{ROUTE}/pasted/retry"))
    for where in ("", "/pasted", "/pasted/kernels"):
        answers.append(await own.request("GET", f"{ROUTE}{where}"))
    answers.append(
        await own.request("PUT", f"{ROUTE}/pasted", {"settings": answers[0].body["settings"]})
    )
    answers.append(await own.request("PATCH", f"{ROUTE}/pasted", {"enabled": False}))
    answers.append(await own.request("DELETE", f"{ROUTE}/pasted"))
    answers.append(await own.request("POST", f"{ROUTE}/pasted/restore"))
    assert all(SECRET not in f"{answer.headers} {answer.body}" for answer in answers)
    process = own_server.process
    assert process is not None
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    assert all(SECRET not in f"{one.cmdline()} {one.environ()}" for one in family)
    path = own_server.config_folder / "kernel_providers.d" / "pasted.json"
    assert json.loads(path.read_text())["token"] == {"value": SECRET}


async def test_two_changes_at_the_same_time(own: Client) -> None:
    """One of two that have read the same settings is refused."""
    added = await own.request("POST", ROUTE, {"id": "twice", "settings": FARM})
    revision = added.body["revision"]
    replies = await asyncio.gather(
        *(
            own.request(
                "PUT",
                f"{ROUTE}/twice",
                {"settings": {**FARM, "label": f"Label {n}"}, "revision": revision},
            )
            for n in range(4)
        )
    )
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    [label] = [reply.body["label"] for reply in replies if reply.status == 200]
    [present] = [p for p in (await own.get(ROUTE))["providers"] if p["id"] == "twice"]
    assert present["label"] == label


async def test_a_change_by_hand_is_a_change(own: Client, own_server: ServerProcess) -> None:
    """A page that has read the file before is told so."""
    added = await own.request("POST", ROUTE, {"id": "by-hand", "settings": FARM})
    declare(own_server, "by-hand", {**FARM, "label": "By hand"})
    body = {"settings": FARM, "revision": added.body["revision"]}
    reply = await own.request("PUT", f"{ROUTE}/by-hand", body)
    assert (reply.status, reply.body["reason"]) == (409, "stale")
    assert "has changed meanwhile" in reply.body["message"]
