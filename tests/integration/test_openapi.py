"""
The OpenAPI document, against the running server.

A provider that is unavailable is 502 or 503. A defect of the server would be in its log.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kernel_providers_ext.server.openapi import document
from tests.support.fake_provider import UNREACHABLE
from tests.support.processes import ServerProcess, declare, jupyter_server

pytestmark = pytest.mark.server

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    (method, path)
    for path, methods in document("/")["paths"].items()
    for method in methods
    if method != "parameters"
]


@pytest.fixture(scope="module")
def fuzzed(
    remote_servers: dict[str, ServerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server whose user may add providers at this machine only."""
    folder: Path = tmp_path_factory.mktemp("fuzzed-server")
    server = jupyter_server(
        folder,
        token="token-of-fuzzed-server",
        base_url="/user/x/",
        config={"KernelProviders": {"allowed_hosts": ["127.0.0.1", "localhost"]}},
    )
    gateway = remote_servers["gate-b"]
    declare(server, "gpu", {"url": gateway.url, "token": {"value": gateway.token}})
    declare(server, "off", {"url": UNREACHABLE, "enabled": False})
    declare(server, "broken", {"lable": 1})
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.log()


def schema_of(server: ServerProcess) -> Any:
    """Return the document of a server, with settings that do nothing to this machine."""
    headers = {"Authorization": f"token {server.token}"}
    reply = requests.get(f"{server.url}api/kernel-providers/-/openapi", headers=headers, timeout=30)
    model = reply.json()
    located = model["components"]["schemas"]["Settings_located"]["properties"]
    del located["command"]
    ids = {"enum": ["gpu", "off", "broken", "new", "local", "no-such", "A b", "..", "-", "é/x"]}
    for methods in model["paths"].values():
        for parameter in methods.get("parameters", []):
            parameter["schema"] |= ids
    model["components"]["schemas"]["Settings"]["properties"]["url"] |= {
        "enum": [UNREACHABLE, "http://127.0.0.1:9/user/ada/", "http://[::", "x", "http://a b"]
    }
    return schemathesis.openapi.from_dict(model)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_server_answers_as_its_document_says(
    fuzzed: ServerProcess, method: str, path: str, mode: GenerationMode
) -> None:
    """Whatever is sent, as described or not: the status, the headers and the body are described."""
    operation = schema_of(fuzzed)[path][method.upper()]
    root = fuzzed.url.removesuffix("/")
    headers = {"Authorization": f"token {fuzzed.token}"}

    @hypothesis.settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        response = case.call(base_url=root, headers=headers)
        case.validate_response(response, checks=CHECKS)

    check()
