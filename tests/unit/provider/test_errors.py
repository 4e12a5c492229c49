"""Errors: messages for people, with our own HTTP statuses."""

from __future__ import annotations

import pytest
from tornado import web

from kernel_providers_ext.provider.errors import ProviderError

SENTENCE = "GPU farm at https://gpu.example.org/a%20b refuses connections."


@pytest.mark.parametrize("kind", ProviderError.__subclasses__())
def test_an_error_prints_as_its_message(kind: type[ProviderError]) -> None:
    """Each error prints as its message, and tornado answers with our own status."""
    error = kind("gpu", "refused", SENTENCE)
    assert isinstance(error, web.HTTPError)
    assert (str(error), error.message) == (SENTENCE, SENTENCE)
    assert (error.provider_id, error.reason_code) == ("gpu", "refused")
    assert error.status_code == kind.http_status
    assert error.status_code in (404, 502, 503), "a 401 or 403 would be taken for the user's own"
