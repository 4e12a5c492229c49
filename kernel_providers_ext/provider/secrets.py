"""A secret, given as a value or by its source; it never shows its value."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from .errors import ConfigurationError

SERVICE = "kernel-providers-ext"  # in the system's keyring
COMMAND_TIMEOUT = 30.0  # seconds
KILL_TIMEOUT = 1.0  # seconds for a killed command to end
OUTPUT_LIMIT = 2**16  # bytes; a pipe holds no more on Linux


@dataclass(frozen=True, repr=False)
class Secret:
    """
    The source of a secret.

    ``kind`` is ``value``, ``env``, ``file``, ``command``, ``keyring`` or ``function``; ``source``
    is the secret itself, the name of an environment variable, a file's path, a command as a tuple
    of words, the name of an entry of `SERVICE` in the system's keyring, or a function without
    arguments. The last two are called in a thread.
    """

    kind: str
    source: str | tuple[str, ...] | Callable[[], str]

    @classmethod
    def parse(cls, given: str | Mapping[str, Any]) -> Secret:
        """Return the secret for ``{"env": "GPU_TOKEN"}`` and the like; a string is a value."""
        if isinstance(given, str):
            return cls("value", given)
        [(kind, source)] = given.items()
        return cls(kind, tuple(source) if kind == "command" else str(source))

    async def reveal(self) -> str:
        """
        Return the current value, stripped of white space, without blocking the event loop.

        Raises ConfigurationError with a message for people if there is none. If it is cancelled
        while a command runs, it kills that command and all that it has started.
        """
        if self.kind == "env":
            secret = os.environ.get(str(self.source))
            if secret is None:
                raise ConfigurationError(f"The environment variable {self.source} is not set.")
        elif self.kind == "file":
            secret = await asyncio.to_thread(self._read_file)
        elif self.kind == "command":
            secret = await self._run()
        elif self.kind == "keyring":
            secret = await self._unlock()
        elif callable(self.source):
            secret = await self._call(self.source)
        else:
            secret = str(self.source)
        secret = secret.strip()
        if not secret:
            raise ConfigurationError(f"There is nothing in {self._description}.")
        if not secret.isprintable():
            raise ConfigurationError(
                f"The secret from {self._description} is more than one line of text."
            )
        return secret

    async def _unlock(self) -> str:
        name = str(self.source)
        try:
            keyring = import_keyring()
            # A locked keyring may ask its user, who may not be there.
            reading = asyncio.to_thread(keyring.get_password, SERVICE, name)
            secret = await asyncio.wait_for(reading, COMMAND_TIMEOUT)
        except asyncio.TimeoutError:
            why = f"it did not answer within {COMMAND_TIMEOUT:.0f} s"
        except ConfigurationError:
            raise
        except Exception as error:  # a backend is code of others
            why = type(error).__name__
        else:
            if secret is not None:
                return str(secret)
            raise ConfigurationError(
                f"The system's keyring has no entry {name!r} of the service {SERVICE!r}."
            )
        raise ConfigurationError(f"The system's keyring cannot be read: {why}.")

    async def _call(self, function: Callable[[], str]) -> str:
        try:
            return await asyncio.wait_for(asyncio.to_thread(function), COMMAND_TIMEOUT)
        except asyncio.TimeoutError:
            why = f"it did not end within {COMMAND_TIMEOUT:.0f} s"
        except Exception as error:  # what the code of others says may have the secret in it
            why = type(error).__name__
        raise ConfigurationError(f"The code that renews the token failed: {why}.")

    def _read_file(self) -> str:
        path = Path(str(self.source))
        try:
            path = path.expanduser()
            return path.read_text()
        except OSError as error:
            why = error.strerror
        except UnicodeDecodeError:
            why = "it is not text"
        except (RuntimeError, ValueError):
            why = "it is not a path"
        raise ConfigurationError(f"The file {path} cannot be read: {why}.")

    async def _run(self) -> str:
        with _pipe() as (output, stdout):
            process = await self._launch(stdout)
            try:
                await asyncio.wait_for(process.wait(), COMMAND_TIMEOUT)
            except asyncio.TimeoutError as error:
                raise ConfigurationError(
                    f"The command {self._program} did not end within {COMMAND_TIMEOUT:.0f} s, or "
                    f"printed more than {OUTPUT_LIMIT // 1024} KiB. It must print only the secret, "
                    "and end."
                ) from error
            finally:
                if process.returncode is None:  # also if it is cancelled
                    await _kill(process)
            if process.returncode:
                raise ConfigurationError(
                    f"The command {self._program} failed with exit code {process.returncode}."
                )
            return _read(output, stdout).decode(errors="replace")

    async def _launch(self, stdout: IO[bytes]) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # a group that can be killed with all that it has started
            )
        except OSError as error:
            raise ConfigurationError(
                f"The command {self._program} cannot be run: {error.strerror}."
            ) from error

    @property
    def _command(self) -> tuple[str, ...]:
        return self.source if isinstance(self.source, tuple) else ()

    @property
    def _program(self) -> str:
        return self._command[0] if self._command else "?"

    @property
    def _description(self) -> str:
        return {
            "value": "a value",
            "env": f"the environment variable {self.source}",
            "file": f"the file {self.source}",
            "keyring": f"the entry {self.source} of the system's keyring",
            "function": "the code that renews the token",
            "command": f"the output of {self._program}",
        }[self.kind]

    def __repr__(self) -> str:
        return f"<secret: {self._description}>"


def import_keyring() -> Any:
    """Return the package keyring, which is optional; raises ConfigurationError without it."""
    try:
        return import_module("keyring")
    except ImportError as error:
        raise ConfigurationError(
            "The package keyring is not installed. Install it with: pip install "
            '"kernel-providers-ext[keyring]".'
        ) from error


@contextmanager
def _pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """
    Yield the ends of a pipe for a command's output.

    It bounds the output. A pipe of asyncio's own would be waited for until every process that has
    it open has ended, including agents that a command leaves behind.
    """
    readable, writable = os.pipe()
    with open(readable, "rb", buffering=0) as output, open(writable, "wb", buffering=0) as stdout:
        yield output, stdout


def _read(output: IO[bytes], stdout: IO[bytes]) -> bytes:
    """Return what the pipe holds, without waiting for more."""
    if sys.platform == "win32":  # it has no non-blocking pipes before Python 3.12
        stdout.write(b"\n")
    else:
        os.set_blocking(output.fileno(), False)
    return output.read(OUTPUT_LIMIT) or b""


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill a command, and on POSIX all that it has started."""
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    # A process may be stuck in the system, for example on a network drive.
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(process.wait(), KILL_TIMEOUT)
