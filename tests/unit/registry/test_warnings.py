"""What is unsafe in a configuration that can be used."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.provider.config import parse
from kernel_providers_ext.registry.providers import KernelProviders
from kernel_providers_ext.registry.warnings import warnings_of
from kernel_providers_ext.server.models import providers_model

TOKEN = {"env": "GPU_TOKEN"}


def warnings(settings: dict[str, Any], source: str = "/nowhere/gpu.json") -> list[str]:
    """Return the warnings about a provider with these settings."""
    return list(warnings_of(parse("gpu", settings, source)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "https://gpu.example.org", "tls": {"verify": False}}, "is not checked"),
        ({"url": "http://gpu.example.org", "token": TOKEN}, "without encryption"),
        ({"url": "http://10.0.0.1:8888", "headers": {"X-Key": TOKEN}}, "without encryption"),
        ({"url": "http://gpu", "cookies": {"key": TOKEN}}, "without encryption"),
        (
            {"url": "http://gpu", "auth": {"user": "ada", "password": TOKEN}},
            "without encryption",
        ),
    ],
)
def test_what_is_unsafe_is_said(settings: dict[str, Any], words: str) -> None:
    """A certificate that is not checked, and a secret on a network without encryption."""
    [warning] = warnings(settings)
    assert words in warning
    assert "/nowhere/gpu.json" in warning


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "https://gpu.example.org", "token": TOKEN},
        {"url": "http://gpu.example.org"},
        {"url": "http://gpu.example.org", "headers": {"X-Team": "blue"}},
        {"url": "http://localhost:8888", "token": TOKEN},
        {"url": "http://127.0.0.2:8888", "token": TOKEN},
        {"url": "http://[::1]:8888", "token": TOKEN},
        {"url": "http://gpu.localhost:8888", "token": TOKEN},
        {"url": "http://localhost", "tls": {"verify": False}},
    ],
)
def test_what_is_safe_is_not(settings: dict[str, Any]) -> None:
    """TLS, this machine, and no secret need no warning."""
    assert warnings(settings) == []


@pytest.mark.parametrize(("mode", "is_said"), [(0o600, False), (0o640, False), (0o604, True)])
def test_files_that_others_can_read_are_named(tmp_path: Path, mode: int, is_said: bool) -> None:
    """The provider's own file, if it has a secret, and each file that it refers to."""
    own, token = tmp_path / "gpu.json", tmp_path / "token"
    for path in (own, token):
        path.touch()
        path.chmod(mode)
    url = "https://gpu.example.org"
    for settings, file in (
        ({"url": url, "token": {"value": "token-of-gpu"}}, own),
        ({"url": url, "token": {"file": str(token)}}, token),
        ({"url": url, "headers": {"X-Key": {"file": str(token)}}}, token),
    ):
        expected = [
            f"Other users of this machine can read {file}, which has a secret of gpu. Run: chmod "
            f"o-r {file}"
        ]
        assert warnings(settings, str(own)) == (expected if is_said else [])
    assert warnings({"url": url, "token": TOKEN}, str(own)) == []
    assert warnings({"url": url, "token": {"env": str(token)}}, str(own)) == [], "it is no file"


async def test_a_warning_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """It is in the log once, also after changes, and in the list for as long as it is true."""
    log = logging.getLogger("test_warnings")
    providers = KernelProviders(log=log)
    settings = {"url": "https://gpu.invalid", "tls": {"verify": False}}
    for label in ("GPU", "GPU", "Farm"):
        providers.apply([Declaration("gpu", "gpu.json", {**settings, "label": label})])
        if not providers.running:
            await providers.start()
    monitor = providers.monitor("gpu")
    for _ in range(2):
        monitor.warn("A message of GPU was too large.")
    listed = providers_model(providers)["providers"][-1]["warnings"]
    assert [warning.split(":")[0] for warning in listed] == [
        "The certificate of Farm is not checked",
        "A message of GPU was too large.",
    ]
    assert caplog.text.count("The certificate of GPU is not checked") == 1
    assert caplog.text.count("The certificate of Farm is not checked") == 1
    assert caplog.text.count("A message of GPU was too large.") == 1
    providers.apply([Declaration("gpu", "gpu.json", {"url": "https://gpu.invalid"})])
    assert providers.monitor("gpu").warnings == ["A message of GPU was too large."]
    await providers.aclose()
