"""Which running servers commands find."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kernel_providers_ext.cli.output import CommandError
from kernel_providers_ext.cli.running_server import RunningServer
from tests.unit.cli.conftest import without_servers

TOKEN = "token-of-server"


class Answers(BaseHTTPRequestHandler):
    """Answers like a server with the package, to those who have its token."""

    def do_GET(self) -> None:
        is_known = self.headers["Authorization"] == f"token {TOKEN}"
        self.send_response(200 if is_known else 403)
        self.end_headers()
        self.wfile.write(json.dumps({"providers": []} if is_known else {}).encode())

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """The address of such a server."""
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the files of running servers, which is empty."""
    without_servers(tmp_path, monkeypatch)
    (tmp_path / "runtime").mkdir()
    return tmp_path / "runtime"


def tell(folder: Path, **info: Any) -> None:
    """Write the file of a running server, whose process is this one."""
    folder.mkdir(parents=True, exist_ok=True)
    model = {"pid": os.getpid(), "token": TOKEN, **info}
    (folder / f"jpserver-{os.getpid()}.json").write_text(json.dumps(model))


def test_a_running_server_is_found(runtime: Path, url: str) -> None:
    """If it accepts the token in its file."""
    assert RunningServer.find() is None
    tell(runtime, url=url, token="other")
    assert RunningServer.find() is None
    tell(runtime, url=url)
    assert RunningServer.find() == RunningServer(url, TOKEN)
    assert RunningServer.find(url.rstrip("/")) == RunningServer(url, TOKEN)
    assert RunningServer.find("none") is None
    with pytest.raises(CommandError, match="http://elsewhere"):
        RunningServer.find("http://elsewhere")


@pytest.mark.parametrize(
    "odd", ["[]", "{}", '{"pid": "x", "url": 1}', '{"pid": null}', "{", '{"url": "http+unix://"}']
)
def test_odd_files_are_passed_over(runtime: Path, odd: str) -> None:
    """Whoever has written them."""
    (runtime / "jpserver-1.json").write_text(odd)
    assert RunningServer.find() is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="without owners of files")
def test_only_own_demos_count(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others could make a folder with the name of a demo's."""
    tell(Path(tempfile.gettempdir()) / "kernel-providers-demo-x" / "runtime", url=url)
    assert RunningServer.find() == RunningServer(url, TOKEN)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    assert RunningServer.find() is None
