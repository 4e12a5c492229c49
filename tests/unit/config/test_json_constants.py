"""Values that Python's JSON has, and JSON has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel_providers_ext.config.loader import FileLoader


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_constant_that_is_not_json_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, constant: str
) -> None:
    """In any field, also in those of a kind that the schema does not know."""
    folder = tmp_path / "kernel_providers.d"
    folder.mkdir()
    (folder / "gpu.json").write_text(f'{{"kind": "own", "options": {{"a": {constant}}}}}')
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    [declared] = [one for one in FileLoader().load() if one.id == "gpu"]
    assert "the file is not JSON" in declared.problem
