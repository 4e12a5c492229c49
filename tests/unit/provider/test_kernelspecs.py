"""Which kernelspecs of a provider are offered, and in which form."""

from __future__ import annotations

from typing import Any

import pytest

from kernel_providers_ext.provider.config import ProviderConfig
from kernel_providers_ext.provider.interface import Snapshot
from kernel_providers_ext.provider.kernelspecs import (
    MAX_MODELS,
    MAX_SPEC,
    MAX_SPECS,
    Selection,
    file_of,
)

NESTED: list[Any] = []
for _ in range(50):
    NESTED = [NESTED]


def selection(models: dict[str, Any], **config: Any) -> Selection:
    """Return the selection of these models."""
    found = Selection(ProviderConfig("gpu", "/etc/gpu.json", label="GPU farm", **config))
    for name, model in models.items():
        found.add(name, model)
    return found


def only(model: Any, **config: Any) -> Any:
    """Return the complete model of a single kernelspec."""
    return selection({"py": model}, **config).kernelspecs["py"]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"argv": None, "display_name": None, "language": None, "metadata": {}},
        {"argv": "python", "display_name": "  ", "language": 5, "metadata": {}},
        {"argv": {}, "display_name": ["Python"], "language": {}, "metadata": {}},
    ],
)
def test_what_lab_needs_is_filled_in(spec: dict[str, Any]) -> None:
    """JupyterLab refuses a list with a kernelspec that lacks one of these fields."""
    model = only({"spec": spec, "resources": None})
    expected = {"argv": [], "display_name": "py", "language": "", "metadata": {}}
    assert {"metadata": {}, **model["spec"]} == expected
    assert (model["name"], model["resources"]) == ("py", {})


@pytest.mark.parametrize("field", ["metadata", "env"])
@pytest.mark.parametrize("empty", [None, [], "x", 1])
def test_null_means_empty(field: str, empty: object) -> None:
    """A null, or a value of another type, counts as an empty object; a missing field is missing."""
    assert only({"spec": {field: empty}})["spec"][field] == {}
    assert field not in only({"spec": {}})["spec"]


def test_a_complete_kernelspec_is_unchanged() -> None:
    """What a Jupyter server sends passes as it is."""
    spec = {
        "argv": ["python", "-m", "ipykernel_launcher"],
        "env": {"A": "1"},
        "display_name": "Python 3",
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {"debugger": True},
    }
    model = {"name": "py", "spec": spec, "resources": {"logo-svg": "logo.svg"}, "more": [1]}
    assert only(model) == model


@pytest.mark.parametrize(
    ("name", "model", "why"),
    [
        ("", {"spec": {}}, "'' (its name cannot be used)"),
        ("..", {"spec": {}}, "'..' (its name cannot be used)"),
        ("a/../b", {"spec": {}}, "'a/../b' (its name cannot be used)"),
        ("a\nb", {"spec": {}}, "'a b' (its name cannot be used)"),
        ("a\u202eb", {"spec": {}}, "'a\\u202eb' (its name cannot be used)"),
        ("\ud800", {"spec": {}}, "'\\ud800' (its name cannot be used)"),
        ("x" * 256, {"spec": {}}, f"'{'x' * 59}…' (its name cannot be used)"),
        ("py", None, "'py' (it has no 'spec')"),
        ("py", {"spec": None}, "'py' (it has no 'spec')"),
        (
            "py",
            {"spec": {"x": "y" * MAX_SPEC}},
            "'py' (it has more than 64 KiB, 2000 values or 50 levels)",
        ),
        ("py", {"spec": {"x": NESTED}}, "'py' (it has more than 64 KiB, 2000 values or 50 levels)"),
        (
            "py",
            {"spec": {"x": [[]] * 2000}},
            "'py' (it has more than 64 KiB, 2000 values or 50 levels)",
        ),
    ],
)
def test_what_cannot_be_used_is_left_out_and_named(name: str, model: Any, why: str) -> None:
    """All others are offered, and a sentence names what was left out and why."""
    found = selection({name: model, "good": {"spec": {}}})
    assert list(found.kernelspecs) == ["good"]
    assert found.notices == (f"GPU farm has 1 kernelspec that cannot be used: {why}.",)


def test_many_that_cannot_be_used_make_one_sentence() -> None:
    """The first five are named."""
    found = selection({f"k{number}": None for number in range(1000)})
    [notice] = found.notices
    assert notice.startswith("GPU farm has 1000 kernelspecs that cannot be used: 'k0' (it has no")
    assert notice.endswith("'k4' (it has no 'spec') and others.")


