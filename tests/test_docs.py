"""The documentation names everything that can be configured, and its examples are right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kernel_providers_ext.config import KernelProvidersConfig
from kernel_providers_ext.provider_config import SCHEMA, parse

ROOT = Path(__file__).parents[1]
REFERENCE = (ROOT / "docs" / "configuration.md").read_text("utf-8")


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
