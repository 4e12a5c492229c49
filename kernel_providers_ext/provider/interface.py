"""
What a kernel provider is: a place that has kernelspecs, runs kernels, and connects to them.

`KernelProvider` is any such place. `RemoteKernelProvider` is one that Jupyter Server cannot talk to
by itself; it is what another package implements to add a kind (entry point group
``kernel_providers_ext.kinds``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from logging import Logger
from typing import Any, ClassVar

from .config import ProviderConfig
from .errors import NoSuchKernelspec, RequestRefused

#: A kernelspec as Jupyter's REST API has it: ``{"name": …, "spec": {…}, "resources": {…}}``.
KernelspecModel = Mapping[str, Any]
#: A running kernel as Jupyter's REST API has it: ``{"id": …, "name": …, "execution_state": …}``.
KernelModel = Mapping[str, Any]
#: A frame of a kernel's websocket, as text or as bytes.
Frame = str | bytes


@dataclass(frozen=True)
class Snapshot:
    """
    A provider's kernelspecs at one time, by the provider's own names, and its default kernel.

    ``validator`` is whatever the provider needs to ask "anything new?" the next time.
    """

    kernelspecs: Mapping[str, KernelspecModel] = field(default_factory=dict)
    default: str = ""
    validator: str = field(default="", compare=False)

    def offered(self, config: ProviderConfig) -> Snapshot:
        """Return the part of it that the configuration lets through and that can be shown."""
        kept = {
            name: model
            for name, model in self.kernelspecs.items()
            if config.offers(name) and _is_kernelspec(name, model)
        }
        return replace(self, kernelspecs=kept, default=self.default if self.default in kept else "")


@dataclass(frozen=True)
class Resource:
    """A file of a kernelspec, such as its logo."""

    body: bytes
    content_type: str


class KernelChannels(ABC):
    """
    An open connection to a kernel's channels, over which frames go unchanged in both directions.

    A frame is a str (text frame) or bytes (binary frame) of the websocket protocol named by
    ``subprotocol``; the empty string is the legacy protocol.
    """

    subprotocol: str

    @abstractmethod
    async def receive(self) -> Frame | None:
        """Return the next frame of the kernel; None when the connection has ended."""

    @abstractmethod
    async def send(self, frame: Frame) -> bool:
        """
        Send a frame to the kernel; returns when the connection can take the next one.

        False means that the connection had ended before, so that nothing of the frame was sent.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connection; harmless when it is closed already."""


class KernelProvider(ABC):
    """A place with kernelspecs."""

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
        """What people see as the provider's name."""
        return self.config.label

    async def prepare(self) -> None:  # noqa: B027 - there need not be anything to do
        """Get ready to be asked, which does not count as time that the place takes to answer."""

    @abstractmethod
    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """
        Return the kernelspecs as they are now; ``known`` itself where nothing changed since.

        Raises ProviderError.
        """

    def reconfigure(self, config: ProviderConfig) -> bool:
        """
        Take over a changed configuration, connections kept; tell whether that could be done.

        Where it could not, another provider is made and takes the place of this one.
        """
        return False

    async def aclose(self) -> None:  # noqa: B027 - there need not be anything to close
        """Close all connections; running kernels are left alone."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


class RemoteKernelProvider(KernelProvider):
    """
    A place that runs kernels elsewhere.

    Names and ids are the provider's own. Every method raises ProviderError where the provider does
    not do what it is asked, and nothing else. The constructor raises ConfigurationError with a
    sentence where the configuration does not suit the kind; it must not wait for anything.
    """

    @abstractmethod
    async def resource(self, kernel_name: str, file: str) -> Resource:
        """Return a file of a kernelspec; ``file`` is one that the kernelspec's model names."""

    @abstractmethod
    async def start_kernel(
        self, kernel_name: str, *, kernel_id: str, path: str | None, env: Mapping[str, str]
    ) -> KernelModel:
        """
        Start a kernel and return its model.

        ``kernel_id`` is the id that it gets where the provider lets others choose, ``path`` the API
        path of its working directory, ``env`` all variables it may be given.
        """

    @abstractmethod
    async def kernels(self, kernel_ids: Collection[str]) -> Mapping[str, KernelModel | None]:
        """
        Return the models of these kernels by id.

        None stands for one that is proved to be gone. One about which nothing is known is left out.
        """

    async def running_kernels(self) -> Collection[KernelModel]:
        """Return the models of all kernels that run there, also those of others."""
        message = f"{self.label} does not list its kernels."
        raise RequestRefused(self.id, "no_listing", message)

    @abstractmethod
    async def interrupt_kernel(self, kernel_id: str) -> None:
        """Interrupt what the kernel is doing."""

    @abstractmethod
    async def restart_kernel(self, kernel_id: str) -> None:
        """Restart the kernel under the same id."""

    @abstractmethod
    async def shutdown_kernel(self, kernel_id: str) -> None:
        """Stop the kernel; one that is gone already is as good as stopped."""

    @abstractmethod
    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> KernelChannels:
        """
        Connect to the kernel's channels, speaking one of the websocket protocols offered.

        ``session_id`` is the client's, by which the provider finds what it buffered for it.
        """


def no_such_kernelspec(
    config: ProviderConfig, kernel_name: str, known: Collection[str] = ()
) -> NoSuchKernelspec:
    """Return the error for a kernel that a provider does not offer, with those it does."""
    offered = sorted(filter(config.offers, known))
    has = f" It has: {', '.join(offered[:10])}." if offered else ""
    message = f"{config.label} offers no kernel called {kernel_name!r}.{has}"
    return NoSuchKernelspec(config.id, "no_such_kernelspec", message)


def _is_kernelspec(name: str, model: object) -> bool:
    if not name or not isinstance(model, dict) or not isinstance(model.get("spec"), dict):
        return False
    try:
        name.encode()
    except UnicodeEncodeError:  # it cannot be part of a URL
        return False
    resources = model.get("resources", {})
    metadata = model["spec"].get("metadata", {})
    return (
        isinstance(metadata, dict)
        and isinstance(resources, dict)
        and all(isinstance(url, str) for url in resources.values())
    )
