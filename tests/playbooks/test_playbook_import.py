"""The export of Mattermost Playbooks as YAML of this pack: what is carried over, what is named as
left out, and that each export becomes a playbook that reads."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.playbooks.from_export import from_export
from pagerduty_mattermost.playbooks.playbook import SHOW, Condition, FieldValues, Playbook
from pagerduty_mattermost.playbooks.reading import read_playbook
from pagerduty_mattermost.playbooks.writing import blank, copied, playbook_name, write_yaml

EXPORT: Dict[str, Any] = {
    "version": 1,
    "title": "Service outage & recovery",
    "description": "When customers see it.",
    "checklists": [
        {
            "title": "Triage",
            "items": [
                {
                    "title": "Say what customers see",
                    "description": "One *sentence*.",
                    "due_date": 300000,
                    "assignee_type": "owner",
                    "command": "/pd priority P1",
                },
                {"title": "Say what customers see", "assignee_type": "creator"},
                {
                    "title": "Call the bank",
                    "command": "/zoom start",
                    "assignee_type": "property_user",
                    "condition_id": "c1",
                    "condition_action": "hidden",
                },
                {"title": "Call legal", "condition_id": "c2"},
                {"title": "Call press", "condition_id": "c3"},
                {"title": "x" * 130, "condition_id": "gone"},
            ],
        },
        {"title": "Repair"},
    ],
    "metrics": [{"title": "Cost", "type": "metric_currency"}],
    "properties": [
        {
            "id": "f1",
            "name": "Region",
            "type": "select",
            "attrs": {"options": [{"id": "o1", "name": "EU"}, {"id": "o2", "name": "US"}]},
        },
        {"id": "f2", "name": "Tenant", "type": "text", "attrs": {"options": None}},
    ],
    "conditions": [
        {
            "id": "c1",
            "version": 1,
            "condition_expr": {
                "and": [
                    {"is": {"field_id": "f1", "value": ["o1", "o2"]}},
                    {"is": {"field_id": "f2", "value": "bank"}},
                ]
            },
        },
        {
            "id": "c2",
            "version": 1,
            "condition_expr": {
                "or": [
                    {"is": {"field_id": "f1", "value": ["o1"]}},
                    {"is": {"field_id": "f2", "value": "state"}},
                ]
            },
        },
        {
            "id": "c3",
            "version": 1,
            "condition_expr": {"isNot": {"field_id": "f1", "value": ["o1"]}},
        },
    ],
    "status_update_enabled": True,
    "reminder_message_template": "**What we know:**\n\n**Next:**",
    "reminder_timer_default_seconds": 1800,
    "retrospective_enabled": True,
    "retrospective_template": "### Summary\nTwo sentences.\n\n### What did we learn?\n",
    "retrospective_reminder_interval_seconds": 86400,
    "message_on_join": "Welcome!",
    "message_on_join_enabled": True,
    "signal_any_keywords": ["down"],
    "channel_name_template": "INC {SEQ}",
    "channel_mode": "link_existing_channel",
    "auto_archive_channel": True,
    "something_new": {"a": 1},
}


def made(export: Dict[str, Any], name: str = "") -> Playbook:
    imported = from_export(json.dumps(export), name)
    read = read_playbook(imported.text)
    assert read.problems == (), imported.text
    assert read.playbook is not None
    assert read.playbook.name == imported.name
    return read.playbook


def test_what_has_a_counterpart_is_carried_over() -> None:
    playbook = made(EXPORT)
    assert (playbook.name, playbook.title) == (
        "service-outage-recovery",
        "Service outage & recovery",
    )
    assert playbook.description == "When customers see it."
    assert [stage.name for stage in playbook.stages] == ["Triage", "Repair"]
    first, second, bank, legal, press, long = playbook.tasks
    assert (first.id, first.due_seconds, first.assign, first.run) == (
        "say-what-customers-see",
        300,
        "commander",
        "/pd priority P1",
    )
    assert first.description == "One *sentence*."
    assert (second.id, second.assign) == ("say-what-customers-see-2", "declarer")
    assert bank.description == "Command: `/zoom start`"
    region = FieldValues("Region", ("EU", "US"))
    assert bank.when == (
        Condition(SHOW, custom_fields=(region, FieldValues("Tenant", ("bank",)))),
    )
    assert [one.custom_fields[0].values for one in legal.when] == [("EU",), ("state",)]
    assert press.when == ()
    assert len(long.text) == 120
    assert "x" * 130 in long.description
    assert playbook.updates.template == "**What we know:**\n\n**Next:**"
    assert playbook.updates.remind_seconds == 1800
    assert playbook.retro.questions == ("Summary", "What did we learn?")
    assert playbook.retro.remind_seconds == 86400
    assert (playbook.room.create, playbook.room.title, playbook.room.archive) == (
        False,
        "INC {number}",
        "at_once",
    )


def test_what_has_none_is_named() -> None:
    left_out = from_export(json.dumps(EXPORT)).left_out
    assert len(set(left_out)) == len(left_out)
    for beginning in (
        "channel_mode: ",
        "command '/zoom start': only /pd can be run",
        "assignee of 'Call the bank': ",
        "condition of 'Call press': that a field is not something has no counterpart; it is",
        "condition of 'xxx",
        "retrospective_template: its headings are the questions",
        "metrics: ",
        "message_on_join: ",
        "signal_any_keywords: ",
        "something_new: unknown to this version of the pack",
    ):
        assert any(one.startswith(beginning) for one in left_out), beginning
    assert len(left_out) == 10


def test_the_plugins_own_example_loses_what_no_room_needs_alone() -> None:
    """As the plugin's own test data has it (e2e-tests, fixtures, playbook-export.json)."""
    export = {
        "checklists": [{"items": [{"title": "Untitled task"}], "title": "Default checklist"}],
        "create_channel_member_on_new_participant": True,
        "description": "Customize this playbook's description.",
        "metrics": [],
        "reminder_timer_default_seconds": 604800,
        "retrospective_enabled": True,
        "retrospective_template": "### Summary\n\n### What did we learn?\n",
        "status_update_enabled": True,
        "title": "Example Playbook",
        "version": 1,
    }
    playbook = made(export, "example")
    assert playbook.name == "example"
    assert playbook.updates.remind_seconds == 7 * 86400
    assert from_export(json.dumps(export)).left_out == ()