def test_a_long_list_is_cut_with_a_sentence() -> None:
    """The first kernelspecs are listed, and the remedy is named."""
    models: dict[str, Any] = {f"k{number}": {"spec": {}} for number in range(12)}
    found = selection(models, max_kernelspecs=10)
    assert list(found.kernelspecs) == [f"k{number}" for number in range(10)]
    assert found.notices == (
        "GPU farm offers more kernels than the first 10, which are listed. Select kernels with "
        "'include' and 'exclude', or change 'max_kernelspecs', in /etc/gpu.json.",
    )
    assert selection(models, max_kernelspecs=12).notices == ()
    selected = selection(models, max_kernelspecs=10, exclude=("k1?",))
    assert (len(selected.kernelspecs), selected.notices) == (10, ())


def test_all_kernelspecs_together_have_a_limit() -> None:
    """A list of large kernelspecs is cut before it fills the memory."""
    large = {"spec": {"x": "y" * (MAX_SPEC // 2)}}
    found = selection({f"k{number}": large for number in range(200)})
    assert len(found.kernelspecs) == MAX_SPECS // (MAX_SPEC // 2) - 1
    assert found.notices[0].startswith("GPU farm offers more kernels than the first 63, which are")


def test_all_values_together_have_a_limit() -> None:
    """Small values would fill the memory as well."""
    found = selection({f"k{number}": {"spec": {"x": [0] * 1000}} for number in range(200)})
    assert 90 < len(found.kernelspecs) < 100
    assert found.is_full


def test_only_so_many_are_looked_at() -> None:
    """An endless list of kernelspecs that are not offered ends as well."""
    found = selection({str(number): None for number in range(MAX_MODELS)}, include=("x",))
    assert found.is_full
    assert found.notices[0].startswith("GPU farm offers more kernels than the first 0, which are")


def test_notices_of_a_provider_stay() -> None:
    """What a provider has left out itself is told as well."""
    snapshot = Snapshot({"py": {"spec": {}}, "bad": None}, "py", '"etag"', ("Not all.",))  # type: ignore[dict-item]
    offered = snapshot.offered(ProviderConfig("gpu", "gpu.json", label="GPU"))
    assert (list(offered.kernelspecs), offered.default, offered.validator) == (
        ["py"],
        "py",
        '"etag"',
    )
    assert offered.notices == (
        "Not all.",
        "GPU has 1 kernelspec that cannot be used: 'bad' (it has no 'spec').",
    )


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("/kernelspecs/py/logo.svg", "logo.svg"),
        ("http://gpu/kernelspecs/py/logo%2064.png?x=/y#z", "logo 64.png"),
        ("https://cdn.example.org/a%20b%25.png", "a b%.png"),
        ("logo.svg", "logo.svg"),
        ("/kernelspecs/py/", ""),
        ("http://[::1/logo.svg", ""),
        ("/kernelspecs/py/\ud800.svg", ""),
        ("/kernelspecs/py/..", ""),
        ("/kernelspecs/py/%2e%2e", ""),
        ("/kernelspecs/py/..%2fsecret.svg", ""),
        ("/kernelspecs/py/%00.svg", ""),
        ("/kernelspecs/py/%ff.svg", ""),
    ],
)
def test_the_file_of_a_url(url: str, file: str) -> None:
    """The file of a resource's URL is its last segment, decoded, if that can be a file's name."""
    assert file_of(url) == file


def test_only_images_are_offered() -> None:
    """A remote's script would run with the user's rights, as nbclassic loads ``kernel.js``."""
    resources = {
        "kernel.js": "/k/py/kernel.js",
        "kernel.css": "/k/py/kernel.css",
        "page": "/k/py/index.html",
        "logo-svg": "/k/py/logo%201.SVG",
        "logo-64x64": None,
        "logo-32x32": "/k/py/logo-32x32.png?v=1",
    }
    model = {"spec": {}, "resources": resources}
    images = {"logo-svg": "logo%201.SVG", "logo-32x32": "logo-32x32.png"}
    assert only(model)["resources"] == images
    scripts = {"kernel.js": "kernel.js", "kernel.css": "kernel.css", "page": "index.html"}
    assert only(model, resources="all")["resources"] == images | scripts


def test_a_display_name_is_one_line() -> None:
    """It is text without line breaks and control characters, of a bounded length."""
    shown = only({"spec": {"display_name": f" Python\n3\x1b\u202e{'x' * 1000}"}})["spec"]
    assert shown["display_name"].startswith("Python 3\\x1b\\u202exxx")
    assert (len(shown["display_name"]), shown["display_name"][-1]) == (255, "…")
