"""The address of a server, as people copy it from a browser or a terminal."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit, urlunsplit

#: Where the paths of Jupyter's applications begin, below a server's base URL.
APPLICATIONS = frozenset(
    ("lab", "tree", "notebooks", "edit", "doc", "consoles", "terminals", "files", "view", "login")
)


def server_address(copied: str) -> tuple[str, str]:
    """
    Return the address of a server and the token in it, which is empty if there is none.

    ``https://gpu.example.org/user/ada/lab/tree/a.ipynb?token=abc`` is the address
    ``https://gpu.example.org/user/ada/`` with the token ``abc``. What is no web address is returned
    as it is.
    """
    copied = copied.strip()
    try:
        parts = urlsplit(copied)
    except ValueError:
        return copied, ""
    if parts.scheme not in ("http", "https"):
        return copied, ""
    segments = parts.path.split("/")
    ends = [n for n, segment in enumerate(segments) if segment in APPLICATIONS]
    path = "/".join([*segments[: ends[0]], ""]) if ends else parts.path
    token = parse_qs(parts.query).get("token", [""])[0]
    return urlunsplit((parts.scheme, parts.netloc, path, "", "")), token


def place(url: object) -> str:
    """Return the host of an address, with its port if it has one; empty if it is no address."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return ""
