"""The phrases: each fits exactly one format of all aliases, sets what it should, and lets nobody
set the rest."""

from __future__ import annotations

import re
from typing import Any, Dict, Optional

import pytest
from pack_files import REAL_ST2, files, load
from st2tests.base import BaseActionAliasTestCase

if REAL_ST2:
    from st2common.exceptions.content import ParseException as ParseError
    from st2common.models.utils.action_alias_utils import extract_parameters
else:
    from standalone.alias_format import ParseError, extract_parameters

ALIASES = {alias["name"]: alias for alias in map(load, files("aliases"))}
PHRASES = [
    ("get open incidents", "find_incidents", {}),
    ("get open incidents triggered", "find_incidents", {"text": "triggered"}),
    (
        "get open incidents [triggered,acknowledged]",
        "find_incidents",
        {"text": "[triggered,acknowledged]"},
    ),
    ("create incident Database is down", "launch_incident", {"text": "Database is down"}),
    (
        "create incident on service x is wrong",
        "launch_incident",
        {"text": "on service x is wrong"},
    ),
    (
        "ack incident id PABC123 from ada@example.com",
        "acknowledge_incident",
        {"incidents": "PABC123", "from_email": "ada@example.com"},
    ),
    ("ack incident id PABC123", "acknowledge_incident", {"incidents": "PABC123"}),
    ("Acknowledge incident 1234", "acknowledge_incident", {"incidents": "1234"}),
    (
        "ack incident ids PABC123,PBCD234 with ada@example.com",
        "acknowledge_incident",
        {"incidents": "PABC123,PBCD234", "from_email": "ada@example.com"},
    ),
    (
        "resolve incident id PABC123 from ada@example.com",
        "resolve_incident",
        {"incidents": "PABC123", "from_email": "ada@example.com"},
    ),
    (
        "resolve incident ids PABC123, PBCD234",
        "resolve_incident",
        {"incidents": "PABC123, PBCD234"},
    ),
    (
        'trigger "Disk full" on service Checkout API',
        "pagerduty_trigger",
        {"text": "Disk full", "service": "Checkout API"},
    ),
    ("make test incident", "pagerduty_test", {}),
    (
        "make test incident 2020-11-23 PR-Testing",
        "pagerduty_test",
        {"text": "2020-11-23 PR-Testing"},
    ),
    (
        "make test incidents 10 3 2020-01-31 2020-11-22 2",
        "pagerduty_test_bulk",
        {"text": "10 3 2020-01-31 2020-11-22 2"},
    ),
    ("resolve test incidents", "pagerduty_test_end", {}),
    ("start drill", "pagerduty_drill", {}),
    ("start drill major-incident", "pagerduty_drill", {"text": "major-incident"}),
    ("end drill", "pagerduty_drill_end", {}),
    ("list playbooks", "pagerduty_playbook_list", {}),
    ("show playbook outage", "pagerduty_playbook_show", {"text": "outage"}),
    ("new playbook a from b", "pagerduty_playbook_new", {"text": "a from b"}),
    (
        "save playbook https://chat.example.com/ops/pl/abc",
        "pagerduty_playbook_save",
        {"text": "https://chat.example.com/ops/pl/abc"},
    ),
    ("delete playbook outage", "pagerduty_playbook_delete", {"text": "outage"}),
    ("history of playbook outage", "pagerduty_playbook_history", {"text": "outage"}),
    ("restore playbook outage 3", "pagerduty_playbook_restore", {"text": "outage 3"}),
    ("list incidents", "pagerduty_list", {}),
    ("room for incident 12", "pagerduty_room", {"incidents": "12"}),
    ("open a room for incident PT4KHLK", "pagerduty_room", {"incidents": "PT4KHLK"}),
    (
        "start playbook major-incident for incident 12",
        "pagerduty_playbook_start",
        {"text": "major-incident", "incidents": "12"},
    ),
    ("tick task 1.2 of incident 12", "pagerduty_task_tick", {"task": "1.2", "incidents": "12"}),
    (
        "untick task 1.2 of incident 12",
        "pagerduty_task_untick",
        {"task": "1.2", "incidents": "12"},
    ),
    ("skip task 1.2 of incident 12", "pagerduty_task_skip", {"task": "1.2", "incidents": "12"}),
    (
        "give task 1.2 of incident 12 to @grace",
        "pagerduty_task_assign",
        {"task": "1.2", "incidents": "12", "text": "@grace"},
    ),
    (
        "add a task to incident 12: Call the bank",
        "pagerduty_task_add",
        {"incidents": "12", "text": "Call the bank"},
    ),
    (
        "change task 1.2 of incident 12: Call both banks",
        "pagerduty_task_edit",
        {"task": "1.2", "incidents": "12", "text": "Call both banks"},
    ),
    (
        "task 1.2 of incident 12 is due in 30m",
        "pagerduty_task_due",
        {"task": "1.2", "incidents": "12", "duration": "30m"},
    ),
    (
        "move task 1.2 of incident 12 to 2",
        "pagerduty_task_move",
        {"task": "1.2", "incidents": "12", "text": "2"},
    ),
    ("run task 1.2 of incident 12", "pagerduty_task_run", {"task": "1.2", "incidents": "12"}),
    (
        "remove task 1.2 of incident 12",
        "pagerduty_task_remove",
        {"task": "1.2", "incidents": "12"},
    ),
    ("stage of incident 12 is 2", "pagerduty_stage", {"incidents": "12", "text": "2"}),
    ("tasks of incident 12", "pagerduty_tasks", {"incidents": "12"}),
    ("my tasks", "pagerduty_todo", {}),
    (
        "mark post https://chat.example.com/ops/pl/x for incident 12",
        "pagerduty_mark",
        {"text": "https://chat.example.com/ops/pl/x", "incidents": "12"},
    ),
    ("call the commander of incident 12", "pagerduty_call_commander", {"incidents": "12"}),
    (
        "commander of incident 12: @grace",
        "pagerduty_commander",
        {"incidents": "12", "text": "@grace"},
    ),
    (
        "update on incident 12: errors are down",
        "pagerduty_update",
        {"incidents": "12", "text": "errors are down"},
    ),
    ("end playbook of incident 12", "pagerduty_playbook_end", {"incidents": "12"}),
    ("restart playbook of incident 12", "pagerduty_playbook_restart", {"incidents": "12"}),
    ("end triage of incident 12", "pagerduty_triage_end", {"incidents": "12"}),
    ("list rooms", "pagerduty_rooms", {}),
    ("info on incident 12", "pagerduty_info", {"incidents": "12"}),
    (
        "invite to incident 12: @ada @grace",
        "pagerduty_invite",
        {"incidents": "12", "text": "@ada @grace"},
    ),
    (
        "announce incident 12: ~incidents",
        "pagerduty_announce",
        {"incidents": "12", "text": "~incidents"},
    ),
    (
        "cancel incident 12: it was a test",
        "pagerduty_cancel",
        {"incidents": "12", "text": "it was a test"},
    ),
    ("list incidents on Checkout API", "pagerduty_list", {"service": "Checkout API"}),
    ("my incidents", "pagerduty_mine", {}),
    ("list my incidents", "pagerduty_mine", {}),
    ("ack all mine", "pagerduty_acknowledge_mine", {}),
    ("ack mine", "pagerduty_acknowledge_mine", {}),
    ("show incident 12", "pagerduty_show", {"incidents": "12"}),
    ("get incident id PABC123", "pagerduty_show", {"incidents": "PABC123"}),
    ("notes of incident 12", "pagerduty_notes", {"incidents": "12"}),
    ("show notes of 12", "pagerduty_notes", {"incidents": "12"}),
    ("timeline of incident 12", "pagerduty_timeline", {"incidents": "12"}),
    ("retrospective of 12", "pagerduty_retrospective", {"incidents": "12"}),
    ("publish retrospective of 12", "pagerduty_retrospective_publish", {"incidents": "12"}),
    ("cancel retrospective of 12", "pagerduty_retrospective_cancel", {"incidents": "12"}),
    ("show retrospective of 12", "pagerduty_retrospective_status", {"incidents": "12"}),
    ("list follow-ups", "pagerduty_followups", {}),
    ("export room of incident 12", "pagerduty_room_export", {"incidents": "12"}),
    ("seal timeline of 12", "pagerduty_timeline_seal", {"incidents": "12"}),
    ("verify timeline of incident 12", "pagerduty_timeline_verify", {"incidents": "12"}),
    ("catch me up on incident 12", "pagerduty_catchup", {"incidents": "12"}),
    ("incident report 30d", "pagerduty_report", {"duration": "30d"}),
    ("report picture 30d", "pagerduty_report_picture", {"duration": "30d"}),
    ("report picture", "pagerduty_report_picture", {}),
    ("simulate 7d", "pagerduty_simulate", {"duration": "7d"}),
    ("simulate", "pagerduty_simulate", {}),
    ("incidents similar to 12", "pagerduty_similar", {"incidents": "12"}),
    ("changes before 12", "pagerduty_changes", {"incidents": "12"}),
    ("note on 12: it's the disk", "pagerduty_note", {"incidents": "12", "text": "it's the disk"}),
    (
        "note on incident PABC123: a: b",
        "pagerduty_note",
        {"incidents": "PABC123", "text": "a: b"},
    ),
    ("snooze incident 12 for 2h", "pagerduty_snooze", {"incidents": "12", "duration": "2h"}),
    ("who is on call for Checkout API?", "pagerduty_oncall", {"text": "Checkout API"}),
    ("who's oncall for Payments", "pagerduty_oncall", {"text": "Payments"}),
    ("notify me about shifts off", "pagerduty_notify", {"text": "off"}),
    ("notify me of my shifts on", "pagerduty_notify", {"text": "on"}),
    ("on call week of Platform rotation", "pagerduty_oncall_week", {"text": "Platform rotation"}),
    ("oncall week ahead for Platform", "pagerduty_oncall_week", {"text": "Platform"}),
    (
        "swap my shift of Platform rotation from tomorrow 9:00",
        "pagerduty_swap",
        {"service": "Platform rotation", "duration": "tomorrow 9:00"},
    ),
    ("cancel my swap", "pagerduty_swap_cancel", {}),
    ("withdraw my swaps", "pagerduty_swap_cancel", {}),
    ("handover replica lags", "pagerduty_handover", {"text": "replica lags"}),
    ("handover: see the runbook", "pagerduty_handover", {"text": "see the runbook"}),
    ("handover", "pagerduty_handover_notes", {}),
    ("clear handover", "pagerduty_handover_clear", {}),
    ("I have it", "pagerduty_handover_accept", {}),
    ("connect", "pagerduty_connect", {}),
    ("list ended rooms", "pagerduty_rooms_ended", {}),
    ("kept pages", "pagerduty_kept", {}),
    ("list kept pages", "pagerduty_kept", {}),
    ("drop kept page 3f2a91c0d4", "pagerduty_kept_drop", {"text": "3f2a91c0d4"}),
    ("escalate incident 12", "pagerduty_escalate", {"incidents": "12"}),
    (
        "escalate incident 12 to level 2",
        "pagerduty_escalate",
        {"incidents": "12", "text": "level 2"},
    ),
    (
        "reassign incident 12 to @mei, ada@example.com",
        "pagerduty_reassign",
        {"incidents": "12", "text": "@mei, ada@example.com"},
    ),
    ("set priority of incident 12 to P1", "pagerduty_priority", {"incidents": "12", "text": "P1"}),
    ("merge incidents 12,13 into 14", "pagerduty_merge", {"incidents": "12,13", "text": "14"}),
    ("reopen incident 12", "pagerduty_reopen", {"incidents": "12"}),
    ("unack incident 12", "pagerduty_unacknowledge", {"incidents": "12"}),
    (
        "status of incident 12: half of it works",
        "pagerduty_status_update",
        {"incidents": "12", "text": "half of it works"},
    ),
    (
        "ask @mei to help with incident 12",
        "pagerduty_responders",
        {"incidents": "12", "text": "@mei"},
    ),
    (
        'run workflow "Major incident" on incident 12',
        "pagerduty_workflow",
        {"incidents": "12", "text": "Major incident"},
    ),
    ("dead letters", "pagerduty_deadletters", {}),
    ("show failed commands", "pagerduty_deadletters", {}),
    ("list deadletters", "pagerduty_deadletters", {}),
    ("who am i?", "pagerduty_whoami", {}),
    ("whoami", "pagerduty_whoami", {}),
    ("list services", "pagerduty_services", {}),
    ("list services check", "pagerduty_services", {"text": "check"}),
    (
        "list incidents on Checkout API page 2",
        "pagerduty_list",
        {"service": "Checkout API", "page": "2"},
    ),
    ("list incidents page 3", "pagerduty_list", {"page": "3"}),
    ("who is on call?", "pagerduty_oncall", {}),
    ("am I on call?", "pagerduty_oncall_me", {}),
    ("when am I next on call", "pagerduty_oncall_me", {}),
    ("mitigate incident 12", "pagerduty_mitigate", {"incidents": "12"}),
    (
        "mitigate incident 12: rolled back",
        "pagerduty_mitigate",
        {"incidents": "12", "text": "rolled back"},
    ),
    ("set urgency of incident 12 to low", "pagerduty_urgency", {"incidents": "12", "text": "low"}),
    (
        "maintenance of Checkout API for 1h",
        "pagerduty_maintenance",
        {"service": "Checkout API", "duration": "1h"},
    ),
    (
        "page @mei about the shop is down",
        "pagerduty_page",
        {"service": "@mei", "text": "the shop is down"},
    ),
    (
        "override Platform rotation for 2h",
        "pagerduty_override",
        {"service": "Platform rotation", "duration": "2h"},
    ),
    (
        "let @mei take Platform rotation until 18:00",
        "pagerduty_override_for",
        {"text": "@mei", "service": "Platform rotation", "duration": "18:00"},
    ),
    ("take over Platform rotation", "pagerduty_take", {"service": "Platform rotation"}),
    (
        "hand my shifts from Monday to Friday over to @mei",
        "pagerduty_override_all",
        {"duration": "from Monday to Friday", "text": "@mei"},
    ),
    ("list overrides of Platform rotation", "pagerduty_overrides", {"text": "Platform rotation"}),
    ("cancel override PEW7H5N:Q123", "pagerduty_override_cancel", {"text": "PEW7H5N:Q123"}),
    ("list maintenance windows", "pagerduty_maintenance_list", {}),
    ("end maintenance PABC123", "pagerduty_maintenance_end", {"text": "PABC123"}),
    ("pagerduty health", "pagerduty_health", {}),
    ("pagerduty help", "pagerduty_help", {}),
    ("pagerduty help ack", "pagerduty_help", {"text": "ack"}),
]
RUNNER = {"env": {}, "timeout": 600, "log_level": "INFO", "debug": False, "content_version": ""}
EXCHANGE = {"acknowledge_incident", "find_incidents", "launch_incident", "resolve_incident"}


