"""Secrets: read from their sources, explained if missing, and never shown."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import keyring
import psutil
import pytest
from keyrings.alt.file import PlaintextKeyring

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


CHILD = "import time; open('child', 'w').write(str(__import__('os').getpid())); time.sleep(600)"
#: Starts a process that keeps standard output open, and waits until that runs.
START_CHILD = f"""
import os, pathlib, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}])
while not pathlib.Path("child").exists():
    time.sleep(0.01)
"""
IGNORE_SIGTERM = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True)\n"


def python(code: str) -> dict[str, list[str]]:
    """Return a secret's declaration with a Python program as its command."""
    return {"command": [sys.executable, "-c", code]}


async def child_pid() -> int:
    """Wait for the process that a command has started, and return its id."""

    file = Path("child")

    async def written() -> str:
        return _text_of(file)

    return int(await wait_until(written, pause=0.02))


def _text_of(file: Path) -> str:
    return file.read_text() if file.exists() else ""


async def wait_until_ended(pid: int) -> None:
    """Wait until a process has ended; the system may not have removed it yet."""

    async def has_ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await wait_until(has_ended, pause=0.02)


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(600)",
        f"{START_CHILD}{IGNORE_SIGTERM}time.sleep(600)",
        "while True: print('token-of-gpu')",
        "print('x' * 2**20)",
    ],
    ids=["hanging", "ignoring SIGTERM", "endless output", "much output"],
)
async def test_a_command_has_a_time_limit(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that hangs or prints too much is killed, with a message that names it."""
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 1.0)
    words = f"The command {re.escape(sys.executable)} did not end within 1 s, or printed more than"
    with pytest.raises(ConfigurationError, match=words) as caught:
        await Secret.parse(python(code)).reveal()
    assert "token-of-gpu" not in str(caught.value)


async def test_a_time_limit_is_for_all_that_a_command_has_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that the command has started is killed with it."""
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 2.0)
    with pytest.raises(ConfigurationError, match="did not end within"):
        await Secret.parse(python(f"{START_CHILD}child.wait()")).reveal()
    await wait_until_ended(await child_pid())


async def test_a_command_may_leave_an_agent_running() -> None:
    """A process that still has standard output open is neither waited for nor killed."""
    reading = Secret.parse(python(f"{START_CHILD}print('token-of-gpu')")).reveal()
    assert await reading == "token-of-gpu"
    agent = psutil.Process(await child_pid())
    assert agent.is_running()
    agent.kill()


async def test_an_agent_that_prints_does_not_delay_the_secret() -> None:
    """An agent that fills standard output is not waited for."""
    # The command prints first, and ends once the agent has filled the pipe.
    code = """
import select, subprocess, time
print("x", flush=True)
agent = subprocess.Popen(["yes", "x"])
open("child", "w").write(str(agent.pid))
while select.select([], [1], [], 0)[1]:
    time.sleep(0.01)
"""
    with pytest.raises(ConfigurationError, match="more than one line"):
        await Secret.parse(python(code)).reveal()
    psutil.Process(await child_pid()).kill()


async def test_a_failing_command_is_not_quoted() -> None:
    """The message has the exit code and no output."""
    code = "import sys; print('token-of-gpu', file=sys.stderr); sys.exit('token-of-gpu')"
    with pytest.raises(ConfigurationError, match=r"failed with exit code 1\.") as caught:
        await Secret.parse(python(code)).reveal()
    assert "token-of-gpu" not in str(caught.value)


async def test_commands_leave_no_file_open() -> None:
    """Commands that succeed, fail or cannot be run close their pipes."""
    process = psutil.Process()
    await Secret.parse({"command": PRINT}).reveal()
    before = process.num_fds()
    for command in (PRINT, FAIL, ["no-such-program"]):
        with suppress(ConfigurationError):
            await Secret.parse({"command": command}).reveal()
    assert process.num_fds() == before


async def test_a_cancelled_read_kills_its_command() -> None:
    """Neither the command nor what it has started runs on after the request is cancelled."""
    code = f"{START_CHILD}{IGNORE_SIGTERM}child.wait()"
    reading = asyncio.create_task(Secret.parse(python(code)).reveal())
    child = await child_pid()
    command = psutil.Process(child).ppid()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await wait_until_ended(command)
    await wait_until_ended(child)


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


# -- the system's keyring --------------------------------------------------------------------------


@pytest.fixture
def keyring_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A real keyring, whose entries are in a file of the test."""
    before, backend = keyring.get_keyring(), PlaintextKeyring()
    monkeypatch.setattr(backend, "file_path", str(tmp_path / "keyring.cfg"))
    keyring.set_keyring(backend)
    yield keyring
    keyring.set_keyring(before)


async def test_a_secret_is_read_from_the_keyring(keyring_in_a_file: Any) -> None:
    """By the name of its entry; without one, the message has what to look for."""
    keyring_in_a_file.set_password("kernel-providers-ext", "gpu", "token-of-gpu")
    assert await Secret.parse({"keyring": "gpu"}).reveal() == "token-of-gpu"
    with pytest.raises(ConfigurationError, match="no entry 'cpu' of the service"):
        await Secret.parse({"keyring": "cpu"}).reveal()


async def test_a_keyring_that_cannot_be_read_is_explained(
    keyring_in_a_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the class of its error, whose text may have anything in it."""

    def fail(*_: str) -> str:
        raise RuntimeError("token-of-gpu")

    monkeypatch.setattr(keyring_in_a_file.get_keyring(), "get_password", fail)
    with pytest.raises(ConfigurationError, match="cannot be read: RuntimeError"):
        await Secret.parse({"keyring": "gpu"}).reveal()


async def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is optional."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match=re.escape("kernel-providers-ext[keyring]")):
        await Secret.parse({"keyring": "gpu"}).reveal()
