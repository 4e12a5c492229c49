"""A response of a remote Jupyter server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..provider.remote_text import one_line
from .json_reader import number

if TYPE_CHECKING:
    from multidict import MultiMapping

KERNELSPECS = "/api/kernelspecs"
LONGEST_QUOTE = 300  # characters of a remote server's own words
#: Messages that say no more than the status.
PHRASES = {status.phrase.lower() for status in HTTPStatus}
#: An authentication scheme in a WWW-Authenticate header, before its parameters.
CHALLENGE = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9-]*)(?=\s*$|\s*,|\s+[^=\s])")


@dataclass(frozen=True)
class Response:
    """
    A response: its status, headers and whole body, and the request that it answers.

    ``challenges`` are the authentication schemes that the server offers (RFC 9110, 11.6.1), such as
    ``basic``; ``path`` is the one below the server's base URL.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    challenges: Sequence[str] = ()
    method: str = "GET"
    path: str = ""

    @classmethod
    def received(
        cls,
        method: str,
        path: str,
        status: int,
        headers: MultiMapping[str] | None,
        body: bytes = b"",
    ) -> Response:
        """Return the response with these headers, each of which may be there several times."""
        asked = headers.getall("WWW-Authenticate", ()) if headers is not None else ()
        challenges = [scheme.lower() for header in asked for scheme in CHALLENGE.findall(header)]
        return cls(status, headers or {}, body, challenges, method, path)

    def json(self) -> Any:
        """
        Return the body's JSON; raises ValueError if it is not JSON.

        ``NaN`` and the like, which Python writes and no browser reads, become None.
        """
        try:
            return json.loads(self.body, parse_float=number, parse_constant=number)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    @property
    def is_jupyter_error(self) -> bool:
        """Whether the body is an error of a Jupyter server: an object with ``message``."""
        return "message" in self._error

    @property
    def words(self) -> str:
        """
        The server's own words about an error, as one line without its full stop.

        A Jupyter server has them in ``message``, an Enterprise Gateway in ``reason``, and a failed
        start of a kernel in the last line of ``traceback``. They are empty if they only repeat the
        status.
        """
        error = self._error
        traceback = str(error.get("traceback") or "").strip().rpartition("\n")[2]
        for given in (error.get("message"), error.get("reason"), traceback):
            words = one_line(given or "", LONGEST_QUOTE).rstrip(".")
            if words and words.lower() not in PHRASES:
                return words
        return ""

    @property
    def message(self) -> str:
        """The ``message`` of a Jupyter server's error; empty if there is none."""
        return str(self._error.get("message") or "")

    @property
    def retry_after(self) -> float:
        """The seconds of the Retry-After header (RFC 9110, 10.2.3); 0 if there are none."""
        value = self.headers.get("Retry-After", "")
        if value.isascii() and value.isdecimal():
            return float(value[:9])
        try:
            then = parsedate_to_datetime(value)
            return max((then - datetime.now(timezone.utc)).total_seconds(), 0.0)
        except (TypeError, ValueError, OverflowError):  # TypeError for a date without a time zone
            return 0.0

    @cached_property
    def _error(self) -> Mapping[str, Any]:
        try:
            value = self.json()
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}
