"""TLS to a remote server."""

from __future__ import annotations

import ssl

from ..provider.config import Tls
from ..provider.errors import ConfigurationError


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """Return the context for connections; raises ConfigurationError if a file is not usable."""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"The file of 'tls.ca', {tls.ca}, cannot be used.") from error
    if tls.certificate is not None:
        try:
            # Without a password, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(tls.certificate, tls.key, password="")
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"The client's certificate, {tls.certificate}, or its key cannot be used."
            ) from error
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
