"""The table of routes, on which the tests of access depend."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.routing import Rule

import kernel_providers_ext
from kernel_providers_ext.server.routes import rules
from tests.security.route_table import ROUTES, Route

PACKAGE = kernel_providers_ext.__name__
#: Finds all that a path may name.
PROVIDERS: Any = SimpleNamespace(entry=lambda name: name)
KERNELS: Any = SimpleNamespace(remote=SimpleNamespace(get=lambda kernel_id: kernel_id))


def own_methods(handler: Any) -> set[str]:
    """Return the HTTP methods that this package's part of a handler has."""
    ours = [c for c in handler.__mro__ if c.__module__.startswith(f"{PACKAGE}.")]
    return {m for m in handler.SUPPORTED_METHODS if any(m.lower() in vars(c) for c in ours)}


def rule_of(route: Route, known: list[Rule]) -> Rule:
    """Return the first rule that matches a route's path."""
    line = RequestStartLine(route.method, f"/user/x/{route.path}", "HTTP/1.1")
    request = HTTPServerRequest(headers=HTTPHeaders({"Host": "localhost"}), start_line=line)
    return next(rule for rule in known if rule.matcher.match(request) is not None)


def test_the_table_has_all_routes() -> None:
    """A route or method that is added must be added to the table, and so to the tests of access."""
    known = rules(PROVIDERS, KERNELS, "/user/x/")
    served = {(rule.target, method) for rule in known for method in own_methods(rule.target)}
    assert {(rule_of(route, known).target, route.method) for route in ROUTES} == served
