"""Whether a provider may have done what it was asked for, although that failed."""

from __future__ import annotations

import pytest

from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    ProviderError,
    ProviderUnavailable,
    RequestRefused,
    SignInNeeded,
    defect,
)


@pytest.mark.parametrize(
    ("kind", "reason", "is_certain"),
    [
        (ProviderUnavailable, "timeout", False),
        (ProviderUnavailable, "reset", False),
        (ProviderUnavailable, "server_error", False),
        (IncompatibleAnswer, "incompatible", False),
        (ProviderUnavailable, "refused", True),
        (ProviderUnavailable, "dns", True),
        (SignInNeeded, "unauthorised", True),
        (RequestRefused, "forbidden", True),
    ],
)
def test_only_an_answer_or_a_missing_connection_is_certain(
    kind: type[ProviderError], reason: str, is_certain: bool
) -> None:
    """A kernel that may have started is looked for, and stopped."""
    assert kind("gpu", reason, "It failed.").is_certain == is_certain


def test_a_defect_names_the_provider() -> None:
    """It is as if the provider could not be reached."""
    error = defect("gpu")
    assert (error.status_code, error.reason_code) == (503, "defect")
    assert error.message == "The code of the kernel provider gpu failed. See the log."
