"""Kinds of providers that another package adds, in a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

import pytest

from tests.support.client import Client
from tests.support.fake_provider import add_distribution
from tests.support.processes import ServerProcess, declare, jupyter_server

PACKAGE = '''
from kernel_providers_ext import (
    ConfigurationError,
    RemoteKernelProvider,
    RequestRefused,
    Snapshot,
)


class Queues(RemoteKernelProvider):
    """A batch system with one kernelspec for each of its queues."""

    kind = "queues"

    def __init__(self, config, log):
        super().__init__(config, log)
        if "queues" not in config.options:
            raise ConfigurationError("the field 'options.queues' is missing. List the queues.")

    async def snapshot(self, known=None):
        return Snapshot(
            {
                name: {"name": name, "spec": {"display_name": shown, "language": "python"}}
                for name, shown in self.config.options["queues"].items()
            }
        )

    async def start_kernel(self, kernel_name, *, kernel_id, path, env):
        raise RequestRefused(self.id, "full", f"The queue {kernel_name} is 100% full.")

    async def _never(self, *args, **kwargs):
        raise NotImplementedError

    resource = kernels = interrupt_kernel = restart_kernel = shutdown_kernel = _never
    open_channels = _never
'''
KINDS = {
    "queues": "batch_kernels:Queues",
    "uninstalled-half": "no_such_module:Kind",
    "misspelt": "batch_kernels:Qeues",
}
#: Provider id -> (its settings, the expected text in the log).
PROBLEMS: Mapping[str, tuple[Mapping[str, object], tuple[str, ...]]] = {
    "unknown": ({"kind": "slurm"}, ("'kind'", "'slurm'", "not installed", "gateway", "queues")),
    "half": ({"kind": "uninstalled-half"}, ("'uninstalled-half'", "no_such_module", "Update")),
    "spelling": ({"kind": "misspelt"}, ("'misspelt'", "batch_kernels:Qeues", "Update")),
    "choosy": ({"kind": "queues"}, ("'options.queues' is missing", "List the queues.")),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with a third-party package, and providers of its kinds that work or do not."""
    folder = tmp_path_factory.mktemp("kinds")
    scenario = folder / "site"
    add_distribution(scenario, "batch_kernels", KINDS)
    (scenario / "batch_kernels.py").write_text(PACKAGE)
    process = jupyter_server(folder, token="token-of-own", env={"PYTHONPATH": str(scenario)})
    queues = {"short": "Short jobs", "a b/100%": "Long jobs"}
    settings = {"kind": "queues", "label": "Batch", "options": {"queues": queues}}
    declare(process, "batch", settings)
    for provider_id, (bad, _) in PROBLEMS.items():
        declare(process, provider_id, bad)
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def client(server: ServerProcess) -> AsyncIterator[Client]:
    """A client of the server."""
    client = Client(server.url, server.token)
    yield client
    await client.close()


async def test_third_party_kind_lists_kernels(client: Client) -> None:
    """An installed kind gets its options, and its kernels are listed beside the local ones."""
    await client.wait_for_kernelspec("batch/short")
    found = await client.kernelspecs()
    assert {name: model["spec"]["display_name"] for name, model in found.items()} == {
        "python3": found["python3"]["spec"]["display_name"],
        "batch/short": "Short jobs (Batch)",
        "batch/a b/100%": "Long jobs (Batch)",
    }
    assert "(" not in found["python3"]["spec"]["display_name"].replace("(ipykernel)", "")
    model = await client.get("api/kernelspecs/batch%2Fa%20b%2F100%25")
    assert model == found["batch/a b/100%"]


@pytest.mark.parametrize("provider_id", PROBLEMS)
async def test_unusable_kind_is_a_problem(
    server: ServerProcess, client: Client, provider_id: str
) -> None:
    """Only that provider is missing, and one log line names its file, the reason, the remedy."""
    path = server.config_folder / "kernel_providers.d" / f"{provider_id}.json"
    [line] = [line for line in server.log().splitlines() if str(path) in line]
    for words in (*PROBLEMS[provider_id][1], "Not loaded until this is fixed."):
        assert words in line
    reply = await client.request("POST", "api/kernels", {"name": f"{provider_id}/python3"})
    assert reply.status == 404
    assert reply.body["message"].startswith(str(path))


async def test_log_has_no_traceback(server: ServerProcess, client: Client) -> None:
    """Configuration errors are logged as sentences only."""
    await client.wait_for_kernelspec("batch/short")
    assert "Traceback" not in server.log()


async def test_message_of_a_kind_is_shown_verbatim(client: Client) -> None:
    """The REST API returns a message of a provider's code verbatim."""
    await client.wait_for_kernelspec("batch/short")
    reply = await client.request("POST", "api/kernels", {"name": "batch/short"})
    assert (reply.status, reply.body["message"]) == (502, "The queue short is 100% full.")
