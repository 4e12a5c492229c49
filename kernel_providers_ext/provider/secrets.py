"""A secret, given as a value or by its source; it never shows its value."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ConfigurationError

COMMAND_TIMEOUT = 30.0  # seconds


@dataclass(frozen=True, repr=False)
class Secret:
    """
    The source of a secret.

    ``kind`` is ``value``, ``env``, ``file`` or ``command``; ``source`` is the secret itself, the
    name of an environment variable, a file's path, or a command as a tuple of words.
    """

    kind: str
    source: str | tuple[str, ...]

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
        while a command runs, it kills that command.
        """
        if self.kind == "env":
            secret = os.environ.get(str(self.source))
            if secret is None:
                raise ConfigurationError(f"The environment variable {self.source} is not set.")
        elif self.kind == "file":
            secret = await asyncio.to_thread(self._read_file)
        elif self.kind == "command":
            secret = await self._run()
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
        try:
            process = await asyncio.create_subprocess_exec(
                *self.source,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise ConfigurationError(
                f"The command {self.source[0]} cannot be run: {error.strerror}."
            ) from error
        try:
            output, _ = await asyncio.wait_for(process.communicate(), COMMAND_TIMEOUT)
        except (asyncio.TimeoutError, asyncio.CancelledError) as error:
            process.kill()
            await process.wait()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise ConfigurationError(
                f"The command {self.source[0]} did not end within {COMMAND_TIMEOUT:.0f} s."
            ) from error
        if process.returncode:
            raise ConfigurationError(
                f"The command {self.source[0]} failed with exit code {process.returncode}."
            )
        return output.decode(errors="replace")

    @property
    def _description(self) -> str:
        return {
            "value": "a value",
            "env": f"the environment variable {self.source}",
            "file": f"the file {self.source}",
            "command": f"the output of {self.source[0] if self.source else '?'}",
        }[self.kind]

    def __repr__(self) -> str:
        return f"<secret: {self._description}>"
