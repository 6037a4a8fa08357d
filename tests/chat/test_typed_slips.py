"""What people type in a hurry: a slip is read as it was meant or refused in a line that says what
to type, and never does something else."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from pagerduty_mattermost.chat.named_people import one_person
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verb import MANY, ONE
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import RejectedInput


@pytest.mark.parametrize(
    ("line", "verb", "fields"),
    [
        ("resolve 7 - fixed", "resolve", {"incidents": "7", "text": "fixed"}),
        ("resolve 7: 2nd disk", "resolve", {"incidents": "7", "text": "2nd disk"}),
        ("resolve 7: all", "resolve", {"incidents": "7", "text": "all"}),
        ("resolve 7: or 8 hosts", "resolve", {"incidents": "7", "text": "or 8 hosts"}),
        ('resolve 7 "2nd disk"', "resolve", {"incidents": "7", "text": "2nd disk"}),
        ('resolve 7 "2nd"', "resolve", {"incidents": "7", "text": "2nd"}),
        ("resolve 7, incident 8", "resolve", {"incidents": "7,8"}),
        ("resolve №7", "resolve", {"incidents": "7"}),
        ("ack this", "acknowledge", {}),
        ("ack that one", "acknowledge", {}),
        ("snooze it for 2h", "snooze", {"duration": "2h"}),
        ("snooze 7, 2h", "snooze", {"incidents": "7", "duration": "2h"}),
        ("reassign this to @mei", "reassign", {"text": "@mei"}),
        ("resolve this", "resolve", {}),
        ("resolve this: fixed it", "resolve", {"text": "fixed it"}),
        ("note this is odd", "note", {"text": "this is odd"}),
        (
            "status update 7 We are on it",
            "status_update",
            {"incidents": "7", "text": "We are on it"},
        ),
        (
            "resolve [#7 Disk full](https://acme.pagerduty.com/incidents/PT4KHLK): fixed",
            "resolve",
            {"incidents": "PT4KHLK", "text": "fixed"},
        ),
        ("page @grace 《it is down》", "page", {"service": "@grace", "text": "it is down"}),
        ("page @grace ❝it is down❞", "page", {"service": "@grace", "text": "it is down"}),
        ("list open", "list", {}),
        ("list my", "mine", {}),
        ("help on call", "help", {"text": "on call"}),
        (
            "page @grace: the shop is down",
            "page",
            {"service": "@grace", "text": "the shop is down"},
        ),
        (
            "page @grace the shop is down",
            "page",
            {"service": "@grace", "text": "the shop is down"},
        ),
        (
            "page @grace, @mei and @olu that it is down",
            "page",
            {"service": "@grace, @mei and @olu", "text": "it is down"},
        ),
        (
            "page Night shift: it is down",
            "page",
            {"service": "Night shift", "text": "it is down"},
        ),
        (
            "override Platform by @mei from 18:00 for 2h",
            "override",
            {"service": "Platform", "duration": "from 18:00 for 2h", "text": "@mei"},
        ),
        (
            "override Platform for 2h instead of @ada by @mei",
            "override",
            {"service": "Platform", "duration": "2h", "text": "@mei instead of @ada"},
        ),
        (
            "override Platform for 2h by Mei Tanaka instead of Ada Lovelace",
            "override",
            {
                "service": "Platform",
                "duration": "2h",
                "text": "Mei Tanaka instead of Ada Lovelace",
            },
        ),
        (
            "override Platform from 18:00 by @mei until 20:00",
            "override",
            {"service": "Platform", "duration": "from 18:00 until 20:00", "text": "@mei"},
        ),
        ("take Platform 2h", "take", {"service": "Platform", "duration": "2h"}),
        (
            "take Platform from 18:00 for 2h",
            "take",
            {"service": "Platform", "duration": "from 18:00 for 2h"},
        ),
        (
            "maintenance Checkout from 22:00 for 2h",
            "maintenance",
            {"service": "Checkout", "duration": "from 22:00 for 2h"},
        ),
        ("maintenance Checkout 1h", "maintenance", {"service": "Checkout", "duration": "1h"}),
        (
            "maintenance End User API for 1h",
            "maintenance",
            {"service": "End User API", "duration": "1h"},
        ),
        ("stop maintenance on Checkout", "maintenance_end", {"text": "Checkout"}),
        ("cancel maintenance Checkout", "maintenance_end", {"text": "Checkout"}),
        ("end override PABC:Q1", "override_cancel", {"text": "PABC:Q1"}),
        ("cancel swap", "swap_cancel", {}),
        ("cancel subscription", "unsubscribe", {}),
        ("close room", "room_archive", {}),
        ("who is on call for Checkout right now?", "oncall", {"text": "Checkout"}),
    ],
)
def test_it_is_read_as_it_was_meant(line: str, verb: str, fields: Dict[str, str]) -> None:
    read = parse(line)
    found: Dict[str, Any] = {k: v for k, v in read.command._asdict().items() if v and k != "verb"}
    assert (read.problem, read.command.verb, found) == ("", verb, fields)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("resolve 7 2nd disk", "'2nd' is no incident"),
        ("cancel 7 8", "one incident at a time, not '8' as well"),
        ("note 7 3 hosts back", "one incident at a time, not '3' as well; text that begins so"),
        ("resolve -1", "'-1' is no incident"),
        ("resolve 7 plus 8", "'plus 8' is not read: several incidents stand between commas"),
        ("resolve 7 incident 8", "'incident 8' is not read"),
        ("resolve 7 and this", "'and this' names no incident"),
        ("resolve all on Checkout", "'all on Checkout' names no incident"),
        ("resolve everything but 7", "names no incident"),
        ("resolve my incidents", "names no incident"),
        ("resolve *", "'*' names no incident"),
        ("resolve the rest", "'the rest' names no incident"),
        ("resolve the others", "'the others' names no incident"),
        ("resolve please 7", "'please 7' is not read: incidents stand first"),
        ("resolve not 7", "'not 7' is not read: incidents stand first"),
        ("resolve only 7", "'only 7' is not read: incidents stand first"),
        ("resolve both 7 and 8", "'both 7 and 8' is not read: incidents stand first"),
        ("resolve - 7", "'- 7' is not read: incidents stand first"),
        ("resolve • 7, 8", "'• 7, 8' is not read: incidents stand first"),
        ("note ( 7 )", "'( 7 )' is not read: incidents stand first"),
        (
            "note for 7: it is the disk",
            "'for 7: it is the disk' is not read: incidents stand first",
        ),
        ("resolve it 7", "'it 7' is not read"),
        ("note on 3 hosts it is down", "'on 3' may be an incident or text: an incident is #3"),
        (
            "resolve 3 hosts are down",
            "'3 hosts' may be an incident or text: an incident is #3; text",
        ),
        (
            "resolve 12 500 errors are gone",
            "'500 errors' may be an incident or text: an incident is #500",
        ),
        ("note 3 of 5 disks failed", "'3 of' may be an incident or text: an incident is #3"),
        ("mitigate 3 hosts", "'3 hosts' may be an incident or text"),
        ("open 7", "show means that: `/pd show 7`"),
        ("ack open", "`/pd list` shows what is open"),
        ("ack 1 please", "'please' is not read: type `/pd ack [ids]`"),
        ("unack 1 2", "one incident at a time, not '2' as well"),
        ("cancel room", "'room' can't be cancelled so"),
        ("cancel maintenance", "'maintenance' can't be cancelled so"),
        ("cancel ack", "'ack' can't be cancelled so"),
        ("end maintenance", "type `/pd maintenance end <id or service>`"),
        ("end override", "type `/pd override cancel <id>`"),
        ("end the call", "type `/pd end [id]"),
        ("close 12", "resolve means that: `/pd resolve 12`"),
        ("room close 1 2", "one incident at a time"),
        ("room foo", "`/pd help room` shows all"),
        ("handover 12 to @mei", "`/pd reassign 12 @user` gives an incident to somebody"),
        ("dry-run", "a dry run of what? `/pd dry-run resolve 1234`"),
        ('page @grace "it is down" on Checkout', "stands as an option: --service 'Checkout'"),
        ("take Platform for 2h by @mei", "take is for yourself; `/pd override <schedule>"),
        ("override Platform for @mei for 2h", "who takes it stands behind “by”"),
        ("swap Platform tomorrow with @mei", "swap asks the rota's channel"),
        ("subscriptions all", "type `/pd subscriptions`"),
    ],
)
def test_it_is_refused_with_what_to_type(line: str, told: str) -> None:
    read = parse(line)
    assert read.command.verb == ""
    assert told in read.problem
    assert "\n" not in read.problem
    assert len(read.problem) < 400


@pytest.mark.parametrize("option", ["--dry-run", "\u2014dry-run", "--dryrun", "--DRY-RUN"])
@pytest.mark.parametrize("line", ["resolve 4 fixed {}", "{} ack 4", "page @mei {} about it"])
def test_a_dry_run_may_be_asked_for_anywhere(line: str, option: str) -> None:
    read = parse(line.format(option))
    assert read.dry_run
    assert "dry" not in read.command.text.lower(), "it is none of the text"
    assert not read.problem


def test_what_stands_in_quotes_asks_for_no_dry_run() -> None:
    read = parse('note 4 "use --dry-run first"')
    assert (read.dry_run, read.command.text) == (False, "use --dry-run first")


@pytest.mark.parametrize("verb", TABLE.verbs, ids=lambda verb: verb.name)
def test_no_verb_takes_what_begins_like_an_incident_behind_one_for_text(verb: Any) -> None:
    """But for times, levels, priorities, stages and posts, which begin so and are looked up."""
    looked_up = ("snooze", "escalate", "priority", "remind", "stage", "mark")
    if verb.incidents not in (ONE, MANY) or verb.name in looked_up:
        return
    for form in verb.forms:
        for begin in form.begins:
            for words in ("7 2nd disk", "7 12a down", "7 1/3 back", "7 #disk", "7 PT4KHLK-x"):
                read = parse(f"{begin} {words}")
                assert read.problem or read.command.incidents != "7", (begin, words, read)


@pytest.mark.parametrize(
    ("typed", "one"),
    [("@mei:", "@mei"), (" @mei. ", "@mei"), ("Mei Tanaka:", "Mei Tanaka"), ("“@mei”", "@mei")],
)
def test_one_person_is_read_with_what_stands_behind(typed: str, one: str) -> None:
    assert one_person(typed) == one


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("@mei @olu", r"one person at a time, not 2 \(@mei, @olu\)"),
        ("@mei tomorrow", r"not 2 \(@mei, tomorrow\)"),
        ("", "who\\? @name"),
    ],
)
def test_several_people_are_not_one(typed: str, told: str) -> None:
    with pytest.raises(RejectedInput, match=told):
        one_person(typed)


def test_every_verb_makes_a_sentence() -> None:
    """ "PagerDuty does not let you …", "you may not …": what is typed is mostly no verb phrase."""
    for verb in TABLE.verbs:
        assert verb.to_do, verb.name
        assert verb.infinitive == verb.to_do
        assert verb.to_do == verb.to_do.strip(" .").lower()
        assert "_" not in verb.to_do
        assert len(verb.to_do.split()) > 1, f"what it acts on stands there, too: {verb.to_do}"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("on call", "/pd oncall"),
        ("on-call", "/pd oncall"),
        ("`/pd ack`", "/pd ack"),
        ("set priority", "/pd priority"),
        ("merge into", "/pd merge"),
        ("end maintenance", "/pd maintenance end"),
        ("cancel", "/pd cancel"),
    ],
)
def test_help_finds_a_command_by_any_of_its_words(asked: str, shown: str) -> None:
    assert f"`{shown}" in TABLE.help_text(asked)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a\u200bck 12", "ack 12"),
        ("assign 12 @\u200bada", "assign 12 @ada"),
        ("trigger Disk:\u200b// full on \u2068Checkout\u2069", "trigger Disk:// full on Checkout"),
        ("note 12 \U0001f469\u200d\U0001f4bb\ufe0f", "note 12 \U0001f469\u200d\U0001f4bb\ufe0f"),
    ],
)
def test_what_nobody_sees_is_not_typed(typed: str, meant: str) -> None:
    assert parse(typed).command == parse(meant).command
    assert not parse(typed).problem
