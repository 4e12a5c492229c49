"""Which configuration files a user can open in the file browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from jupyter_server.services.contents.filemanager import FileContentsManager
from jupyter_server.services.contents.manager import ContentsManager

from kernel_providers_ext.server.files import contents_paths


@pytest.mark.parametrize(
    ("source", "allow_hidden", "path"),
    [
        ("config/gpu.json", False, "config/gpu.json"),
        (".jupyter/gpu.json", False, None),
        (".jupyter/gpu.json", True, ".jupyter/gpu.json"),
        ("../gpu.json", False, None),
        ("", False, None),
    ],
)
def test_files_below_the_root(
    tmp_path: Path, source: str, allow_hidden: bool, path: str | None
) -> None:
    """The file browser serves them, unless they are hidden."""
    root = tmp_path / "root"
    root.mkdir()
    contents = FileContentsManager(root_dir=str(root), allow_hidden=allow_hidden)
    file = str(root.parent / "gpu.json" if source.startswith("..") else root / source)
    assert contents_paths([file, None], contents) == ({} if path is None else {file: path})


def test_sources_that_are_no_files(tmp_path: Path) -> None:
    """An option of the command line is none, and some contents managers have no files."""
    contents = FileContentsManager(root_dir=str(tmp_path))
    assert contents_paths(["--gateway-url"], contents) == {}
    assert contents_paths([str(tmp_path / "gpu.json")], ContentsManager()) == {}
