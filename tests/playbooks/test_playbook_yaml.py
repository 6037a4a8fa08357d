"""A playbook read from its YAML: what is written is what is meant, all that is wrong is said at
once with its line."""

# flake8: noqa: E203,W503

from __future__ import annotations

import json
import re
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_files import ROOT

from pagerduty_mattermost.cards.route import KNOWN_EVENTS, MITIGATED
from pagerduty_mattermost.core.config.rooms import FEED_WORDS, PLACEHOLDERS, RoomsConfig
from pagerduty_mattermost.playbooks.playbook import (
    ASSIGN,
    DUE,
    SHOW,
    Condition,
    FieldValues,
    Role,
)
from pagerduty_mattermost.playbooks.reading import read_playbook
from pagerduty_mattermost.playbooks.schema import due_of, playbook_schema, seconds_of, span_text

HEAD = "name: outage\ntitle: Outage\n"
TAIL = "stages:\n  - name: First\n    tasks:\n      - {id: a, text: Do}\n"
SMALL = HEAD + TAIL


def problems(text: str) -> List[str]:
    return [str(one) for one in read_playbook(text).problems]


def tasks(*rows: str) -> str:
    return f"{HEAD}stages:\n  - name: First\n    tasks:\n" + "".join(
        f"      - {{{row}}}\n" for row in rows
    )


# What is written is what is meant


def test_the_packs_own_playbook_reads() -> None:
    text = (ROOT / "playbooks" / "major-incident.yaml").read_text(encoding="utf-8")
    read = read_playbook(text)
    assert read.problems == ()
    assert read.playbook is not None
    assert read.playbook.name == "major-incident"
    assert read.playbook.choose.priorities == ("P1",)
    assert [stage.name for stage in read.playbook.stages][0] == "Take command"


def test_every_key_is_read() -> None:
    read = read_playbook(
        HEAD
        + """
description: For outages.
teams: [eng]
who: {start: ["@ada"], edit: ["role:admin", "team:Platform"]}
choose: {priorities: [P1], urgencies: [high], services: [Checkout API]}
room:
  create: yes
  private: no
  name: "inc-{date}"
  title: "#{number}"
  team: eng
  invite: [on_call, "@ada", "group:dba"]
  feed: [resolved, mitigated]
  archive: 72h
commander: on_call
roles:
  - {name: scribe}
  - {name: comms, title: Communications, instructions: Write., default: on_call}
end_on_resolve: off
triage: on
updates: {template: "**What:**", remind: 30m, broadcast: [~incidents], pagerduty: true}
retro: {channel: ~postmortems, questions: ["What helped?"], remind: 2d}
reactions: {eyes: assign, "+1": tick}
stages:
  - name: First
    tasks:
      - id: a
        text: Do
        description: |
          More
          of it
        due: 5m
        assign: role:scribe
        run: /pd priority
        mention: true
        when:
          - {priorities: [P1]}
          - {services: [Search], assign: "@bob", due: 1m}
          - {custom_fields: {region: [eu, us]}, incident_types: [Security]}
      - {id: b, text: Later, due: 9:30, run: action:core.local}
      - {id: c, text: "no", due: 14:30}
"""
    )
    assert read.problems == ()
    playbook = read.playbook
    assert playbook is not None
    assert playbook.teams == ("eng",)
    assert playbook.who.edit == ("role:admin", "team:Platform")
    assert playbook.room.create is True
    assert playbook.room.private is False
    assert playbook.room.invite == ("on_call", "@ada", "group:dba")
    assert playbook.end_on_resolve is False
    assert playbook.triage is True
    assert playbook.roles == (
        Role("scribe", "Scribe"),
        Role("comms", "Communications", "Write.", "on_call"),
    )
    assert playbook.updates.remind_seconds == 1800
    assert playbook.updates.broadcast == ("~incidents",)
    assert playbook.retro.remind_seconds == 2 * 86400
    assert [(one.emoji, one.does) for one in playbook.reactions] == [
        ("eyes", "assign"),
        ("+1", "tick"),
    ]
    first, second, third = playbook.tasks
    assert first.description == "More\nof it"
    assert (first.due_seconds, first.due_at) == (300, "")
    assert first.when == (
        Condition(SHOW, priorities=("P1",)),
        Condition(ASSIGN, services=("Search",), assign="@bob"),
        Condition(DUE, services=("Search",), due_seconds=60),
        Condition(
            SHOW,
            incident_types=("Security",),
            custom_fields=(FieldValues("region", ("eu", "us")),),
        ),
    )
    assert (second.due_seconds, second.due_at) == (0, "09:30")
    assert (third.text, third.due_at) == ("no", "14:30")


