"""What people type after `/pd` about playbooks, test incidents and drills (command_rows.py)."""

from __future__ import annotations

from typing import Tuple

from typed_effects import (
    Row,
    direct_text,
    drill_under_way,
    newest,
    saved_playbooks,
    with_deleted_playbook,
    with_drill,
    with_exercise,
    with_saved_playbook,
    with_test_service,
)

PLAYBOOKS: Tuple[Row, ...] = (
    Row("playbook list", "playbook list", "Major incident"),
    Row("playbook show <name>", "playbook show major-incident", "name: major-incident"),
    Row(
        "playbook new <name> [from <name>]",
        "playbook new outage from major-incident",
        "outage.yaml",
        lambda room, one: "Nothing is saved until then" in direct_text(room, "ada"),
    ),
    Row(
        "playbook save <link to a post>",
        "playbook save {post}",
        "is saved as version 1",
        lambda room, one: "outage" in saved_playbooks(room),
    ),
    Row(
        "playbook history <name>",
        "playbook history outage",
        "in force",
        prepare=lambda room, one: with_saved_playbook(room),
    ),
    Row(
        "playbook delete <name>",
        "playbook delete outage",
        "is deleted",
        lambda room, one: "outage" not in saved_playbooks(room),
        confirms=True,
        prepare=lambda room, one: with_saved_playbook(room),
    ),
    Row(
        "playbook restore <name> [version]",
        "playbook restore outage",
        "is saved as version",
        lambda room, one: "outage" in saved_playbooks(room),
        prepare=lambda room, one: with_deleted_playbook(room),
    ),
    Row(
        "test create-incident [playbook] [date] [name]",
        "test create-incident major-incident 2020-11-23 PR-Testing",
        "Test incident #",
        lambda room, one: newest(room).title == "[test] PR-Testing",
        prepare=lambda room, one: with_test_service(room),
    ),
    Row(
        "test bulk-data <ongoing> <ended> <from> <to> [seed]",
        "test bulk-data 1 1 2020-01-31 2020-11-22 2",
        "1 test incidents are under way, 1 are over",
        lambda room, one: newest(room).status == "resolved",
        prepare=lambda room, one: with_test_service(room),
    ),
    Row(
        "test end",
        "test end",
        "Resolved",
        lambda room, one: newest(room).status == "resolved",
        prepare=lambda room, one: with_exercise(room, "test create-incident"),
    ),
    Row(
        "drill [playbook]",
        "drill major-incident",
        "has begun in",
        lambda room, one: newest(room).title == "[drill] Major incident",
        prepare=lambda room, one: with_test_service(room),
    ),
    Row(
        "drill end",
        "drill end",
        "Exercise over",
        lambda room, one: not drill_under_way(room),
        prepare=lambda room, one: with_drill(room),
    ),
)
