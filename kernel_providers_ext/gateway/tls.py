"""TLS to a remote server."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from ..provider.config import Tls


class TlsFileError(Exception):
    """A file of the field 'tls' cannot be used; the message says which."""


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """Return the context for connections; raises TlsFileError if a file is not usable."""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
    except (OSError, ssl.SSLError) as error:
        raise TlsFileError(f"the file of 'tls.ca', {tls.ca}, {_why(error)}") from error
    if tls.certificate is not None:
        try:
            # Without a password, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(tls.certificate, tls.key, password="")
        except (OSError, ssl.SSLError) as error:
            raise TlsFileError(
                f"the client's certificate, {tls.certificate}, or its key {_why(error)}"
            ) from error
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def speaks_tls(address: str, timeout: float) -> bool:
    """Return whether a server has TLS at an ``http://`` address, within so many seconds."""
    parts = urlsplit(address)
    if parts.scheme != "http":
        return False
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connecting = asyncio.open_connection(parts.hostname, parts.port or 80, ssl=context)
    try:
        _, writer = await asyncio.wait_for(connecting, timeout)
    except (OSError, asyncio.TimeoutError):
        return False
    writer.transport.abort()
    return True


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "is not a PEM file that can be used"
    return f"cannot be read ({(error.strerror or 'no reason given').lower()})"
