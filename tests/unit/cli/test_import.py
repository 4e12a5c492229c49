"""``jupyter kernel-providers import``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.cli.import_app import ImportApp
from tests.support.fake_provider import UNREACHABLE
from tests.unit.cli.conftest import Run

SECRET = "token-of-gateway"
URL = f"c.GatewayClient.url = {UNREACHABLE!r}\n"
TOKEN = f"c.GatewayClient.auth_token = {SECRET!r}\n"


@pytest.fixture
def config(folder: Path) -> Path:
    """Return the folder of a user's configuration."""
    folder.parent.mkdir()
    return folder.parent


def settings(folder: Path, provider_id: str = "gateway") -> Any:
    """Return what is in a provider's file."""
    return json.loads((folder / f"{provider_id}.json").read_text("utf-8"))


def test_a_gateway_in_files_becomes_a_provider(run: Run, config: Path, folder: Path) -> None:
    """The command says what to remove from which file, and shows no secret."""
    (config / "jupyter_server_config.py").write_text(TOKEN)
    (config / "jupyter_lab_config.json").write_text(
        json.dumps({"GatewayClient": {"url": UNREACHABLE, "gateway_retry_max": 3}})
    )
    out, err, code = run(ImportApp)
    assert settings(folder) == {
        "url": UNREACHABLE,
        "token": {"value": SECRET},
        "env": ["KERNEL_WORKING_DIR"],
    }
    assert out.splitlines() == [
        f"Added {folder / 'gateway.json'}.",
        "gateway refuses connections.",
        "c.GatewayClient.gateway_retry_max is not needed: a provider that cannot be reached is "
        "asked again, with growing pauses, for as long as it is configured.",
        "The gateway's kernels are now called gateway/…. A notebook that was saved before has a "
        "name without that: select its kernel again.",
        "Now remove the former configuration. Until then, a server uses the gateway as with "
        "--gateway-url.",
        f"Remove from {config / 'jupyter_lab_config.json'}: c.GatewayClient.url, "
        "c.GatewayClient.gateway_retry_max.",
        f"Remove from {config / 'jupyter_server_config.py'}: c.GatewayClient.auth_token.",
    ]
    assert (err, code) == ("", 0)


def test_a_gateway_on_the_command_line(run: Run, folder: Path) -> None:
    """Its token is in the list of processes, which is warned about."""
    arguments = (f"--gateway-url={UNREACHABLE}", f"--GatewayClient.auth_token={SECRET}")
    out, err, code = run(ImportApp, "gpu", *arguments)
    assert settings(folder, "gpu")["token"] == {"value": SECRET}
    assert "Start the server without --gateway-url, --GatewayClient.auth_token.\n" in out
    assert "in the list of processes" in err
    assert SECRET not in out + err
    assert code == 0


def test_without_a_secret_on_the_command_line_there_is_no_warning(run: Run, folder: Path) -> None:
    """Others may see the address."""
    assert run(ImportApp, f"--gateway-url={UNREACHABLE}")[1] == ""
    assert settings(folder)["url"] == UNREACHABLE


def test_a_gateway_in_the_environment(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token stays there, and the command says so."""
    monkeypatch.setenv("JUPYTER_GATEWAY_URL", UNREACHABLE)
    monkeypatch.setenv("JUPYTER_GATEWAY_AUTH_TOKEN", SECRET)
    out, err, code = run(ImportApp)
    assert settings(folder)["token"] == {"env": "JUPYTER_GATEWAY_AUTH_TOKEN"}
    assert out.splitlines()[-2:] == [
        "Remove from the environment of the server: JUPYTER_GATEWAY_URL.",
        "Keep in the environment of the server: JUPYTER_GATEWAY_AUTH_TOKEN. The provider reads it "
        "there.",
    ]
    assert SECRET not in out + err
    assert (err, code) == ("", 0)


def test_a_file_can_be_named(run: Run, folder: Path, tmp_path: Path) -> None:
    """As for a server."""
    (tmp_path / "mine.py").write_text(URL)
    assert run(ImportApp, f"--config={tmp_path / 'mine.py'}")[2] == 0
    assert settings(folder)["url"] == UNREACHABLE


def test_classes_of_kernels_mixer_are_to_be_removed(run: Run, config: Path) -> None:
    """Or the call that sets them."""
    path = config / "jupyter_lab_config.py"
    manager = "'kernels_mixer.kernels.MixingMappingKernelManager'"
    path.write_text(f"{URL}c.ServerApp.kernel_manager_class = {manager}\n")
    lines = run(ImportApp)[0].splitlines()
    assert lines[-2:] == [
        f"Remove from {path}: c.GatewayClient.url, c.ServerApp.kernel_manager_class.",
        "If it calls kernels_mixer.configure_kernels_mixer(c), remove that call instead.",
    ]


def test_without_a_gateway_it_says_where_it_looked(run: Run, config: Path, folder: Path) -> None:
    """And how to add a provider."""
    (config / "jupyter_server_config.py").write_text(TOKEN)
    out, err, code = run(ImportApp)
    for place in (str(config), "jupyter_server_config", "JUPYTER_GATEWAY_URL", "--gateway-url"):
        assert place in err
    assert err.endswith("To add a provider, run: jupyter kernel-providers add NAME URL\n")
    assert (out, code) == ("", 1)
    assert not folder.exists()


def test_a_present_provider_stays(run: Run, folder: Path) -> None:
    """A second import needs another name."""
    assert run(ImportApp, f"--gateway-url={UNREACHABLE}")[2] == 0
    before = settings(folder)
    out, err, code = run(ImportApp, f"--gateway-url={UNREACHABLE}/other")
    assert err.startswith(f"There is a provider 'gateway' already, from {folder / 'gateway.json'}.")
    assert (out, code) == ("", 1)
    assert settings(folder) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gpu", "more"), "Usage: jupyter kernel-providers import [NAME]"),
        (("GPU",), "cannot be used"),
        (("--gateway-url=ftp://x",), "does not accept the value of c.GatewayClient.url."),
        (("--gateway-url=http://ada:b@x",), "c.GatewayClient: the field 'url' has a user or a"),
    ],
)
def test_mistakes_are_explained(
    run: Run, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    """No file is written."""
    out, err, code = run(ImportApp, *arguments)
    assert message in err
    assert (out, code) == ("", 1)
    assert not folder.exists()


def test_a_broken_file_is_corrected_first(run: Run, config: Path, folder: Path) -> None:
    """It may have the rest of the gateway's configuration."""
    (config / "jupyter_server_config.py").write_text(URL)
    (config / "jupyter_lab_config.py").write_text(f"{TOKEN}nonsense\n")
    out, err, code = run(ImportApp)
    path = config / "jupyter_lab_config.py"
    assert err == f"{path} cannot be read: it fails with NameError. Correct it first.\n"
    assert (out, code) == ("", 1)
    assert not folder.exists()
