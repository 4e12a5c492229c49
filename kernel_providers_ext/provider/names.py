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
from urllib.parse import quote

#: The id of this server's own kernels, among the providers' ids.
LOCAL_ID = "local"
PROVIDER_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")

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


def encode(name: str) -> str:
    """Return the name as one segment of a URL's path, with ``/`` percent-encoded."""
    return quote(name, safe="")


def template_of(placement: str) -> str:
    """
    Return the template for a placement: a word of `PLACEMENTS`, or a template itself.

    Raises ValueError with a message for people if the template lacks ``{kernel}`` or has fields
    other than ``{kernel}`` and ``{provider}``.
    """
    template = PLACEMENTS.get(placement, placement)
    try:
        fields = {field for _, field, _, _ in Formatter().parse(template) if field is not None}
        usable = "kernel" in fields and fields <= {"kernel", "provider"}
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

    Kernels that share a display name all get their kernel name in brackets, so that the result does
    not depend on their order.
    """
    shown = dict(wanted)
    while True:
        counts = Counter(shown.values())
        counts.update(set(taken))
        again = {n: f"{text} [{n}]" for n, text in shown.items() if counts[text] > 1}
        if not again:
            return shown
        shown.update(again)
