"""The generated reference is current, and the guides name only what is there."""

# flake8: noqa: E203

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any, Set

import pytest
import yaml
from pack_files import files, load

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")])


def _reference() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_metadata_says() -> None:
    page = ROOT / "docs" / "reference.md"
    assert page.read_text(encoding="utf-8") == _reference().render(), (
        "run `make docs` and commit docs/reference.md"
    )


def test_every_action_has_an_example_that_was_run() -> None:
    """Whether they are current `make docs-check` says; a workflow's run is in
    test_workflows.py."""
    import json

    examples = json.loads((ROOT / "docs" / "examples.json").read_text(encoding="utf-8"))
    actions = [load(path) for path in files("actions")]
    wanted = {action["name"] for action in actions if action["runner_type"] != "orquesta"}
    assert set(examples) == wanted


def test_the_reference_changes_with_the_metadata(tmp_path: Path) -> None:
    for folder in ("actions", "sensors", "rules", "policies", "aliases"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pack.yaml").write_text("{ref: pagerduty, version: 9.9.9}")
    (tmp_path / "config.schema.yaml").write_text(
        "api_key: {type: string, required: true, description: a | b}"
    )
    action = {
        "name": "x.y",
        "description": "Does it",
        "parameters": {"n": {"type": "integer", "default": 3}},
    }
    (tmp_path / "actions" / "x.yaml").write_text(yaml.safe_dump(action))
    page = _reference().render(tmp_path)
    assert "9.9.9" in page
    assert "| `api_key` | string, required |  | a \\| b. |" in page
    assert "| `n` | integer | `3` |  |" in page


def _names() -> Set[str]:
    """Every reference of the pack that a guide may name."""
    names = set()
    for kind in ("actions", "rules", "aliases", "policies"):
        for path in (ROOT / kind).glob("*.yaml"):
            names.add(load(path)["name"])
    for path in (ROOT / "sensors").glob("*.yaml"):
        sensor = load(path)
        names.add(sensor["class_name"])
        names.update(trigger["name"] for trigger in sensor.get("trigger_types") or ())
    return names


def test_make_pictures_draws_what_the_guides_show_and_nothing_else() -> None:
    """Curves (SVG) come from benchmarks."""
    shown = {
        name
        for guide in GUIDES
        for name in re.findall(
            r"\]\((?:docs/)?(?:pictures/)?([\w-]+\.png)\)", guide.read_text("utf-8")
        )
    }
    there = {path.name for path in (*ROOT.glob("docs/*.png"), *ROOT.glob("docs/pictures/*.png"))}
    makers = (
        "tools/pictures.py",
        "tests/e2e/test_oncall_page.py",
        "tests/e2e/test_oncall_handoff.py",
    )
    target = (
        (ROOT / "Makefile").read_text("utf-8").partition("\npictures:")[2].partition("\n\n")[0]
    )
    drawn = set()
    for maker in makers:
        assert maker in target
        drawn |= set(re.findall(r'"([\w-]+\.png)"', (ROOT / maker).read_text("utf-8")))
    assert shown == there == drawn


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_guide_lead_somewhere(guide: Path) -> None:
    text = re.sub(r"```.*?```", "", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target or target.startswith(("#", "mailto:")):
            continue
        path, _, heading = target.partition("#")
        assert (guide.parent / path).exists(), f"{guide.name}: {target}"
        if heading and path.endswith(".md"):
            assert heading in _anchors(guide.parent / path), f"{guide.name}: {target}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_a_guide_lead_to_one_of_its_headings(guide: Path) -> None:
    text = re.sub(r"```.*?```", "", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    for heading in re.findall(r"\]\(#([^)\s]+)\)", text):
        assert heading in _anchors(guide), f"{guide.name}: #{heading}"


def _anchors(guide: Path) -> Set[str]:
    """What links may name of a page, as GitHub makes it of a heading."""
    text = re.sub(r"```.*?```", "", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads]
    return {re.sub(r"[^\w\- ]", "", head).strip().replace(" ", "-") for head in plain}


def test_the_readme_is_one_page_that_leads_to_every_guide() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    for guide in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{guide.name})" in text, guide.name


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_guide_runs_only_actions_and_rules_that_exist(guide: Path) -> None:
    names = _names()
    text = guide.read_text(encoding="utf-8")
    for name in re.findall(
        r"(?:st2 run|st2 rule \w+|st2 trigger get|standalone run|action: |ref: "
        r")\s*pagerduty\.([\w.]+)",
        text,
    ):
        assert name.rstrip(".") in names, f"{guide.name}: pagerduty.{name}"


def test_every_make_target_a_guide_names_exists() -> None:
    targets = set(
        re.findall(
            r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    )
    for guide in GUIDES:
        for target in re.findall(r"`make ([a-z][\w-]*)", guide.read_text(encoding="utf-8")):
            assert target in targets, f"{guide.name}: make {target}"


def test_the_reference_has_an_index_of_all_actions_by_group() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    index = page[page.index("## Actions") : page.index("### `")]
    listed = re.findall(r"^- \[`([\w.]+)`\]\(#(\w+)\): (.+)$", index, flags=re.MULTILINE)
    names = [load(path)["name"] for path in files("actions")]
    assert sorted(name for name, _, _ in listed) == sorted(names)
    anchors = _anchors(ROOT / "docs" / "reference.md")
    assert [anchor for _, anchor, _ in listed if anchor not in anchors] == []
    assert "**More**" not in index, "an action fits no group: see GROUPS in tools/reference.py"


def test_the_reference_shows_no_internals() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert not re.search(r"^Fixed: ", page, flags=re.MULTILINE)
