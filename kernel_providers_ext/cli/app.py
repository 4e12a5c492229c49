"""``jupyter kernel-providers``: lists and edits the providers, and runs a demonstration."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from jupyter_core.application import JupyterApp
from traitlets import Bool, Integer
from traitlets.config.argcomplete_config import get_argcomplete_cwords

from ..config.loader import FileLoader
from ..registry.providers import KernelProviders
from .check import CheckApp
from .config_app import ConfigApp
from .demo import Demo
from .doctor import DoctorApp
from .edit import AddApp, DisableApp, EnableApp, RemoveApp
from .import_app import ImportApp
from .kernels import AttachApp, KernelsApp, StartApp, StopApp
from .list_app import ListApp


class DemoApp(JupyterApp):
    """Runs JupyterLab with two providers until it is stopped."""

    name = "jupyter-kernel-providers-demo"
    description = "Start two Kernel Gateways, and JupyterLab with their kernels beside its own."
    port = Integer(0, config=True, help="JupyterLab's port; by default, any free one.")
    no_browser = Bool(False, config=True, help="Do not open a browser.")
    aliases: Any = {"port": "DemoApp.port"}
    flags: Any = {"no-browser": ({"DemoApp": {"no_browser": True}}, "Do not open a browser.")}

    def migrate_config(self) -> None:
        """Migrate nothing from IPython 3: the demo writes nothing to the user's folders."""

    def start(self) -> None:
        """Run the demo; the exit code is 1 if a part of it does not start."""
        super().start()
        self.exit(Demo(port=self.port, opens_browser=not self.no_browser).run())


class KernelProvidersApp(JupyterApp):
    """The command itself, which has only subcommands."""

    name = "jupyter-kernel-providers"
    description = "Kernels of several places in one Jupyter Server."
    version = version("kernel-providers-ext")
    #: Their traits are listed by --help-all.
    classes: Any = [KernelProviders, FileLoader]
    aliases: Any = {}
    flags: Any = {}
    subcommands: Any = {
        "list": (ListApp, ListApp.description),
        "test": (CheckApp, CheckApp.description),
        "doctor": (DoctorApp, DoctorApp.description),
        "add": (AddApp, AddApp.description),
        "import": (ImportApp, ImportApp.description),
        "enable": (EnableApp, EnableApp.description),
        "disable": (DisableApp, DisableApp.description),
        "remove": (RemoveApp, RemoveApp.description),
        "kernels": (KernelsApp, KernelsApp.description),
        "start": (StartApp, StartApp.description),
        "attach": (AttachApp, AttachApp.description),
        "stop": (StopApp, StopApp.description),
        "config": (ConfigApp, ConfigApp.description),
        "demo": (DemoApp, DemoApp.description),
    }

    def initialize(self, argv: Any = None) -> None:
        """Find the subcommand, also in the words that a shell wants to complete."""
        words = get_argcomplete_cwords() if argv is None else None
        super().initialize(words[1:] if words else argv)

    def start(self) -> None:
        """Run the subcommand; without one, print which ones there are."""
        super().start()
        given = f"There is no subcommand {self.extra_args[0]!r}. " if self.extra_args else ""
        print(f"{given}The subcommands are: {', '.join(self.subcommands)}.")
        self.exit(1)


main = KernelProvidersApp.launch_instance