def test_what_is_left_empty_is_as_if_it_was_not_there() -> None:
    read = read_playbook(HEAD + "teams:\nchoose: {priorities: [], services: ~}\nroom:\n" + TAIL)
    assert read.playbook == read_playbook(SMALL).playbook
    assert read.playbook is not None
    assert read.playbook.room.feed is None


@pytest.mark.parametrize(
    ("span", "seconds"), [("5m", 300), ("2h", 7200), ("1d", 86400), ("x", 0), ("5s", 0), ("", 0)]
)
def test_lengths(span: str, seconds: float) -> None:
    assert seconds_of(span) == seconds
    assert due_of(span) == (seconds, "")
    if seconds:
        assert span_text(seconds) == span


@given(st.floats(0.001, 30 * 86400))
def test_every_length_is_written_so_that_it_reads(seconds: float) -> None:
    assert problems(SMALL + f"updates: {{remind: {span_text(seconds)}}}\n") == []
    assert seconds <= seconds_of(span_text(seconds)) <= seconds + 3600


def test_a_length_is_written_as_it_is_read() -> None:
    assert [span_text(seconds) for seconds in (0.001, 60, 61, 5400, 7200, 172800)] == [
        "1m",
        "1m",
        "2m",
        "90m",
        "2h",
        "2d",
    ]


# What is wrong


