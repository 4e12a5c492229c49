"""A running Jupyter Server of the same user, which knows more than the configuration."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from jupyter_core.paths import jupyter_runtime_dir
from jupyter_server.serverapp import list_running_servers

from .demo import FOLDER_PREFIX, RUNTIME
from .output import CommandError

NONE = "none"
FIRST_TIMEOUT = 5.0  # seconds for the first answer, which comes from memory
TIMEOUT = 60.0  # seconds for an answer, which may wait for a provider
PROVIDERS = "api/kernel-providers"


@dataclass(frozen=True)
class RunningServer:
    """A running server that has this package: its address, which ends in a slash, and token."""

    url: str
    token: str = field(repr=False)

    @classmethod
    def find(cls, wanted: str = "") -> RunningServer | None:
        """
        Return the server that was started last; None if there is none.

        Args:
            wanted: The address of the server to return; ``none`` for no server.

        Raises CommandError if there is no server at ``wanted``.
        """
        if wanted == NONE:
            return None
        for server in (cls(url, token) for url, token in _running()):
            if wanted and server.url.rstrip("/") != wanted.rstrip("/"):
                continue
            if server.has_providers():
                return server
        if wanted:
            raise CommandError(
                f"No Jupyter server of yours with kernel providers runs at {wanted}. "
                "'jupyter server list' shows which ones run."
            )
        return None

    def has_providers(self) -> bool:
        """Return whether it answers, and has this package."""
        try:
            return "providers" in self.request("GET", PROVIDERS, timeout=FIRST_TIMEOUT)
        except CommandError:
            return False

    def request(self, method: str, path: str, body: object = None, timeout: float = TIMEOUT) -> Any:
        """
        Return the JSON of an answer; None if it has no body.

        Raises CommandError with the server's own message if it refuses.
        """
        request = Request(
            f"{self.url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            # A proxy of the environment is for other hosts.
            with build_opener(ProxyHandler({})).open(request, timeout=timeout) as answer:
                content = answer.read()
            return json.loads(content) if content else None
        except HTTPError as error:
            raise CommandError(_message(error)) from error
        except (OSError, HTTPException, ValueError, TypeError) as error:
            raise CommandError(f"{self.url} does not answer as expected.") from error


def _running() -> list[tuple[str, str]]:
    """Return the addresses and tokens of the user's running servers, the last one first."""
    found = [one for folder in _runtime_folders() for one in _running_in(folder)]
    return [(url, token) for _, url, token in sorted(found, reverse=True)]


def _running_in(folder: Path) -> Iterator[tuple[float, str, str]]:
    """Yield when each server of a folder was started, with its address and token."""
    servers = list_running_servers(str(folder))
    while True:
        try:
            info = next(servers)
            started = (folder / f"jpserver-{int(info['pid'])}.json").stat().st_mtime
            url, token = str(info["url"]), str(info["token"])
        except StopIteration:
            return
        except (OSError, KeyError, TypeError, ValueError):  # it has ended, or the file is odd
            continue
        if url.startswith("http"):
            yield started, url, token


def _runtime_folders() -> Iterator[Path]:
    """Yield the user's runtime folder, and those of demos, which write nothing to it."""
    yield Path(jupyter_runtime_dir())
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        status = folder.lstat()
        # Others may make such folders, too.
        if stat.S_ISDIR(status.st_mode) and status.st_uid == getattr(os, "getuid", lambda: 0)():
            yield folder / RUNTIME


def _message(error: HTTPError) -> str:
    try:
        message = json.loads(error.read()).get("message")
    except (OSError, ValueError, AttributeError):
        message = None
    return str(message or f"The server answered {error.code}.")
