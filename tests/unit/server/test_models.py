"""The models of the REST API."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from kernel_providers_ext.provider.config import parse
from kernel_providers_ext.provider.status import Kernelspecs, Reachable, Status
from kernel_providers_ext.registry.phases import STARTING, Phase
from kernel_providers_ext.server.models import provider_model, providers_model, status_model
from tests.conftest import MakeProviders
from tests.support.fake_provider import gateway, scripted, started

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
CONFIG = parse("gpu", {"url": "http://gpu.test", "label": "GPU"}, "gpu.json")


@pytest.mark.parametrize(
    ("seconds", "milliseconds"), [(None, None), (0.0, 0), (0.0384, 38), (0.0386, 39), (2.5, 2500)]
)
def test_a_latency_is_in_milliseconds(seconds: float | None, milliseconds: int | None) -> None:
    """Whole ones, as people read it."""
    status = Status(THEN, latency=seconds)
    assert status_model(CONFIG, "GPU", status)["latency_ms"] == milliseconds


def test_a_status_has_all_that_front_ends_show() -> None:
    """Each field under its own name; times have a time zone."""
    status = Status(
        THEN,
        Reachable.OFFLINE,
        Kernelspecs.STALE,
        last_seen=THEN - timedelta(hours=1),
        reason_code="refused",
        detail="errno 111",
        message="It refused the connection.",
    )
    assert status_model(CONFIG, "GPU 1", status, 12.5) == {
        "id": "gpu",
        "label": "GPU 1",
        "kind": "gateway",
        "url": "http://gpu.test",
        "source": "gpu.json",
        "origin": "configuration",
        "state": "offline",
        "reason": "refused",
        "detail": "errno 111",
        "message": "It refused the connection.",
        "since": "2026-01-02T03:04:05+00:00",
        "last_seen": "2026-01-02T02:04:05+00:00",
        "latency_ms": None,
        "kernelspecs": "stale",
        "retry_in": 12.5,
        "warnings": [],
        "kernel_phases": [],
    }


async def test_providers_are_in_order(make_providers: MakeProviders) -> None:
    """Local kernels first, then remote ones as they are declared, then those that are off."""
    declared = (gateway("off", enabled=False), scripted("b", "py"), scripted("a", "py"))
    bad = gateway("bad", tokn=1)
    providers = await started(make_providers(*declared, bad, placement="{kernel} @ {provider}"))
    model = providers_model(providers)
    assert [(one["id"], one["state"]) for one in model["providers"]] == [
        ("local", "online"),
        ("b", "online"),
        ("a", "online"),
        ("off", "off"),
    ]
    assert (model["default"], model["template"]) == ("local", "{kernel} @ {provider}")
    [problem] = model["problems"]
    assert (problem["id"], problem["source"]) == ("bad", "bad.json")
    assert "tokn" in problem["message"]


async def test_local_kernels_are_a_provider_without_a_place(make_providers: MakeProviders) -> None:
    """Front ends need neither an address nor a file for this server."""
    [local] = providers_model(make_providers())["providers"]
    shown = {field: local[field] for field in ("id", "label", "kind", "url", "source", "state")}
    assert shown == {
        "id": "local",
        "label": "This server",
        "kind": "local",
        "url": None,
        "source": None,
        "state": "online",
    }
    assert local["kernelspecs"] == "fresh"


async def test_switched_off_local_kernels_are_not_listed(make_providers: MakeProviders) -> None:
    """Then only remote providers are."""
    providers = make_providers(scripted("a", "py"), local_enabled=False)
    assert [one["id"] for one in providers_model(providers)["providers"]] == ["a"]


async def test_equal_labels_become_unique(make_providers: MakeProviders) -> None:
    """One provider alone is shown with the same label as in the list."""
    options: Any = {"label": "GPU"}
    providers = await started(make_providers(*(gateway(name, **options) for name in "ab")))
    labels = [one["label"] for one in providers_model(providers)["providers"][1:]]
    assert len(set(labels)) == 2
    assert [provider_model(providers, one)["label"] for one in providers.monitors] == labels


async def test_warnings_and_phases_are_those_of_the_provider(make_providers: MakeProviders) -> None:
    """Another provider has neither."""
    providers = await started(make_providers(scripted("a", "py"), scripted("b", "py")))
    providers.warn("a", "Its token is readable by others.")
    providers.phases.begin("owner", Phase("a", "kernel-1", "a/py", STARTING, THEN, "session-1"))
    a, b = (provider_model(providers, one) for one in providers.monitors)
    assert a["warnings"] == ["Its token is readable by others."]
    assert a["kernel_phases"] == [
        {
            "kernel_id": "kernel-1",
            "kernel_name": "a/py",
            "phase": "starting",
            "since": THEN.isoformat(),
            "session_id": "session-1",
        }
    ]
    assert (b["warnings"], b["kernel_phases"]) == ([], [])
