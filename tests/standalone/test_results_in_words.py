"""What an action gives is shown in the terminal as lines and tables; all of it is JSON with -j."""

from __future__ import annotations

import json

import pytest

from standalone.output import result_text

BY = "from_email=ada@example.com"


@pytest.mark.parametrize(
    "words",
    [
        ("incident.get", "entity_id=1"),
        ("incident.update", "entity_id=1", "priority=P2", BY),
        ("incident.acknowledge", "entity_id=1", BY),
        ("incident.resolve", "entity_id=1", "note=done", BY),
    ],
)
def test_an_incident_is_lines_and_json_with_j(shell, words):
    code, lines = shell("run", *words)
    assert code == 0, lines
    said = "\n".join(lines)
    assert "{" not in said
    assert [line.split()[-1] for line in lines if line.startswith("id ")] != [], said
    assert any(line.startswith("title ") and line.endswith("It burns") for line in lines), said
    assert lines[-1].startswith("-j shows"), said
    code, lines = shell("run", *words, "-j")
    given = json.loads("\n".join(lines))["result"]["result"]
    assert given.get("incident", given)["title"] == "It burns"


def test_an_audit_lists_what_was_done(shell):
    shell("chat", "/pd dry-run ack 1", "--as", "ada")
    assert shell("chat", "/pd unack 1", "--as", "ada")[0] in (0, 1)
    code, lines = shell("run", "audit.list")
    assert code == 0
    head = next(line for line in lines if line.startswith("AT "))
    assert head.split()[:4] == ["AT", "CHAT", "USER", "VERB"] or "PERSON" in head, lines
    assert any(" ada " in line and " unacknowledge " in line for line in lines), lines


def test_an_incident_that_is_not_there_is_named_as_in_chat(shell):
    code, lines = shell("run", "incident.get", "entity_id=999")
    assert code == 1
    assert "there is no incident 999, or the key may not see it" in "\n".join(lines)
    assert "GET" not in "\n".join(lines)


def test_that_nothing_was_there_already_is_not_said():
    assert of({"message": "Posted.", "already": False}) == "Posted."
    assert "already" in of({"message": "It is there.", "already": True})


def of(value):
    return result_text({"result": value, "stderr": "", "exit_code": 0})


def test_several_things_stand_under_their_names():
    said = of({"incident": {"id": "P1", "title": "Slow"}, "user": {"id": "U1", "name": "Ada"}})
    assert said.splitlines()[0] == "incident"
    assert "name  Ada" in said


def test_what_can_not_be_said_in_a_line_is_named():
    said = of(
        {"id": "P1", "a": {"b": 1, "c": 2, "d": 3, "e": 4}, "who": {"user": {"name": "Ada"}}}
    )
    assert said == "id   P1\nwho  Ada\n\n-j shows also: a"


def test_what_has_no_words_is_json():
    assert json.loads(of({})) == {}
    assert json.loads(of({"message": "", "a": {}})) == {"message": "", "a": {}}


def test_a_message_of_one_line_stands_above_its_table():
    said = of({"message": "2 found.", "truncated": False, "rows": [{"id": "A"}, {"id": "B"}]})
    assert said == "2 found.\n\nID\nA\nB\n\n-j shows also: rows"
