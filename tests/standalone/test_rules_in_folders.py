"""Rules of somebody's own: in a folder, in place of the pack's, or switching one by its name."""

from __future__ import annotations

import pytest
from toy_app import TOY, lines


def test_disabled_rules_do_not_fire_and_rules_in_a_folder_replace_the_packs(make, tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    text = (TOY / "rules" / "record_all.yaml").read_text()
    (folder / "record_all.yaml").write_text(text.replace("enabled: true", "enabled: false"))
    app = make(rule_folders=[folder])
    app.dispatch("toy.counted", {"n": 1}, "g1")
    assert app.drain(60)
    assert lines(tmp_path) == []
    rules = app.action_service("X", "me").datastore_service.get_api_client().rules.get_all()
    assert {rule.ref: rule.enabled for rule in rules} == {
        "toy.record_all": False,
        "toy.record_big": True,
        "toy.record_off": False,
    }


@pytest.mark.parametrize("order", ["a", "z"])
def test_a_rule_is_switched_by_its_name_alone(make, tmp_path, order):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / f"{order}.yaml").write_text("name: record_all\npack: toy\nenabled: false\n")
    (folder / "m.yaml").write_text("name: record_off\nenabled: true\n")
    app = make(rule_folders=[folder])
    app.dispatch("toy.counted", {"n": 1}, "g1")
    assert app.drain(60)
    rules = app.action_service("X", "me").datastore_service.get_api_client().rules.get_all()
    assert {rule.ref: rule.enabled for rule in rules} == {
        "toy.record_all": False,
        "toy.record_big": True,
        "toy.record_off": True,
    }
    assert all(e.rule_ref != "toy.record_all" for e in app.journal.executions())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "name: no_such\npack: toy\nenabled: false\n",
            "there is no rule toy.no_such to enable or disable",
        ),
        ("name: record_all\npack: toy\n", "enabled"),
        ("name: record_all\nenabled: maybe\n", "enabled"),
    ],
)
def test_a_switch_that_switches_nothing_is_named(make, tmp_path, text, why):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "switch.yaml").write_text(text)
    app = make(rule_folders=[folder], started=False)
    assert [why in line for line in app.pack.problems if "switch.yaml" in line] == [True]
