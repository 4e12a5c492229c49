"""A response of a remote Jupyter server."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True)
class Response:
    """A response: its status, its headers and its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """
        Return the body's JSON; raises ValueError if it is not JSON.

        ``NaN`` and the like, which Python writes and no browser reads, become None.
        """
        try:
            return json.loads(self.body, parse_float=_number, parse_constant=_number)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    @property
    def message(self) -> str | None:
        """The message of a Jupyter server's error, as one line; None if this is not one."""
        try:
            value = self.json()
        except ValueError:
            return None
        if not isinstance(value, dict):
            return None
        return " ".join(str(value.get("message") or "").split())

    @property
    def retry_after(self) -> float:
        """The seconds of the Retry-After header (RFC 9110, 10.2.3); 0 if there are none."""
        value = self.headers.get("Retry-After", "")
        if value.isdecimal():
            return float(value)
        try:
            then = parsedate_to_datetime(value)
            return max((then - datetime.now(timezone.utc)).total_seconds(), 0.0)
        except (TypeError, ValueError):  # TypeError for a date without a time zone
            return 0.0


def _number(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
