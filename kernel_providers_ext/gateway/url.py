"""The address of a remote server."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from yarl import URL

#: The characters that may stand in a path as they are (RFC 3986, 3.3), with the % of what is
#: encoded already.
PATH_CHARACTERS = "!$&'()*+,;=:@/%-._~"


def encoded(address: str) -> str:
    """Return an address without the slash at its end, and with all in its path encoded."""
    parts = urlsplit(address)
    origin = str(URL(f"{parts.scheme}://{parts.netloc}").origin()) if parts.netloc else ""
    return origin + quote(parts.path, safe=PATH_CHARACTERS).rstrip("/")