def test_all_that_is_wrong_is_said_at_once_with_its_line() -> None:
    text = """name: Out Age
titel: Outage
stages:
  - name: First
    tasks:
      - {id: a, text: Do, due: soon}
      - {id: a, text: Again, assign: role:scribe}
      - {id: c}
      - Do this
room: {create: perhaps, feed: [resolvd]}
reactions: {":eyes:": assign, eyes: run}
"""
    assert problems(text) == [
        "line 1: name: expected lower-case letters, digits and -, 40 at most, got 'Out Age'",
        "line 1: title: is missing; expected text",
        "line 2: titel: no such field; did you mean title?",
        "line 6: stage 1, task 1, due: expected a length such as 5m, 2h or 1d, or a time of day "
        "such as 9:30, got 'soon'",
        "line 7: stage 1, task 2, assign: there is no role scribe in `roles`; the playbook has "
        "none",
        "line 7: stage 1, task 2, id: another task is called a already",
        "line 8: stage 1, task 3, text: is missing; expected text",
        "line 9: stage 1, task 4: expected an object, got 'Do this'",
        "line 10: room, create: expected true or false, got 'perhaps'",
        "line 10: room, feed, entry 1: expected one of its words, got 'resolvd'; did you mean "
        "resolved?",
        "line 11: reactions, :eyes:: expected an emoji's name without colons, such as eyes",
        "line 11: reactions, eyes: expected one of tick, assign, call_commander, mark, note, got "
        "'run'",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: nothing is in it"),
        ("# nothing\n", "line 1: nothing is in it"),
        ("- a\n", "line 1: a playbook begins with keys such as `name: outage`"),
        ("\n\nOutage\n", "line 3: a playbook begins with keys such as `name: outage`"),
        (SMALL + "title: Again\n", "line 7: title: stands there twice, first in line 2"),
        (HEAD + "stages: []\n", "line 3: stages: expected at least 1, got an empty list"),
        (
            tasks("id: a, text: Do, when: [{assign: on_call}]"),
            "line 6: stage 1, task 1, condition 1: says nothing of the incident: name "
            "priorities, urgencies, services, incident_types or a field",
        ),
        (
            tasks("id: a, text: Do, due: 5m, when: [{priorities: [P1], due: 2h}]"),
            "line 6: stage 1, task 1, condition 1, due: is not earlier than the task's own, 5m",
        ),
        (
            tasks("id: a, text: Do, due: 60d"),
            "line 6: stage 1, task 1, due: at most 30d",
        ),
        (
            SMALL + "updates: {remind: 999d}\n",
            "line 7: updates, remind: at most 30d",
        ),
        (
            SMALL + "roles: [{name: commander, default: on_call}]\n",
            "line 7: role 1, default: who is commander says `commander` at the top",
        ),
        (
            SMALL + "roles: [{name: a}, {name: a}]\n",
            "line 7: role 2, name: another role is called a already",
        ),
        (
            tasks("id: a, text: Do, assign: role:commander"),
            "line 6: stage 1, task 1, assign: write commander for the commander",
        ),
        (
            tasks("id: a, text: Do, assign: role:b") + "roles: [{name: a}]\n",
            "line 6: stage 1, task 1, assign: there is no role b in `roles`; there are a",
        ),
        (
            tasks("id: a, text: Do, run: rm -rf /"),
            "line 6: stage 1, task 1, run: expected a line that begins with /pd, "
            "action:<pack>.<name>, or alias:<phrase>",
        ),
        (
            SMALL + "who: {start: [ada]}\n",
            "line 7: who, start, entry 1: expected @user, ~channel,",
        ),
        (SMALL + "stagse: 1\n", "line 7: stagse: no such field; did you mean stages?"),
        (SMALL + "a: &x 1\n", "line 7: anchors and aliases (&x, *x) are not taken: write it out"),
        (SMALL + "a: *x\n", "line 7: anchors and aliases (&x, *x) are not taken: write it out"),
        (
            SMALL + "a: !!python/object/apply:os.system [x]\n",
            "line 7: tags (!x) are not taken; put a text with ! in quotes",
        ),
        (SMALL + "---\nname: b\n", "line 7: a second document: one is taken, without --- in it"),
        ("name: a: b\n", "line 1: a colon too many: put a text that holds one in quotes"),
        ("name: a\n\ttitle: b\n", "line 2: a character that begins no text: put the text in quot"),
        ("name: a\ntitle\n", "line 3: a line that is no `key: value`"),
        ("a:\n  - b\n c: d\n", "line 3: a line that is indented otherwise than those around it"),
        ("a: [b, c\n", "line 2: a bracket that is not closed, or a comma that is missing"),
        ("a: 'b\n", "line 2: a quotation mark or a bracket that is not closed"),
        ('a: "\\q"\n', "line 1: a backslash in double quotes: take single quotes"),
        ('a: "\\UFFFFFFFF"\n', "line 1: this is no YAML: is there a backslash in quotes?"),
        ("a: b\nc: \x00\n", "line 2: a character that no text has"),
        ("a: - b\n", "line 1: a list begins on a line of its own"),
        ("? [a]\n: b\n", "line 1: a list or an object where a key stands"),
        ("a: " + "[" * 30, "line 1: more than a playbook holds: too many or too deep entries"),
        ("x" * 100_001, "line 1: 100001 characters, at most 100000 are taken"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(text: str, problem: str) -> None:
    found = problems(text)
    assert any(one.startswith(problem) for one in found), found


def test_eighty_tasks_are_taken_and_no_more() -> None:
    def of(count: int) -> List[str]:
        rows = [f"      - {{id: t{n}, text: Do}}\n" for n in range(count)]
        half = count // 2
        stages = "".join(
            f"  - name: Stage\n    tasks:\n{''.join(part)}" for part in (rows[:half], rows[half:])
        )
        return problems(f"{HEAD}stages:\n{stages}")

    assert of(80) == []
    assert of(81) == ["line 3: stages: 81 tasks, at most 80 are taken"]


def test_no_message_is_the_libraries_own() -> None:
    """Neither jsonschema's words nor YAML's: none of the schema's keywords can fail without words
    of the pack's."""
    wrong: Dict[str, Any] = {
        "name": "N" * 300,
        "title": "",
        "description": "x" * 600,
        "teams": "a",
        "choose": {"urgencies": ["mid"]},
        "roles": [{"name": "r"}] * 21,
        "updates": {"broadcast": ["~a"] * 11, "template": "x" * 4000},
        "stages": [{"name": "s", "tasks": [{"id": f"t{n}", "text": "x"} for n in range(61)]}] * 16,
        "reactions": {f"e{n}": "tick" for n in range(21)},
    }
    found = problems(json.dumps(wrong))
    assert found
    for line in found:
        assert not re.search(r"is not of type|does not match|too long|fits '|is not valid", line)


# The schema


def test_the_schema_knows_the_words_of_the_pack() -> None:
    room = playbook_schema()["properties"]["room"]["properties"]
    own = {"created", "mitigated", "cancelled", *FEED_WORDS}
    words = own | {name[len("incident.") :] for name in KNOWN_EVENTS}
    assert MITIGATED.endswith("mitigated")
    assert set(room["feed"]["items"]["enum"]) == words
    assert set(RoomsConfig().feed) <= words
    for place in PLACEHOLDERS:
        text = f'{SMALL}room: {{name: "a-{{{place}}}"}}\n'
        assert problems(text) == []


def test_each_part_of_the_schema_says_what_it_means() -> None:
    def walk(node: Dict[str, Any], path: str) -> None:
        for name, inner in (node.get("properties") or {}).items():
            assert inner.get("description"), f"{path}{name}"
            walk(inner, f"{path}{name}.")
            walk(inner.get("items") or {}, f"{path}{name}[].")
        if "pattern" in node:
            assert node.get("$comment"), path

    walk(playbook_schema(), "")
