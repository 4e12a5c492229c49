"""The documentation has all that can be configured, and its examples are valid."""

from __future__ import annotations

import json
import re

import pytest

from kernel_providers_ext.config.traits import KernelProvidersConfig
from kernel_providers_ext.provider.config import SCHEMA, ProviderConfig, parse
from kernel_providers_ext.provider.status import Kernelspecs, Reachable, Status, now
from kernel_providers_ext.registry.providers import KernelProviders
from kernel_providers_ext.server.events import CHANGED
from kernel_providers_ext.server.events import SCHEMA as EVENT
from kernel_providers_ext.server.metrics import PREFIX, Families
from kernel_providers_ext.server.models import providers_model, status_model
from tests.support.processes import ROOT

REFERENCE = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
PAGES = ("guide/when-something-goes-wrong.md", "admin/untrusted-providers.md")
TABLE = "\n| what goes wrong | what happens here | test |\n|---|---|---|\n"
FAULTS = "".join("\n" + (ROOT / "docs" / page).read_text("utf-8").split(TABLE)[1] for page in PAGES)
REST = (ROOT / "docs" / "reference" / "rest.md").read_text("utf-8")
METRICS = (ROOT / "docs" / "admin" / "metrics.md").read_text("utf-8")


@pytest.mark.parametrize("field", SCHEMA["properties"])
def test_each_field_is_in_the_reference(field: str) -> None:
    """Every field of a provider's file has a row in the reference."""
    assert re.search(rf"^\|[^|]*`{field}`", REFERENCE, re.MULTILINE)


@pytest.mark.parametrize("trait", KernelProvidersConfig.class_own_traits(config=True))
def test_each_trait_is_in_the_reference(trait: str) -> None:
    """Every trait has a row in the reference."""
    assert re.search(rf"^\|[^|]*`(c\.KernelProviders)?\.{trait}`", REFERENCE, re.MULTILINE)


def test_the_readmes_example_is_a_provider() -> None:
    """The file in the README is accepted as it stands."""
    readme = (ROOT / "README.md").read_text("utf-8")
    [example] = re.findall(r"```json\n(.*?)```", readme, re.DOTALL)
    assert parse("gpu-farm", json.loads(example), "README.md").label == "GPU farm"


@pytest.mark.parametrize(
    "word",
    [
        *providers_model(KernelProviders()),
        "files",
        *status_model(ProviderConfig("gpu", "gpu.json"), "GPU", Status(now())),
        *(state.value for state in (*Reachable, *Kernelspecs)),
    ],
)
def test_each_word_of_the_list_is_in_its_reference(word: str) -> None:
    """Every field of ``GET /api/kernel-providers`` has a row, and every state is named."""
    assert re.search(rf"^\|.*`{word}`", REST, re.MULTILINE)


def test_the_example_of_the_list_is_one() -> None:
    """The example has the fields that an answer has, in their order."""
    example = json.loads(re.findall(r"```json\n(.*?)```", REST, re.DOTALL)[0])
    answer = {**providers_model(KernelProviders()), "files": {}}
    assert list(example) == list(answer)
    assert [list(p) for p in example["providers"]] == [list(answer["providers"][0])] * 2
    assert {**example["providers"][0], "since": ""} == {**answer["providers"][0], "since": ""}


def test_the_example_of_the_event_is_one() -> None:
    """The example of an event has its schema's id and properties."""
    example = json.loads(re.findall(r"```json\n(.*?)```", REST, re.DOTALL)[1])
    schema = json.loads(EVENT.read_text("utf-8"))
    assert example.pop("schema_id") == schema["$id"] == CHANGED
    assert list(example) == list(schema["properties"]) == schema["required"]


def test_the_page_of_metrics_has_all() -> None:
    """Each metric has a row with its type, and no other is in a query or an alert."""
    rows = re.findall(rf"^\| `({PREFIX}\w+)` \| (\w+) \|", METRICS, re.MULTILINE)
    suffixes = {"counter": "_total", "gauge": ""}
    assert rows == [(m.name + suffixes[m.type], m.type) for m in Families().all]
    assert set(re.findall(rf"{PREFIX}\w+", METRICS)) == {name for name, _ in rows}


def test_the_page_of_metrics_has_the_states() -> None:
    """All are in the table, and no others are in a query or an alert."""
    states = [state.value for state in Reachable]
    assert f"`state`: {', '.join(f'`{state}`' for state in states)} |" in METRICS
    wanted = re.findall(r'state[!=~]+"([a-z|]+)"', METRICS)
    assert len(wanted) >= 3
    assert set("|".join(wanted).split("|")) <= set(states)


CASES = re.findall(r"^\| ([^|]+) \|[^|]+\| ([^|]+) \|$", FAULTS, re.MULTILINE)


@pytest.mark.parametrize(("case", "tests"), CASES)
def test_each_fault_has_its_tests(case: str, tests: str) -> None:
    """Each case of the table names tests, and these exist."""
    of_server = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
    of_browser = re.findall(r"`(ui-tests/tests/[\w/-]+\.spec\.ts)`: \"([^\"]+)\"", tests)
    assert of_server or of_browser
    assert len(of_server) + len(of_browser) == tests.count("`") / 2, "something is misspelt"
    for file, name in of_server:
        assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    for file, title in of_browser:
        assert f"test('{title}'" in (ROOT / file).read_text("utf-8")


def test_all_faults_are_there() -> None:
    """Each row of the table is checked by the test above."""
    assert len(CASES) == FAULTS.count("\n| ") > 50
