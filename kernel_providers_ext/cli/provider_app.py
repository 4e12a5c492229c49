"""What the commands about one provider have in common."""

from __future__ import annotations

import json
import os
import shlex
import sys
from abc import abstractmethod
from collections.abc import Mapping
from getpass import getpass
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.application import JupyterApp
from traitlets import Bool, Unicode

from ..config.address import server_address
from ..provider.errors import ConfigurationError, ProviderError
from ..registry.providers import KernelProviders
from ..registry.user_providers import UserProviders
from .output import CommandError, Output, write
from .running_server import RunningServer

SEEN_BY_OTHERS = (
    "Other users of this machine can see the token in the list of processes, and your shell may "
    "record it."
)
INTERRUPTED = 130  # the exit code of a command that Ctrl-C has ended
USE_STDIN = f"{SEEN_BY_OTHERS} Use --token-stdin instead."


class ProviderApp(JupyterApp):
    """
    A command with arguments.

    What is wrong is printed as a sentence to the standard error; with ``--json``, as an object to
    the standard output. The exit code is then 1.
    """

    #: The server's own configuration, so that both have the same providers.
    config_file_name = "jupyter_server_config"
    #: The names of its arguments; one in brackets may be left out.
    arguments: ClassVar[tuple[str, ...]] = ("NAME",)

    json = Bool(False, config=True, help="Print JSON.")
    flags: Any = {"json": ({"ProviderApp": {"json": True}}, "Print JSON.")}
    aliases: Any = {"config": "JupyterApp.config_file"}

    def start(self) -> None:
        """Run the command, and print what it returns."""
        super().start()
        try:
            required = [name for name in self.arguments if name[0] != "["]
            if not len(required) <= len(self.extra_args) <= len(self.arguments):
                raise CommandError(f"Usage: {self._usage}")
            output = self.run(*self.extra_args)
        except ConfigurationError as error:
            output = _failure(error.message, error.reason_code, error.field)
        except ProviderError as error:
            output = _failure(error.message, error.reason_code)
        except CommandError as error:
            output = _failure(str(error))
        except OSError as error:
            output = _failure(f"{error.filename}: {error.strerror}.")
        except KeyboardInterrupt:
            self.exit(INTERRUPTED)
        if self.json:
            print(json.dumps(output.data, indent=2))
        else:
            write(output.text, sys.stderr if "error" in output.data else sys.stdout)
        if output.exit_code:
            self.exit(output.exit_code)

    @abstractmethod
    def run(self, *arguments: str) -> Output:
        """Return what to print; what is wrong is raised as an error of this package, or OSError."""

    def providers(self) -> KernelProviders:
        """Return the providers as the server would have them."""
        providers = KernelProviders(parent=self)
        providers.log.disabled = True  # its messages are part of the output
        providers.load()
        return providers

    def own_providers(self) -> UserProviders:
        """Return the providers as their user may change them."""
        return UserProviders(self.providers())

    @property
    def _usage(self) -> str:
        command = self.name.removeprefix("jupyter-kernel-providers-")
        return f"jupyter kernel-providers {command} {' '.join(self.arguments)}"


def _failure(message: str, reason: str = "", field: str = "") -> Output:
    model = {"message": message, "reason": reason, "field": field}
    return Output(message, {"error": model}, exit_code=1)


class ServerCommand(ProviderApp):
    """A command that asks a running server of the same user, if there is one."""

    server = Unicode(
        config=True,
        help="The address of the running Jupyter server to ask; 'none' for no server. By default, "
        "the one that was started last.",
    )
    aliases: Any = {**ProviderApp.aliases, "server": "ServerCommand.server"}

    def running_server(self) -> RunningServer | None:
        """Return the server to ask; None if there is none."""
        return RunningServer.find(self.server)


class TokenApp(ProviderApp):
    """A command with an address and a token."""

    token = Unicode(config=True, help=f"The token. {USE_STDIN}")
    token_env = Unicode(config=True, help="The environment variable of the server with the token.")
    token_file = Unicode(config=True, help="The path of a file with the token.")
    token_command = Unicode(config=True, help="A command that prints the token.")
    token_keyring = Unicode(
        config=True,
        help="An entry of the service kernel-providers-ext in the system's keyring.",
    )
    token_stdin = Bool(False, config=True, help="Read the token from the standard input.")
    aliases: Any = {
        **ProviderApp.aliases,
        "token": "TokenApp.token",
        "token-env": "TokenApp.token_env",
        "token-file": "TokenApp.token_file",
        "token-command": "TokenApp.token_command",
        "token-keyring": "TokenApp.token_keyring",
    }
    flags: Any = {
        **ProviderApp.flags,
        "token-stdin": ({"TokenApp": {"token_stdin": True}}, "Read the token from standard input."),
    }

    def settings(self, copied: str) -> dict[str, Any]:
        """
        Return the settings of a provider from an address as people copy it, and the options.

        Raises CommandError if it is not clear which token is meant.
        """
        url, copied_token = server_address(copied)
        token = self._token(copied_token)
        if self.token or copied_token:
            print(USE_STDIN, file=sys.stderr)
        return {"url": url} if token is None else {"url": url, "token": token}

    def check_no_token(self, provider_id: str) -> None:
        """Raise CommandError if there is a token for a provider, which has its own."""
        if self._token("") is not None:
            raise CommandError(
                f"The options --token… are for an address. The token of {provider_id} is in its "
                "settings."
            )

    def _token(self, copied: str) -> Mapping[str, Any] | None:
        given: list[Mapping[str, Any]] = []
        if self.token:
            given.append({"value": self.token})
        if self.token_env:
            given.append({"env": self.token_env})
        if self.token_file:
            given.append({"file": str(Path(self.token_file).expanduser().absolute())})
        if self.token_command:
            given.append({"command": _words(self.token_command)})
        if self.token_keyring:
            given.append({"keyring": self.token_keyring})
        if self.token_stdin:
            given.append({"value": _read_token()})
        if len(given) > 1:
            raise CommandError("Give one token only: one of the options --token….")
        if not given and copied:
            return {"value": copied}
        return given[0] if given else None


def _read_token() -> str:
    """Return a line of the standard input, which a terminal does not show; raises CommandError."""
    token = (getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not token:
        raise CommandError("The token is empty.")
    return token


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        message = f"The command of --token-command is not complete: {error}."
        raise CommandError(message) from None
