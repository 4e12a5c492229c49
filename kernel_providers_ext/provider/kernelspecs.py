"""
Which of a provider's kernelspecs are offered here, and in which form.

Whatever a remote answers, the result is bounded, and has all that JupyterLab needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from .config import ProviderConfig
from .names import LONGEST, encode, is_name
from .remote_text import one_line

MAX_SPEC = 64 * 2**10  # bytes of one kernelspec as JSON
MAX_SPECS = 4 * 2**20  # bytes of all kernelspecs of one provider as JSON
IMAGES = (".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico")
NAMED = 5  # kernelspecs that a sentence names


class Selection:
    """
    The kernelspecs that a provider offers here, selected one by one.

    Args:
        config: The provider's configuration, whose ``include``, ``exclude``, ``max_kernelspecs``
            and ``resources`` decide.
    """

    def __init__(self, config: ProviderConfig) -> None:
        #: The selected models by the provider's kernel names, in its order.
        self.kernelspecs: dict[str, Mapping[str, Any]] = {}
        self._config = config
        self._count = 0
        self._bytes = 0
        self._invalid: dict[str, str] = {}
        self._invalid_count = 0

    def add(self, models: Iterable[tuple[str, object]]) -> None:
        """Select of these models, by name, those that are valid, offered, and within the limits."""
        for name, model in models:
            if not is_name(name):
                self._leave_out(name, "its name cannot be used")
            elif self._config.offers(name):
                self._add(name, model)

    def _add(self, name: str, model: object) -> None:
        if not isinstance(model, dict) or not isinstance(model.get("spec"), dict):
            self._leave_out(name, "it has no 'spec'")
            return
        complete = _complete(name, model, self._config.resources == "all")
        size = len(json.dumps(complete, default=str))
        if size > MAX_SPEC:
            self._leave_out(name, f"it is larger than {MAX_SPEC >> 10} KiB")
            return
        self._count += 1
        self._bytes += size
        if self._count <= self._config.max_kernelspecs and self._bytes <= MAX_SPECS:
            self.kernelspecs[name] = complete

    def _leave_out(self, name: str, why: str) -> None:
        self._invalid_count += 1
        if self._invalid_count <= NAMED:
            self._invalid[one_line(name, 60)] = why

    @property
    def notices(self) -> tuple[str, ...]:
        """What was left out and why, as sentences; empty if nothing was."""
        config, notices = self._config, []
        listed = len(self.kernelspecs)
        if listed < self._count:
            notices.append(
                f"{config.label} offers {self._count} kernels; the first {listed} are listed. "
                "Select kernels with 'include' and 'exclude', or raise 'max_kernelspecs', in "
                f"{config.source}."
            )
        if self._invalid_count:
            named = ", ".join(f"'{name}' ({why})" for name, why in self._invalid.items())
            more = " and others" if self._invalid_count > len(self._invalid) else ""
            kernelspecs = "kernelspec" if self._invalid_count == 1 else "kernelspecs"
            notices.append(
                f"{config.label} has {self._invalid_count} {kernelspecs} that cannot be used: "
                f"{named}{more}."
            )
        return tuple(notices)


def file_of(url: str) -> str:
    """Return the last segment of a resource's URL, decoded; empty if that cannot be a file."""
    try:
        file = unquote(urlsplit(url).path.rpartition("/")[2], errors="strict")
    except ValueError:
        return ""
    return file if is_name(file) else ""


def _complete(name: str, model: Mapping[str, Any], with_scripts: bool) -> Mapping[str, Any]:
    """
    Return a model with all that JupyterLab needs; null, or a value of another type, means empty.

    Each of its ``resources`` is an encoded file name.
    """
    spec = model["spec"]
    shown = spec.get("display_name")
    shown = one_line(shown, LONGEST) if isinstance(shown, str) else ""
    argv, language = spec.get("argv"), spec.get("language")
    return {
        **model,
        "name": name,
        "spec": {
            **spec,
            "argv": argv if isinstance(argv, list) else [],
            "display_name": shown or name,
            "language": language if isinstance(language, str) else "",
            **{key: _object(spec[key]) for key in ("metadata", "env") if key in spec},
        },
        "resources": {
            key: encode(file)
            for key, url in _object(model.get("resources")).items()
            if isinstance(url, str) and (file := file_of(url)) and (with_scripts or is_image(file))
        },
    }


def is_image(file: str) -> bool:
    """Return whether a file is an image by its name; a script of a remote is not served."""
    return file.lower().endswith(IMAGES)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