class FindIncidentsTestCase(BaseActionAliasTestCase):
    action_alias_name = "find_incidents"

    def test_the_exchange_packs_phrase_keeps_its_default(self) -> None:
        formats = self.action_alias_db.get_format_strings()
        self.assertExtractedParametersMatch(
            formats[0], "get open incidents", {"text": "[triggered,acknowledged]"}
        )
        self.assertCommandMatchesExactlyOneFormatString(formats, "get open incidents")


def _formats() -> Any:
    for name, alias in ALIASES.items():
        for entry in alias["formats"]:
            for text in entry["representation"]:
                yield name, text


def _extract(format_string: str, phrase: str) -> Optional[Dict[str, Any]]:
    try:
        return dict(extract_parameters(format_string, phrase))
    except ParseError:
        return None


@pytest.mark.parametrize(("phrase", "name", "sets"), PHRASES)
def test_a_phrase_fits_exactly_one_format(phrase: str, name: str, sets: Dict[str, str]) -> None:
    fits = [
        (one, found)
        for one, text in _formats()
        for found in [_extract(text, phrase)]
        if found is not None
    ]
    assert [one for one, _ in fits] == [name]
    found = {
        key: value
        for key, value in fits[0][1].items()
        if value and value != "[triggered,acknowledged]"
    }
    wanted = {key: value for key, value in sets.items() if value != "[triggered,acknowledged]"}
    assert found == wanted


