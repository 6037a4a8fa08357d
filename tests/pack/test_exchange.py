"""What StackStorm's Exchange asks of a pack beside its metadata: workflows, the licence, bounds of
what is installed, a contact, and its rules of style (tools/exchange_lint.py runs them)."""

from __future__ import annotations

import configparser
import importlib.util
import re
from typing import Any

import pytest
import yaml
from pack_files import ROOT

WORKFLOWS = {
    "build_and_test.yaml": "pack-build_and_test.yaml",
    "tag_release.yaml": "pack-tag_release.yaml",
}


def lint() -> Any:
    place = ROOT / "tools" / "exchange_lint.py"
    spec = importlib.util.spec_from_file_location("exchange_lint", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("file", "called"), WORKFLOWS.items())
def test_the_exchanges_workflows_are_called(file: str, called: str) -> None:
    path = ROOT / ".github" / "workflows" / file
    (job,) = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    assert job["uses"] == f"StackStorm-Exchange/ci/.github/workflows/{called}@master"


@pytest.mark.parametrize("file", ["requirements.txt", "standalone/requirements.txt"])
def test_what_is_installed_has_bounds_on_both_sides(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith(("#", "-r"))]
    assert names
    assert [line for line in names if not re.search(r">=[\d.]+,<\d", line)] == []


def test_the_licence_and_the_contact_are_there() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    for words in ("Apache License", "Version 2.0", "www.apache.org/licenses/LICENSE-2.0"):
        assert words in licence
    pack = yaml.safe_load((ROOT / "pack.yaml").read_text(encoding="utf-8"))
    assert re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", pack["email"])
    assert "example" not in pack["email"]


def test_the_rules_of_style_are_the_exchanges() -> None:
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".ci" / "flake8")
    said = dict(rules["flake8"])
    assert (said["max-line-length"], said["select"]) == ("100", "E,F,W,C,L")
    assert said["ignore"] == "E128,E402,E722,W504"


def test_a_note_stands_behind_the_docstring_and_goes_when_it_is_not_needed() -> None:
    with_note = lint().with_note
    text = '"""What it is."""\n\nfrom __future__ import annotations\n'
    noted = with_note(text, ["E203", "W503"])
    assert noted.splitlines()[:4] == ['"""What it is."""', "", "# flake8: noqa: E203,W503", ""]
    assert with_note(noted, ["E203", "W503"]) == noted
    assert with_note(noted, []) == text
    assert with_note("import os\n", ["W503"]) == "# flake8: noqa: W503\n\nimport os\n"


def test_a_file_leaves_out_only_what_contradicts_the_formatter() -> None:
    module = lint()
    for name in module.python_files():
        text = (ROOT / name).read_text(encoding="utf-8")
        for codes in re.findall(r"(?m)^# flake8: noqa: ?(.*)$", text):
            assert set(codes.split(",")) <= set(module.FORMATTERS), name
