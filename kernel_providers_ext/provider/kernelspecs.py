"""
Which of a provider's kernelspecs are offered here, and in which form.

Whatever a remote answers, the result is bounded, and has all that JupyterLab needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from .config import ProviderConfig
from .names import LONGEST, encode, is_name
from .remote_text import one_line

MAX_SPEC = 64 * 2**10  # bytes of one kernelspec as JSON
MAX_SPECS = 2 * 2**20  # bytes of all kernelspecs of one provider as JSON
MAX_VALUES = 2_000  # values in one kernelspec, of which each is an object in memory
MAX_LEVELS = 50  # of objects and arrays; Python cannot write a thousand
MAX_ALL_VALUES = 100_000  # values in all kernelspecs of one provider
MAX_MODELS = 50_000  # models that are looked at
IMAGES = (".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico")
NAMED = 5  # kernelspecs that a sentence names
TOO_LARGE = f"it has more than {MAX_SPEC >> 10} KiB, {MAX_VALUES} values or {MAX_LEVELS} levels"


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
        #: Whether there are more kernelspecs than the limits allow.
        self.is_full = False
        self._is_too_large = False
        self._config = config
        self._seen = 0
        self._bytes = self._values = 0
        self._left_out: dict[str, str] = {}
        self._left_out_count = 0

    def add(self, name: str, model: object) -> None:
        """Select a model if it is valid, offered, and within the limits."""
        self._seen += 1
        if not is_name(name):
            self.leave_out(name, "its name cannot be used")
        elif not self._config.offers(name):
            pass
        elif not isinstance(model, dict) or not isinstance(model.get("spec"), dict):
            self.leave_out(name, "it has no 'spec'")
        elif _has_more_levels(model, MAX_LEVELS):
            self.leave_out(name, TOO_LARGE)
        else:
            complete = _complete(name, model, self._config.resources == "all")
            self._add(name, complete, json.dumps(complete, default=str))
        self.is_full = self.is_full or self._seen >= MAX_MODELS

    def leave_out(self, name: str, why: str) -> None:
        """Count a model that cannot be used, and say why."""
        self._left_out_count += 1
        if self._left_out_count <= NAMED:
            self._left_out[one_line(name, 60)] = why

    def _add(self, name: str, model: Mapping[str, Any], text: str) -> None:
        values = sum(map(text.count, "[{,"))
        if len(text) > MAX_SPEC or values > MAX_VALUES:
            self.leave_out(name, TOO_LARGE)
        elif len(self.kernelspecs) == self._config.max_kernelspecs:
            self.is_full = True
        elif self._bytes + len(text) > MAX_SPECS or self._values + values > MAX_ALL_VALUES:
            self.is_full = self._is_too_large = True
        else:
            self.kernelspecs[name] = model
            self._bytes += len(text)
            self._values += values

    @property
    def notices(self) -> tuple[str, ...]:
        """What was left out and why, as sentences; empty if nothing was."""
        config, notices = self._config, []
        if self.is_full:
            change = "" if self._is_too_large else ", or change 'max_kernelspecs',"
            why = (
                f" Together, they are larger than {MAX_SPECS >> 20} MiB or {MAX_ALL_VALUES} values."
            )
            notices.append(
                f"{config.label} offers more kernels than the first {len(self.kernelspecs)}, which "
                f"are listed.{why if self._is_too_large else ''} Select kernels with 'include' and "
                f"'exclude'{change} in {config.source}."
            )
        if self._left_out_count:
            named = ", ".join(f"'{name}' ({why})" for name, why in self._left_out.items())
            more = " and others" if self._left_out_count > len(self._left_out) else ""
            kernelspecs = "kernelspec" if self._left_out_count == 1 else "kernelspecs"
            notices.append(
                f"{config.label} has {self._left_out_count} {kernelspecs} that cannot be used: "
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


def _has_more_levels(value: object, levels: int) -> bool:
    """Return whether objects and arrays are nested deeper than so many levels."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return not levels or any(_has_more_levels(one, levels - 1) for one in inner)


def is_image(file: str) -> bool:
    """Return whether a file is an image by its name; a script of a remote is not served."""
    return file.lower().endswith(IMAGES)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
