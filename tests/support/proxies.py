"""Real reverse proxies: NGINX and HAProxy from the system's packages."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from .processes import free_port

READY_TIMEOUT = 10.0  # seconds
NGINX = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    {server}
  }}
}}
"""
#: What a proxy must pass for websockets, as NGINX's documentation has it.
UPGRADE = """
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
"""
HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend all
  bind 127.0.0.1:{port}
  default_backend servers
backend servers
  balance roundrobin
  {backend}
"""


class ReverseProxy:
    """A process of a reverse proxy, whose configuration can change while it runs."""

    def __init__(self, folder: Path, command: Sequence[str], port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "proxy.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait_ready()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"The proxy did not start:\n{self._log.read_text()}")

    def close(self) -> None:
        """Stop the process."""
        self._process.terminate()
        self._process.wait()


class Nginx(ReverseProxy):
    """NGINX with the given contents of its ``server`` section."""

    def __init__(self, folder: Path, server: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._start(server, free_port())

    def restart(self, server: str) -> None:
        """Replace the contents of the ``server`` section; open connections are ended."""
        self.close()
        self._start(server, self.port)

    def _start(self, server: str, port: int) -> None:
        path = self._folder / "nginx.conf"
        path.write_text(NGINX.format(folder=self._folder, port=port, server=server))
        super().__init__(self._folder, ["nginx", "-p", str(self._folder), "-c", str(path)], port)


class HAProxy(ReverseProxy):
    """HAProxy in front of several servers, which it takes in turn."""

    def __init__(self, folder: Path, ports: Sequence[int], *, cookie: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["cookie BACKEND insert indirect nocache"] if cookie else []
        for number, port in enumerate(ports):
            suffix = f" cookie s{number}" if cookie else ""
            lines.append(f"server s{number} 127.0.0.1:{port}{suffix}")
        path = folder / "haproxy.cfg"
        port = free_port()
        path.write_text(HAPROXY.format(port=port, backend="\n  ".join(lines)))
        super().__init__(folder, ["haproxy", "-f", str(path)], port)
