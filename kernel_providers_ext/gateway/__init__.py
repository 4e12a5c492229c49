"""
The built-in kind of provider: a remote server with the REST API of Jupyter Server.

aiohttp, whose import takes 90 ms, is imported by the first request and not here.
"""

from .provider import GatewayKernelProvider

__all__ = ["GatewayKernelProvider"]
