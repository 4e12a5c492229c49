"""The command line: ``jupyter kernel-providers``."""

from .app import main

__all__ = ["main"]
