"""What to do about a failure whose message does not say it."""

from __future__ import annotations

from collections.abc import Mapping

from .config import ProviderConfig
from .errors import ProviderError

#: By reason code; ``{source}`` is where the provider is declared.
REMEDIES: Mapping[str, str] = {
    "dns": (
        "Check the host in the field 'url' in {source}. If only another network knows this name, "
        "connect to its VPN."
    ),
    "refused": (
        "Check that the server is running, and host and port in the field 'url' in {source}. A "
        "Jupyter server listens to other machines only if its option --ip says so."
    ),
    "unreachable": (
        "A firewall may be in between, or a VPN is missing. If connections must go through a "
        "proxy, set the field 'proxy' in {source}."
    ),
    "timeout": (
        "Look into the server's log. If the server is only slow, raise 'timeouts' in {source}."
    ),
    "reset": (
        "Look into the log of the server, and of a proxy or a firewall in front of it: one of them "
        "ended the connection."
    ),
    "proxy": "Check the field 'proxy' in {source}.",
    "tls": (
        "The server may ask for a client's certificate: set 'certificate' and 'key' of the field "
        "'tls' in {source}. Otherwise, look into its log."
    ),
    "server_error": "Look into the log of the server, or of the proxy in front of it.",
    "overloaded": "Try again later.",
    "refused_request": "Look into the server's log.",
    "forbidden": "Ask its administrator whether you may do this.",
    "no_channels": "Look into the server's log: the kernel may have ended.",
    "kernel_gone": "Look into the server's log: the kernel has ended.",
    "no_such_kernelspec": "Choose one of those that it offers.",
}
NO_WAY = "The proxy cannot reach the server: check the field 'url' in {source}."
#: By what a proxy answered.
PROXY_REMEDIES: Mapping[str, str] = {
    "answered 403": "It does not let connections to this server pass. Ask its administrator.",
    "answered 407": (
        "It asks for a user and a password: set the field 'proxy' in {source}, like "
        '"http://user:password@proxy.example.org:3128".'
    ),
    "answered 502": NO_WAY,
    "answered 503": NO_WAY,
    "answered 504": NO_WAY,
}
#: By a part of what OpenSSL says about a certificate, in lower case.
CERTIFICATE_REMEDIES: Mapping[str, str] = {
    "expired": "The server needs a new certificate.",
    "not yet valid": "Check the clocks of both machines.",
    "mismatch": "Use the name in the certificate: check the field 'url' in {source}.",
}
UNKNOWN_AUTHORITY = (
    "If the certificate is of an authority of your own, set 'ca' of the field 'tls' in {source} to "
    "the file of that authority's certificate."
)


def remedy_for(error: ProviderError, config: ProviderConfig) -> str:
    """Return what to do, as sentences; empty if that is not known."""
    remedy = REMEDIES.get(error.reason_code, "")
    if error.reason_code == "proxy":
        remedy = PROXY_REMEDIES.get(error.detail, remedy)
    elif error.reason_code == "tls" and error.detail:
        about = error.detail.lower()
        found = (words for part, words in CERTIFICATE_REMEDIES.items() if part in about)
        remedy = next(found, UNKNOWN_AUTHORITY)
    return remedy.replace("{source}", config.source)
