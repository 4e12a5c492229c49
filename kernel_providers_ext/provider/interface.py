"""
The interface of a kernel provider.

`KernelProvider` is any place with kernelspecs. `RemoteKernelProvider` also runs kernels and
connects to them; another package implements it to add a kind, and names its class in the entry
point group ``kernel_providers_ext.kinds``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from logging import Logger
from typing import Any, ClassVar

from .config import ProviderConfig
from .diagnosis import DiagnosticStep
from .errors import NoSuchKernelspec, RequestRefused
from .kernelspecs import Selection
from .names import is_name

#: A kernelspec as in Jupyter's REST API: ``{"name": …, "spec": {…}, "resources": {…}}``.
KernelspecModel = Mapping[str, Any]
#: A running kernel as in Jupyter's REST API: ``{"id": …, "name": …, "execution_state": …}``.
KernelModel = Mapping[str, Any]
#: A frame of a kernel's websocket: str for a text frame, bytes for a binary frame.
Frame = str | bytes


@dataclass(frozen=True)
class Snapshot:
    """
    A provider's kernelspecs at one time.

    Args:
        kernelspecs: Models by the provider's own kernel names. A model's ``spec`` is an object as
            in kernel.json. ``resources`` maps keys such as ``logo-svg`` to URLs, whose last segment
            is the ``file`` of `RemoteKernelProvider.resource`.
        default: The name of the provider's default kernel; empty if it has none.
        validator: What the provider needs to ask "has anything changed?", such as an ETag. It is
            opaque to the caller, and not part of a comparison.
        notices: What was left out of the provider's answer and why, as sentences.
    """

    kernelspecs: Mapping[str, KernelspecModel] = field(default_factory=dict)
    default: str = ""
    validator: str = field(default="", compare=False)
    notices: tuple[str, ...] = ()

    def offered(self, config: ProviderConfig) -> Snapshot:
        """
        Return a copy with only the kernelspecs that are valid and that ``config`` offers.

        It takes 20 ms for a thousand kernelspecs, so that it belongs in a thread.
        """
        selection = Selection(config)
        for name, model in self.kernelspecs.items():
            if not selection.is_full:
                selection.add(name, model)
        return Snapshot(
            selection.kernelspecs,
            self.default if self.default in selection.kernelspecs else "",
            self.validator,
            (*self.notices, *selection.notices),
        )

    def unvalidated(self) -> Snapshot:
        """Return a copy without the validator, so that the next request is unconditional."""
        return replace(self, validator="")


@dataclass(frozen=True)
class Resource:
    """A file of a kernelspec, such as its logo; ``content_type`` is a media type."""

    body: bytes
    content_type: str


class KernelChannels(ABC):
    """
    An open connection to a kernel's channels, which carries frames unchanged in both directions.

    ``subprotocol`` names the websocket protocol of the frames, such as
    ``v1.kernel.websocket.jupyter.org``; the empty string is the older JSON protocol. See "WebSocket
    kernel wire protocols" in the documentation of Jupyter Server. One task receives and another one
    sends; neither method is called twice at a time.
    """

    subprotocol: str
    #: What people should know of how the connection ended, as a sentence; empty if nothing.
    failure: str = ""

    @abstractmethod
    async def receive(self) -> Frame | None:
        """
        Return the kernel's next frame; None once the connection has ended, for whatever reason.

        It raises nothing. A caller that does not call it slows the kernel down: the implementation
        must not read ahead without bound. If it is cancelled, the caller closes the connection.
        """

    @abstractmethod
    async def send(self, frame: Frame) -> bool:
        """
        Send a frame to the kernel, and return once the connection can take the next one.

        Returns False if the connection had ended before and nothing of the frame was sent; the
        caller then sends it over a new connection. In doubt it returns True, as a cell that is sent
        twice would run twice. It raises nothing. If it is cancelled, the caller assumes that the
        frame was sent.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connection; does nothing if it is closed. A pending `receive` returns None."""


class KernelProvider(ABC):
    """
    A place with kernelspecs.

    The constructor gets the provider's configuration and a logger. It raises ConfigurationError,
    with a message for people, if the configuration does not suit the kind. It must not block, as a
    server creates its providers while it starts, and must open nothing, as a provider may be made
    only to check a configuration.
    """

    #: The name of the kind, which is also the name of its entry point.
    kind: ClassVar[str]

    def __init__(self, config: ProviderConfig, log: Logger) -> None:
        self.config = config
        self.log = log

    @property
    def id(self) -> str:
        """The provider's id, which is the prefix of its kernels' names."""
        return self.config.id

    @property
    def label(self) -> str:
        """The provider's name for people."""
        return self.config.label

    async def prepare(self) -> None:  # noqa: B027 - optional
        """
        Get ready for a request, for example by importing a library.

        It is called before each `snapshot`, and does not count as the provider's latency.
        """

    @abstractmethod
    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """
        Return the provider's current kernelspecs.

        Args:
            known: The last snapshot, whose validator can make the request conditional; None at
                first, and after a change of configuration.

        Returns ``known`` itself if nothing has changed.

        Raises ProviderError if the provider does not answer, or not like one. Cancelling it must
        leave no request behind.
        """

    def reconfigure(self, config: ProviderConfig) -> bool:
        """
        Adopt a changed configuration and keep the connections open; return whether that worked.

        If it returns False, a new provider takes the place of this one, which is then closed. It is
        synchronous and raises nothing.
        """
        return False

    async def aclose(self) -> None:  # noqa: B027 - optional
        """Close all connections, and leave running kernels alone. It raises nothing."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


class RemoteKernelProvider(KernelProvider):
    """
    A place that runs kernels outside of this server.

    Kernel names and kernel ids are the provider's own. All methods raise ProviderError, and nothing
    else, if the provider does not do what it is asked for: KernelGone if it answers that it has no
    kernel of this id, ProviderUnavailable if it cannot be reached. Timeouts are the provider's
    business; ``config.timeouts`` has them, in seconds. Methods may be called concurrently.
    """

    @abstractmethod
    async def resource(self, kernel_name: str, file: str) -> Resource:
        """
        Return a file of a kernelspec.

        Args:
            kernel_name: A name in the last snapshot.
            file: The last segment, decoded, of a URL in that kernelspec's ``resources``.
        """

    @abstractmethod
    async def start_kernel(
        self, kernel_name: str, *, kernel_id: str, path: str | None, env: Mapping[str, str]
    ) -> KernelModel:
        """
        Start a kernel, and return its model once it has started.

        Args:
            kernel_name: The kernelspec's name; the provider may not have it.
            kernel_id: The id, a UUID, that the kernel gets if the provider accepts ids.
            path: The kernel's working directory as an API path, with ``/`` between its parts;
                None for the provider's default.
            env: All environment variables that may be passed to the kernel.

        Returns a model whose ``id`` is the id for all other methods.

        Raises NoSuchKernelspec if the provider has no such kernelspec. An error whose `is_certain`
        is True says that no kernel was started. After any other error, or if it is cancelled, the
        caller looks for ``kernel_id`` and stops what it finds; a start is never repeated.
        """

    @abstractmethod
    async def kernels(self, kernel_ids: Collection[str]) -> Mapping[str, KernelModel | None]:
        """
        Return the models of the kernels with these ids (``kernel_ids``), by id.

        A value of None is proof that the kernel is gone, which ends its notebooks. An id that is
        left out is a kernel of which nothing is known. It is called every 10 s while kernels are
        busy.
        """

    async def server_name(self) -> str:
        """
        Return the product and the version of the server for people, like ``Jupyter Server 2.21.0``.

        It is empty if they are not known, which is the default.
        """
        return ""

    async def connection_steps(self) -> Sequence[DiagnosticStep]:
        """
        Return the steps by which the provider is reached, in order, for a diagnosis.

        There are none by default. Each may rely on the ones before; the steps that follow ask for
        kernelspecs and run a kernel. It raises nothing, and connects to nothing yet.
        """
        return ()

    async def running_kernels(self) -> Collection[KernelModel]:
        """
        Return the models of all kernels of this provider, also those of others.

        Raises RequestRefused if the provider does not list its kernels, which is the default.
        """
        message = f"{self.label} does not list its kernels."
        raise RequestRefused(self.id, "no_listing", message)

    @abstractmethod
    async def interrupt_kernel(self, kernel_id: str) -> None:
        """Interrupt the kernel, as Ctrl-C does."""

    @abstractmethod
    async def restart_kernel(self, kernel_id: str) -> None:
        """Restart the kernel under the same id, and return once it has restarted."""

    @abstractmethod
    async def shutdown_kernel(self, kernel_id: str) -> None:
        """Stop the kernel. A kernel that is gone counts as stopped and raises nothing."""

    @abstractmethod
    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> KernelChannels:
        """
        Connect to the kernel's channels.

        Args:
            kernel_id: The id of a running kernel.
            session_id: The browser's session id. A Jupyter Server buffers messages for a session
                that was cut, and delivers them to the next connection with the same id.
            subprotocols: The websocket protocols that the browser offers, the best one first.

        Returns channels that speak one of ``subprotocols``, or the older JSON protocol. If it is
        cancelled, it must close what it has opened.
        """


def no_such_kernelspec(
    config: ProviderConfig, kernel_name: str, known: Collection[str] = ()
) -> NoSuchKernelspec:
    """Return the error for a kernel that a provider does not offer, with those that it does."""
    offered = sorted(name for name in known if is_name(name) and config.offers(name))
    has = f" It has: {', '.join(offered[:10])}." if offered else ""
    message = f"{config.label} offers no kernel called {kernel_name!r}.{has}"
    return NoSuchKernelspec(config.id, "no_such_kernelspec", message)
