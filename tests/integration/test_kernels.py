"""Kernels and sessions of several providers, over the REST API and with real kernels."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.client import TIMEOUT, Client, wait_until
from tests.support.processes import ServerProcess

pytestmark = pytest.mark.server

ALL_KERNELS = ["python3", "gate-a/python3", "gate-b/python3", "far/python3"]
PRINT_PROVIDER = "import os; print(os.environ['PROVIDER'])"


def provider_of(name: str) -> str:
    return name.split("/")[0] if "/" in name else "local"


@pytest.mark.parametrize("name", ALL_KERNELS)
async def test_kernel_runs_at_named_provider(client: Client, name: str) -> None:
    """A kernel starts at its provider, is listed by name, interrupted, restarted and stopped."""
    kernel_id = await client.start_kernel(name)
    assert (await client.run(kernel_id, PRINT_PROVIDER)).strip() == provider_of(name)
    model = await client.get(f"api/kernels/{kernel_id}")
    assert (model["id"], model["name"]) == (kernel_id, name)
    assert model in await client.get("api/kernels")

    kernel = await client.connect(kernel_id)
    await kernel.run("x = 1")
    running = await kernel.keep_busy()
    assert (await client.request("POST", f"api/kernels/{kernel_id}/interrupt")).status == 204
    messages = await kernel.replies(running)
    assert [m["content"]["ename"] for m in messages if m["header"]["msg_type"] == "error"] == [
        "KeyboardInterrupt"
    ]
    await kernel.close()

    reply = await client.request("POST", f"api/kernels/{kernel_id}/restart")
    assert (reply.status, reply.body["id"]) == (200, kernel_id)
    assert (await client.run(kernel_id, "print('x' in globals())")).strip() == "False"

    assert (await client.request("DELETE", f"api/kernels/{kernel_id}")).status == 204
    assert (await client.request("GET", f"api/kernels/{kernel_id}")).status == 404
    assert kernel_id not in [model["id"] for model in await client.get("api/kernels")]


async def test_session_moves_between_providers(client: Client) -> None:
    """A session is patched from local to A, B, far and back; each kernel that it leaves stops."""
    session = await client.start_session("python3", "moving.ipynb")
    for name in [*ALL_KERNELS[1:], "python3"]:
        before = session["kernel"]["id"]
        reply = await client.request(
            "PATCH", f"api/sessions/{session['id']}", {"kernel": {"name": name}}
        )
        assert reply.status == 200, reply
        assert reply.body["id"] == session["id"]
        session = reply.body
        assert session["kernel"]["name"] == name
        assert (await client.run(session["kernel"]["id"], PRINT_PROVIDER)).strip() == provider_of(
            name
        )
        assert (await client.request("GET", f"api/kernels/{before}")).status == 404
    assert (await client.request("DELETE", f"api/sessions/{session['id']}")).status == 204
    assert (await client.request("GET", f"api/kernels/{session['kernel']['id']}")).status == 404


@pytest.mark.parametrize("name", ["gate-a/python3", "gate-b/python3"])
async def test_only_permitted_variables_are_passed(client: Client, name: str) -> None:
    """Variables named KERNEL_… and configured ones reach the provider; others never do."""
    session = await client.start_session(name, "env.ipynb")
    code = "import os; print([n for n in ('WANTED', 'KERNEL_X', 'UNWANTED') if n in os.environ])"
    printed = await client.run(session["kernel"]["id"], code)
    assert printed.strip() == "['WANTED', 'KERNEL_X']"
    await client.request("DELETE", f"api/sessions/{session['id']}")


async def test_kernels_of_providers_are_not_mixed_up(client: Client) -> None:
    """Kernels that start at once keep their own state and answer their own clients."""
    ids = await asyncio.gather(*(client.start_kernel(name) for name in ALL_KERNELS * 2))
    assert len(set(ids)) == len(ids)
    await asyncio.gather(*(client.run(i, f"mine = {i!r}") for i in ids))
    printed = await asyncio.gather(*(client.run(i, "print(mine)") for i in ids))
    assert [text.strip() for text in printed] == list(ids)
    await asyncio.gather(*(client.request("DELETE", f"api/kernels/{i}") for i in ids))


@pytest.mark.parametrize("name", ALL_KERNELS)
async def test_working_directory_is_the_notebooks(
    client: Client, server: ServerProcess, remote_servers: dict[str, ServerProcess], name: str
) -> None:
    """A kernel starts in the notebook's folder if the provider has it."""
    roots = {"local": server.root, **{k: p.root for k, p in remote_servers.items()}}
    for root in roots.values():
        (root / "sub").mkdir(exist_ok=True)
    session = await client.start_session(name, "sub/nb.ipynb")
    printed = await client.run(session["kernel"]["id"], "import os; print(os.getcwd())")
    expected = roots[provider_of(name)] / "sub"
    assert printed.strip() == str(expected)
    await client.request("DELETE", f"api/sessions/{session['id']}")


async def test_state_and_activity_follow_remote_kernels(client: Client) -> None:
    """A busy remote kernel is shown as busy, and updates the server's last activity."""

    async def check_activity(name: str) -> None:
        kernel_id = await client.start_kernel(name)
        kernel = await client.connect(kernel_id)
        await kernel.run("")
        await kernel.keep_busy()

        async def is_later_than(before: str) -> bool:
            model = await client.get(f"api/kernels/{kernel_id}")
            busy = model["execution_state"] == "busy"
            return bool(busy and model["last_activity"] > before)

        await wait_until(lambda: is_later_than(""))
        first = (await client.get(f"api/kernels/{kernel_id}"))["last_activity"]
        await wait_until(lambda: is_later_than(first), timeout=2 * TIMEOUT)  # each minute
        assert (await client.get("api/status"))["last_activity"] > first
        await kernel.close()
        await client.request("DELETE", f"api/kernels/{kernel_id}")

    await asyncio.gather(*map(check_activity, ALL_KERNELS[1:]))


async def test_unknown_kernel_is_named(client: Client) -> None:
    """An unknown name is refused with a sentence that lists the known ones."""
    cases = {
        "gate-a/nothing": "Gate-A offers no kernel called 'nothing'. It has: python3",
        "nowhere/python3": "nowhere",
    }
    for name, words in cases.items():
        reply = await client.request("POST", "api/kernels", {"name": name})
        assert reply.status in (404, 500)
        assert words in reply.body["message"], reply
