"""Secrets: read from their sources, explained if missing, and never shown."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.provider import secrets
from kernel_providers_ext.provider.errors import ConfigurationError
from kernel_providers_ext.provider.secrets import Secret
from tests.support.client import wait_until

PRINT = [sys.executable, "-c", "print('token-of-gpu')"]
FAIL = [sys.executable, "-c", "print('token-of-gpu'); raise SystemExit(3)"]


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables and files with and without a secret, relative to the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GPU_TOKEN", "token-of-gpu")
    monkeypatch.setenv("BLANK", " \n")
    monkeypatch.delenv("NOT_SET", raising=False)
    (tmp_path / "token").write_text("token-of-gpu\n")
    (tmp_path / "lines").write_text("token-of-gpu\nsecond")
    (tmp_path / "bytes").write_bytes(b"token-of-gpu\xff")
    (tmp_path / "empty").touch()


@pytest.mark.parametrize(
    "given",
    [
        "token-of-gpu",
        {"value": " token-of-gpu\n"},
        {"env": "GPU_TOKEN"},
        {"file": "token"},
        {"file": "~/token"},
        {"command": PRINT},
    ],
)
async def test_a_secret_is_read_from_its_source(given: str | dict[str, Any]) -> None:
    """A value, a variable, a file and a command all give the secret without white space."""
    assert await Secret.parse(given).reveal() == "token-of-gpu"


async def test_a_secret_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewed token is the one that is read next."""
    secret = Secret.parse({"env": "GPU_TOKEN"})
    await secret.reveal()
    monkeypatch.setenv("GPU_TOKEN", "token-of-tomorrow")
    assert await secret.reveal() == "token-of-tomorrow"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"env": "NOT_SET"}, "The environment variable NOT_SET is not set."),
        ({"env": "BLANK"}, "nothing in .*the environment variable BLANK"),
        ({"file": "no-such"}, "The file no-such cannot be read: No such file"),
        ({"file": "~nobody-here/token"}, "The file ~nobody-here/token cannot be read"),
        ({"file": "bytes"}, "The file bytes cannot be read: it is not text"),
        ({"file": "empty"}, "nothing in .*the file empty"),
        ({"file": "lines"}, "the file lines.* is more than one line"),
        (
            {"command": ["no-such-program", "token-of-gpu"]},
            "The command no-such-program cannot be run",
        ),
        ({"command": [*FAIL, "token-of-gpu"]}, "The command .* failed with exit code 3"),
        ({"value": "token-of-gpu\x00"}, "more than one line of text"),
    ],
)
async def test_a_missing_secret_is_explained(given: Any, words: str) -> None:
    """The message names the source and what is wrong, but not the secret."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        await Secret.parse(given).reveal()
    assert "token-of-gpu" not in str(caught.value)


async def test_a_command_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that hangs is killed, with a message that names it."""
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 0.1)
    with pytest.raises(ConfigurationError, match="The command sleep did not end within"):
        await Secret.parse({"command": ["sleep", "600"]}).reveal()


async def test_a_cancelled_read_kills_its_command(tmp_path: Path) -> None:
    """A command does not run on after the request for the secret is cancelled."""
    code = "import os, time; open('pid', 'w').write(f'{os.getpid()} '); time.sleep(600)"
    reading = asyncio.create_task(Secret("command", (sys.executable, "-c", code)).reveal())

    async def written() -> str:
        path = tmp_path / "pid"
        return path.read_text() if path.exists() else ""

    pid = int(await wait_until(written))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("token-of-gpu", "<secret: a value>"),
        ({"value": "token-of-gpu"}, "<secret: a value>"),
        ({"env": "GPU_TOKEN"}, "<secret: the environment variable GPU_TOKEN>"),
        ({"file": "token"}, "<secret: the file token>"),
        ({"command": ["vault", "--password", "token-of-gpu"]}, "<secret: the output of vault>"),
    ],
)
def test_a_secret_does_not_show_itself(given: Any, shown: str) -> None:
    """Its repr shows the source, and nothing that may be secret."""
    secret = Secret.parse(given)
    assert repr(secret) == str(secret) == shown
