"""The configuration files that a Jupyter server reads, each on its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

#: Names of the files, the most important one last. The server's own precede those of JupyterLab and
#: Notebook, also if JupyterLab is started; see `ExtensionApp._link_jupyter_server_extension`.
NAMES = (
    "jupyter_notebook_config",
    "jupyter_lab_config",
    "jupyter_config",
    "jupyter_server_config",
)


@dataclass(frozen=True)
class ConfigFile:
    """
    A configuration file of Jupyter.

    Args:
        path: Where the file is.
        config: What is set in it; empty if it cannot be read.
        problem: Why it cannot be read, as a sentence.
    """

    path: Path
    config: Config = field(default_factory=Config, repr=False)
    problem: str = ""


def config_files(folders: Sequence[str], config_file: str = "") -> list[ConfigFile]:
    """
    Read all files there are, the most important one last; raises nothing.

    Args:
        folders: The folders of Jupyter's configuration, the most important one first.
        config_file: A file to read in place of ``jupyter_server_config``, as with ``--config``.
    """
    *others, own = NAMES
    places = [(Path(folder), name) for name in others for folder in reversed(folders)]
    if config_file:
        places.append((Path(config_file).parent, Path(config_file).stem))
    else:
        places += [(Path(folder), own) for folder in reversed(folders)]
    return [*_read(places)]


def merged(files: Iterable[ConfigFile]) -> Config:
    """Return what is set in all of the files."""
    config = Config()
    for file in files:
        config.merge(deepcopy(file.config))  # `merge` adopts sections, and changes them later
    return config


def section(config: Config, name: str) -> Mapping[str, Any]:
    """Return the traits of a class in a configuration; empty if there are none."""
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}


def _read(places: Iterable[tuple[Path, str]]) -> Iterable[ConfigFile]:
    for folder, name in places:
        for loader in (PyFileConfigLoader, JSONFileConfigLoader):
            suffix = ".py" if loader is PyFileConfigLoader else ".json"
            path = folder / f"{name}{suffix}"
            try:
                yield ConfigFile(path, loader(path.name, path=str(folder)).load_config())
            except ConfigFileNotFound:
                pass
            # A file is code, and may do anything. What it says of an error may have a secret in it.
            except (Exception, SystemExit) as error:
                module = f" ({error.name})" if isinstance(error, ImportError) else ""
                why = f"it fails with {type(error).__name__}{module}"
                yield ConfigFile(path, problem=f"{path} cannot be read: {why}. Correct it first.")