def test_each_alias_has_a_phrase_here() -> None:
    assert {name for _, name, _ in PHRASES} == set(ALIASES)


@pytest.mark.parametrize("name", sorted(ALIASES))
def test_what_a_phrase_does_not_set_nobody_can(name: str) -> None:
    from pack_files import actions

    alias = ALIASES[name]
    texts = [text for entry in alias["formats"] for text in entry["representation"]]
    free = {key for text in texts for key in _names(text)}
    fixed = alias["immutable_parameters"]
    parameters = actions()[alias["action_ref"]]["parameters"]
    assert set(parameters) - {"user", "channel"} == free | (set(fixed) - set(RUNNER))
    assert parameters["user"]["immutable"] is True
    assert all(parameters[one]["immutable"] for one in {"user", "channel"} & set(parameters))
    assert {key: fixed[key] for key in RUNNER} == RUNNER
    assert name in EXCHANGE or name.startswith("pagerduty_")


@pytest.mark.parametrize(("phrase", "name", "sets"), PHRASES)
def test_a_phrase_means_the_same_after_pd(phrase: str, name: str, sets: Dict[str, str]) -> None:
    from pagerduty_mattermost.chat.parser import parse

    parsed = parse(phrase)
    if name == "launch_incident":  # after /pd it opens the dialog of a declaration
        assert parsed.command.verb == "declare"
        return
    fixed = ALIASES[name]["immutable_parameters"]
    assert (parsed.problem, parsed.command.verb) == ("", fixed["verb"])
    quoted = {key: value.strip('"') for key, value in sets.items() if not value.startswith("[")}
    told = {key: getattr(parsed.command, key).strip('"') for key in quoted}
    assert told == {key: word.replace(", P", ",P") for key, word in quoted.items()}


def _names(text: str) -> Any:
    return re.findall(r"{{(\w+)", text)
