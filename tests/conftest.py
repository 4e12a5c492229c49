"""The places of the tests: two Kernel Gateways and a Jupyter Server, and the server under test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .client import Client
from .processes import Process, declare, jupyter_server, kernel_gateway

PLACES = ("gate-a", "gate-b", "far")
STOCK = {"ServerApp": {"jpserver_extensions": {"kernel_providers_ext": False}}}
LARGE = {"ServerApp": {"tornado_settings": {"websocket_max_message_size": 2**28}}}


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    """Three real remote servers by provider id; ``gate-a`` forbids the listing of kernels."""
    folder = tmp_path_factory.mktemp("places")
    made = {
        "gate-a": kernel_gateway(folder / "a", "gate-a", token="token-of-a", listing=False),
        "gate-b": kernel_gateway(folder / "b", "gate-b", token="token-of-b", listing=True),
        "far": jupyter_server(
            folder / "far",
            token="token-of-far",
            base_url="/user/x/",
            env={"PLACE": "far"},
            config={"ServerApp": {**STOCK["ServerApp"], **LARGE["ServerApp"]}},
        ),
    }
    with ExitStack() as stack:
        for process in made.values():
            stack.callback(process.launch().stop)
        for process in made.values():
            process.wait_ready()
        yield made


def declare_places(server: Process, places: dict[str, Process]) -> None:
    """Make the three remote servers providers of a server."""
    for provider_id, place in places.items():
        settings = {
            "kind": "gateway",
            "url": place.url,
            "label": provider_id.title(),
            "token": {"value": place.token},
            "env": ["WANTED"],
        }
        declare(server, provider_id, settings)


@pytest.fixture(scope="session", params=["/", "/user/y/"])
def server(
    request: pytest.FixtureRequest,
    places: dict[str, Process],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Process]:
    """The server under test, with the three places as providers."""
    folder: Path = tmp_path_factory.mktemp("server")
    env = {"WANTED": "1", "KERNEL_X": "1", "UNWANTED": "1"}
    process = jupyter_server(folder, token="own-token", base_url=request.param, env=env)
    declare_places(process, places)
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def client(server: Process) -> AsyncIterator[Client]:
    """A client of the server under test, which knows all places' kernels by now."""
    made = Client(server.url, server.token)
    for provider_id in PLACES:
        await made.wait_for_kernelspec(f"{provider_id}/python3")
    yield made
    await made.close()
