"""Which configuration files a user can open in the file browser."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.services.contents.manager import ContentsManager


def contents_paths(sources: Iterable[str | None], contents: ContentsManager) -> dict[str, str]:
    """
    Return the paths of the contents API, by source, of the files that it serves.

    A contents manager of files serves what is below its root folder, and by default nothing hidden.
    """
    if not isinstance(contents, FileManagerMixin):
        return {}
    root = Path(contents.root_dir)
    files = {source: Path(source) for source in sources if source}
    below = {
        source: file.relative_to(root) for source, file in files.items() if root in file.parents
    }
    return {
        source: path.as_posix()
        for source, path in below.items()
        if contents.allow_hidden or not any(part.startswith(".") for part in path.parts)
    }
