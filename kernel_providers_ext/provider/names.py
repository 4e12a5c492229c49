"""
Names of kernels: qualified, as part of a URL, and as shown to people. All functions are pure.

A kernel ``python3`` of the provider ``gpu-farm`` is called ``gpu-farm/python3``. A provider's id
cannot contain a ``/``, so the first one always ends it, even where the remote server is itself a
multiplexer with names like ``hub/gpu-farm/python3``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from string import Formatter
from urllib.parse import quote

#: The id of this server's own kernels, among those of the providers.
LOCAL_ID = "local"
PROVIDER_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")

#: Where the provider's name stands in a kernel's display name, by the word used in settings.
PLACEMENTS: Mapping[str, str] = {
    "suffix": "{kernel} ({provider})",
    "prefix": "{provider}: {kernel}",
    "none": "{kernel}",
}


def qualify(provider_id: str, kernel_name: str) -> str:
    """Return the name under which this server offers a provider's kernel."""
    return f"{provider_id}/{kernel_name}"


def split(name: str) -> tuple[str, str]:
    """Return (provider id, kernel name); the id is empty where the name has no prefix."""
    prefix, slash, rest = name.partition("/")
    return (prefix, rest) if slash else ("", name)


def encode(name: str) -> str:
    """Return the name as one segment of a URL's path, its ``/`` percent-encoded."""
    return quote(name, safe="")


def template_of(placement: str) -> str:
    """
    Return the template that a placement stands for: a word of `PLACEMENTS`, or a template itself.

    Raises ValueError with a sentence where the template has no ``{kernel}`` or another field.
    """
    template = PLACEMENTS.get(placement, placement)
    try:
        fields = {field for _, field, _, _ in Formatter().parse(template) if field is not None}
        usable = "kernel" in fields and fields <= {"kernel", "provider"}
        if usable:
            template.format(kernel="", provider="")  # it may ask for a number's format, say
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
    """Return what people see for a kernel; never empty, as Lab's launcher needs a first letter."""
    return template.format(kernel=kernel, provider=provider).strip() or kernel or provider


def unique(wanted: Mapping[str, str], taken: Collection[str] = ()) -> dict[str, str]:
    """
    Return display names by kernel name such that none occurs twice, nor among those taken.

    Kernels that share a display name all get their kernel name in brackets, so that the result
    depends neither on order nor on which of them was there first.
    """
    shown = dict(wanted)
    while True:
        counts = Counter(shown.values())
        counts.update(set(taken))
        again = {n: f"{text} [{n}]" for n, text in shown.items() if counts[text] > 1}
        if not again:
            return shown
        shown.update(again)