@pytest.mark.parametrize(
    ("milliseconds", "seconds"), [(1.0, 60.0), (90_000, 120.0), (-1, 0.0), (9e12, 30 * 86400.0)]
)
def test_a_due_date_is_of_whole_minutes(milliseconds: float, seconds: float) -> None:
    item = {"title": "Do", "due_date": milliseconds}
    (task,) = made({"title": "x", "checklists": [{"title": "S", "items": [item]}]}).tasks
    assert task.due_seconds == seconds


def test_more_tasks_than_a_playbook_holds_are_named() -> None:
    stage = {"title": "S", "items": [{"title": "Do"}] * 50}
    export = {"title": "Big", "checklists": [stage] * 2 + [{"title": "T"}] * 20}
    playbook = made(export)
    assert len(playbook.tasks) == 80
    assert len(playbook.stages) == 15
    assert any("20 tasks of 'S'" in one for one in from_export(json.dumps(export)).left_out)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "it has no checklists"),
        ('{"title": "x"}', "it has no checklists"),
        ('{"checklists": [], "version": 2}', "of version 2; known is 1"),
        (" " * 2_000_001, "more than 2000000 characters"),
    ],
)
def test_what_is_no_export_is_refused(text: str, why: str) -> None:
    with pytest.raises(RejectedInput, match=why):
        from_export(text)


def test_a_wrong_name_is_refused() -> None:
    with pytest.raises(RejectedInput, match="is no name of a playbook"):
        from_export(json.dumps(EXPORT), "Not a name")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
ITEMS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("title", "command", "due_date", "condition_id"), JSON)
)
EXPORTS = st.fixed_dictionaries(
    {
        "checklists": st.lists(
            JSON | st.fixed_dictionaries({"title": JSON, "items": st.lists(ITEMS, max_size=4)})
        )
    },
    optional={name: JSON for name in EXPORT if name not in ("checklists", "version")},
)


@pytest.mark.parametrize("title", [" ", "\t\n", "\u00a0", "", None, [], 0])
def test_a_stage_whose_title_shows_nothing_is_called_by_its_number(title: Any) -> None:
    stages = [{"title": "First"}, {"title": title, "items": [{"title": title}]}]
    playbook = made({"title": title, "description": title, "checklists": stages})
    assert [stage.name for stage in playbook.stages] == ["First", "Stage 2"]
    assert [task.text for task in playbook.tasks] == ["Untitled task"]
    assert playbook.title == "Imported playbook"


@given(EXPORTS)
@settings(max_examples=200)
def test_every_export_becomes_a_playbook_that_reads(export: Dict[str, Any]) -> None:
    made(export)


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    with pytest.raises(RejectedInput):
        from_export(text)


# Writing


def test_a_blank_one_reads() -> None:
    read = read_playbook(blank("my-outage"))
    assert read.problems == ()
    assert read.playbook is not None
    assert (read.playbook.name, read.playbook.title) == ("my-outage", "My outage")


@pytest.mark.parametrize(
    "text",
    [
        "# first\nname: old   \ntitle: T # name: x\nstages: []\n",
        'name: "old"\ntitle: T\n',
        "{title: T, name: old, stages: []}",
        '{"name": "old", "title": "T"}',
    ],
)
def test_a_copy_differs_by_its_name_alone(text: str) -> None:
    import yaml

    before, after = yaml.safe_load(text), yaml.safe_load(copied(text, "new"))
    assert before["name"] == "old"
    assert after == {**before, "name": "new"}
    assert ("# first" in text) is ("# first" in copied(text, "new"))


def test_names() -> None:
    assert playbook_name(" Outage-2 ") == "outage-2"
    for wrong in ("", "a b", "-a", "a" * 41, "é"):
        with pytest.raises(RejectedInput):
            playbook_name(wrong)


def test_texts_of_several_lines_are_written_as_such() -> None:
    assert write_yaml({"a": "b\nc\n"}) == "a: |\n  b\n  c\n"
