"""
Names of kernels: qualified by their provider, encoded for URLs, and as shown to people.

The kernel ``python3`` of the provider ``gpu-farm`` is ``gpu-farm/python3``. A provider's id has no
``/``, so the first one always ends it, even if the remote server is itself a multiplexer with names
such as ``hub/gpu-farm/python3``. All functions here are pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from string import Formatter
from typing import TypeGuard
from urllib.parse import quote

#: The id of this server's own kernels, among the providers' ids.
LOCAL_ID = "local"
PROVIDER_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
LONGEST = 255  # characters of a name, an id or a display name

#: Templates of display names, by their word in the settings.
PLACEMENTS: Mapping[str, str] = {
    "suffix": "{kernel} ({provider})",
    "prefix": "{provider}: {kernel}",
    "none": "{kernel}",
}


def qualify(provider_id: str, kernel_name: str) -> str:
    """Return the name under which this server offers a provider's kernel."""
    return f"{provider_id}/{kernel_name}"


def split(name: str) -> tuple[str, str]:
    """Return (provider id, kernel name); the id is empty if the name has no prefix."""
    prefix, slash, rest = name.partition("/")
    return (prefix, rest) if slash else ("", name)


def is_name(text: object) -> TypeGuard[str]:
    """
    Return whether a text from a remote can be a name, an id or a file name here.

    It has at most 255 characters, all of which can be printed: a log shows it as it is. None of its
    parts is ``.`` or ``..``, which would leave the folder that a URL means.
    """
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST or not text.isprintable():
        return False
    return not {".", ".."} & set(text.split("/"))


def encode(name: str) -> str:
    """
    Return the name as one segment of a URL's path, with ``/`` percent-encoded.

    Raises ValueError if it is ``.`` or ``..``, which are no names in a path, or has a surrogate.
    """
    if name in (".", ".."):
        raise ValueError(f"{name!r} is not a name")
    return quote(name, safe="")


def template_of(placement: str) -> str:
    """
    Return the template for a placement: a word of `PLACEMENTS`, or a template itself.

    Raises ValueError with a message for people if the template lacks ``{kernel}`` or has fields
    other than ``{kernel}`` and ``{provider}``.
    """
    template = PLACEMENTS.get(placement, placement)
    try:
        parts = [part for part in Formatter().parse(template) if part[1] is not None]
        fields = {field for _, field, _, _ in parts}
        # A format may not be the name of a provider, which is no format.
        has_inner_field = any("{" in (form or "") for _, _, form, _ in parts)
        usable = "kernel" in fields and fields <= {"kernel", "provider"} and not has_inner_field
        if usable:
            template.format(kernel="", provider="")  # it may have a number's format, for example
    except (ValueError, LookupError) as error:
        raise ValueError(f"{placement!r} is not a template: {error}.") from error
    if not usable:
        words = ", ".join(PLACEMENTS)
        raise ValueError(
            f"{placement!r} is not a placement: use {words}, or a template that has {{kernel}} "
            "and may have {provider}."
        )
    return template


def display_name(template: str, kernel: str, provider: str) -> str:
    """Return a kernel's display name; never empty, as Lab's launcher needs a first letter."""
    return template.format(kernel=kernel, provider=provider).strip() or kernel or provider


def unique(wanted: Mapping[str, str], taken: Collection[str] = ()) -> dict[str, str]:
    """
    Return display names by kernel name, such that none occurs twice or is among those ``taken``.

    Kernels that share a display name all get their kernel name in brackets. A number follows only
    if the result is in use as well. It takes one pass, whatever the names are.
    """
    counts = Counter(wanted.values())
    counts.update(set(taken))
    used = {text for text, count in counts.items() if count == 1}.union(taken)
    numbers: Counter[str] = Counter()
    shown = {}
    for name, text in wanted.items():
        if counts[text] > 1:
            text = base = f"{text} [{name}]"
            while text in used:
                numbers[base] += 1
                text = f"{base} ({numbers[base] + 1})"
            used.add(text)
        shown[name] = text
    return shown
