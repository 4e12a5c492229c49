"""Frames between browsers and remote kernels."""

from .large_frame import is_large, write_large
from .relay import Relay

__all__ = ["Relay", "is_large", "write_large"]
