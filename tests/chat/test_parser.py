"""What is typed after /pd is read as a command; help leads to every command."""

from __future__ import annotations

from typing import List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.command_table import TOPICS
from pagerduty_mattermost.chat.named_people import people
from pagerduty_mattermost.chat.parser import Parsed, parse
from pagerduty_mattermost.chat.verb import GROUPS
from pagerduty_mattermost.chat.verbs.registry import TABLE

LINK_TO_POST = "https://chat.example.com/ops/pl/x"
SAID = [
    ("list", Command("list")),
    ("LIST on Checkout API", Command("list", service="Checkout API")),
    ("list mine", Command("mine")),
    ("room 12", Command("room", incidents="12")),
    ("rooms", Command("rooms")),
    ("incident list", Command("rooms")),
    ("rooms ended", Command("rooms_ended")),
    ("incident list ended", Command("rooms_ended")),
    ("info 12", Command("info", incidents="12")),
    ("invite 12 @ada @grace", Command("invite", incidents="12", text="@ada @grace")),
    ("announce ~incidents ~ops", Command("announce", text="~incidents ~ops")),
    ("room adopt 12", Command("room_adopt", incidents="12")),
    ("start major-incident 12", Command("start", incidents="12", text="major-incident")),
    ("check 1.2 done", Command("check", task="1.2", text="done")),
    ("stage next", Command("stage", text="next")),
    ("tasks 12", Command("tasks", incidents="12")),
    ("commander 12 @grace", Command("commander", incidents="12", text="@grace")),
    ("role 12 scribe to @mei", Command("role", incidents="12", task="scribe", text="@mei")),
    ("end 12", Command("end", incidents="12")),
    ("restart playbook", Command("restart")),
    ("end triage 12", Command("triage_end", incidents="12")),
    ("update 12 all is well", Command("update", incidents="12", text="all is well")),
    ("remind 12 in 30m", Command("remind", incidents="12", duration="30m")),
    ("remind 14:30", Command("remind", duration="14:30")),
    ("request an update", Command("update_request")),
    ("follow 12", Command("follow", incidents="12")),
    ("unfollow 12", Command("unfollow", incidents="12")),
    ("todo", Command("todo")),
    ("mark https://chat.example.com/ops/pl/x", Command("mark", text=LINK_TO_POST)),
    ("call commander", Command("call_commander")),
    ("assign 1.2 @grace", Command("assign_task", task="1.2", text="@grace")),
    ('task add 2 "Call the bank"', Command("task_add", task="2", text="Call the bank")),
    ('task edit 2.1 "Call both"', Command("task_edit", task="2.1", text="Call both")),
    ("task due 1.2 30m", Command("task_due", task="1.2", duration="30m")),
    ("task move 1.3 2", Command("task_move", task="1.3", text="2")),
    ("task run 1.3", Command("task_run", task="1.3")),
    ("task remove 2.3", Command("task_remove", task="2.3")),
    ("room archive", Command("room_archive")),
    ("room restore 12", Command("room_restore", incidents="12")),
    ("playbook", Command("playbook_list")),
    ("playbook show Major-Incident", Command("playbook_show", text="Major-Incident")),
    ("playbook new a from b", Command("playbook_new", text="a from b")),
    (
        "playbook save https://chat.example.com/ops/pl/" + "x" * 26,
        Command("playbook_save", text="https://chat.example.com/ops/pl/" + "x" * 26),
    ),
    ("playbook delete outage", Command("playbook_delete", text="outage")),
    ("playbook history outage", Command("playbook_history", text="outage")),
    ("playbook restore outage 3", Command("playbook_restore", text="outage 3")),
    (
        "test create-incident 2020-11-23 PR-Testing",
        Command("test", text="2020-11-23 PR-Testing"),
    ),
    (
        "incident test bulk-data 10 3 2020-01-31 2020-11-22 2",
        Command("test_bulk", text="10 3 2020-01-31 2020-11-22 2"),
    ),
    ("test end", Command("test_end")),
    ("drill", Command("drill")),
    ("drill major-incident", Command("drill", text="major-incident")),
    ("drill end", Command("drill_end")),
    ("room rename 12 War room", Command("room_rename", incidents="12", text="War room")),
    ("room private", Command("room_private")),
    (
        'convert "Checkout is odd" on Checkout API',
        Command("convert", text="Checkout is odd", service="Checkout API"),
    ),
    ("cancel 12 it was a test", Command("cancel", incidents="12", text="it was a test")),
    ("ack", Command("acknowledge")),
    ("resolve Restarted it", Command("resolve", text="Restarted it")),
    ("note looking at it", Command("note", text="looking at it")),
    ("escalate", Command("escalate")),
    ("snooze 2h", Command("snooze", duration="2h")),
    ("show 12", Command("show", incidents="12")),
    ("ack 12", Command("acknowledge", incidents="12")),
    ("Ack #12, PT4KHLK", Command("acknowledge", incidents="12,PT4KHLK")),
    ("ack mine", Command("acknowledge_mine")),
    ("resolve 12", Command("resolve", incidents="12")),
    ("resolve 12 Restarted = it", Command("resolve", incidents="12", text="Restarted = it")),
    ("resolve PT4KHLK \u201cdone\u201d", Command("resolve", incidents="PT4KHLK", text="done")),
    ("unack 12", Command("unacknowledge", incidents="12")),
    (
        "reopen https://x.pagerduty.com/incidents/PT4KHLK",
        Command("reopen", incidents="PT4KHLK"),
    ),
    ("note 12 a: b", Command("note", incidents="12", text="a: b")),
    ("notes 12", Command("notes", incidents="12")),
    ("timeline 12", Command("timeline", incidents="12")),
    ("timeline", Command("timeline")),
    ("timeline 12 md", Command("timeline_file", incidents="12", text="md")),
    ("timeline 12 as .html", Command("timeline_file", incidents="12", text="html")),
    ("timeline csv 12", Command("timeline_file", incidents="12", text="csv")),
    ("timeline 12 png", Command("timeline_file", incidents="12", text="png")),
    ("timeline picture 12", Command("timeline_file", incidents="12", text="png")),
    ("report picture 30d", Command("report_picture", duration="30d")),
    ("timeline as json", Command("timeline_file", text="json")),
    ("retrospective", Command("retrospective")),
    ("retro 12 ~postmortems", Command("retrospective", incidents="12", text="~postmortems")),
    ("retrospective publish 12", Command("retrospective_publish", incidents="12")),
    ("retrospective status", Command("retrospective_status")),
    (
        'retrospective cancel 12 "known cause"',
        Command("retrospective_cancel", incidents="12", text="known cause"),
    ),
    (
        "followup add 12 Raise the pool size @grace by friday",
        Command("followup_add", incidents="12", text="Raise the pool size @grace by friday"),
    ),
    ("followup done 12 F1", Command("followup_done", incidents="12", text="F1")),
    ("followup done F1", Command("followup_done", text="F1")),
    ("followup drop F2", Command("followup_drop", text="F2")),
    ("followups", Command("followups")),
    ("followups mine", Command("followups", text="mine")),
    ("room export 12 html", Command("room_export", incidents="12", text="html")),
    ("export room 12", Command("room_export", incidents="12")),
    ("room export", Command("room_export")),
    ("seal timeline 12", Command("timeline_seal", incidents="12")),
    ("timeline verify", Command("timeline_verify")),
    ("catch me up", Command("catchup")),
    ("catchup 12", Command("catchup", incidents="12")),
    ("report", Command("report")),
    ("report 30d", Command("report", duration="30d")),
    ("report on Checkout API", Command("report", service="Checkout API")),
    ("report 7d on Checkout API", Command("report", duration="7d", service="Checkout API")),
    ("similar to 12", Command("similar", incidents="12")),
    ("recent changes 12", Command("changes", incidents="12")),
    ("escalate 12", Command("escalate", incidents="12")),
    ("escalate 12 to level 2", Command("escalate", incidents="12", text="level 2")),
    ("reassign 12 to @ada", Command("reassign", incidents="12", text="@ada")),
    ("add-responder 12 @mei", Command("responders", incidents="12", text="@mei")),
    ("snooze 12 2h", Command("snooze", incidents="12", duration="2h")),
    ("merge 12, 13 into 14", Command("merge", incidents="12,13", text="14")),
    ("priority 12 P1", Command("priority", incidents="12", text="P1")),
    ("status 12 Half works", Command("status_update", incidents="12", text="Half works")),
    ('run 12 "Major incident"', Command("workflow", incidents="12", text="Major incident")),
    ("oncall Checkout API", Command("oncall", text="Checkout API")),
    ("oncall week Platform rotation", Command("oncall_week", text="Platform rotation")),
    ("on call week ahead of Platform", Command("oncall_week", text="Platform")),
    ("oncall picture Platform rotation", Command("oncall_picture", text="Platform rotation")),
    ("oncall week", Command("oncall_week")),
    ("oncall weekly rota", Command("oncall", text="weekly rota")),
    ("oncall for week one", Command("oncall", text="week one")),
    ("notify", Command("notify")),
    ("notify me about shifts off", Command("notify", text="off")),
    ("services pay", Command("services", text="pay")),
    (
        'trigger "Disk on fire" on Checkout API',
        Command("create", text="Disk on fire", service="Checkout API"),
    ),
    ("urgency 12 LOW", Command("urgency", incidents="12", text="LOW")),
    (
        'trigger Slow on Database --priority P1 --details "all of it" --urgency=low',
        Command(
            "create",
            text="Slow",
            service="Database",
            options={"priority": "P1", "details": "all of it", "urgency": "low"},
        ),
    ),
    ("deadletters", Command("deadletters")),
    ("deadletters 538615f925b0b991", Command("deadletters", text="538615f925b0b991")),
    ("simulate", Command("simulate")),
    ("simulate 7d", Command("simulate", duration="7d")),
    (
        "simulate since=7d noise.storm_incidents=5 enable=Mine",
        Command("simulate", duration="7d", text="noise.storm_incidents=5 enable=Mine"),
    ),
    ("dead letters of PT4KHLK", Command("deadletters", incidents="PT4KHLK")),
    ("whoami", Command("whoami")),
    ("list all", Command("list")),
    ("list mine page 2", Command("mine", page="2")),
    ("list on Checkout API page 3", Command("list", service="Checkout API", page="3")),
    ("12", Command("show", incidents="12")),
    ("incident 12", Command("show", incidents="12")),
    ("12 ack", Command("acknowledge", incidents="12")),
    (
        "PT4KHLK note looks like the disk",
        Command("note", incidents="PT4KHLK", text="looks like the disk"),
    ),
    ("incident resolved 12", Command("resolve", incidents="12")),
    ("incident mitigated 12 rolled back", Command("mitigate", incidents="12", text="rolled back")),
    (
        "resolve 12 from ada@example.com",
        Command("resolve", incidents="12", from_email="ada@example.com"),
    ),
    (
        "resolve 12 after a call with ada@x.org",
        Command("resolve", incidents="12", text="after a call with ada@x.org"),
    ),
    ("mitigate", Command("mitigate")),
    ("incident new Disk full", Command("declare", text="Disk full")),
    ("create an incident", Command("declare")),
    ('trigger on Checkout API: "Slow"', Command("create", text="Slow", service="Checkout API")),
    (
        'trigger --urgency low "say --priority P1" on Database \u2014assign @ada',
        Command(
            "create",
            text="say --priority P1",
            service="Database",
            options={"urgency": "low", "assign": "@ada"},
        ),
    ),
    (
        "note 12 --priority P1 was wrong",
        Command("note", incidents="12", text="--priority P1 was wrong"),
    ),
    ("escalate 12 to Night shift", Command("escalate", incidents="12", text="Night shift")),
    ("oncall", Command("oncall")),
    ("on call me", Command("oncall", text="me")),
    ('page @mei "the shop is down"', Command("page", service="@mei", text="the shop is down")),
    (
        'page Platform escalation: "down" --urgency low --service Database',
        Command(
            "page",
            service="Platform escalation",
            text="down",
            options={"urgency": "low", "service": "Database"},
        ),
    ),
    (
        "override Platform rotation for 2h",
        Command("override", service="Platform rotation", duration="2h"),
    ),
    (
        "override Platform rotation from tomorrow 9:00 until 18:00 by @mei",
        Command(
            "override",
            service="Platform rotation",
            duration="from tomorrow 9:00 until 18:00",
            text="@mei",
        ),
    ),
    (
        "override all from Monday to Friday by @mei",
        Command("override_all", duration="from Monday to Friday", text="@mei"),
    ),
    ('handover "Database is slow"', Command("handover", text="Database is slow")),
    ("handover accept", Command("handover_accept")),
    (
        "swap Platform rotation tomorrow 9:00",
        Command("swap", service="Platform rotation", duration="tomorrow 9:00"),
    ),
    ("swap cancel", Command("swap_cancel")),
    ("kept", Command("kept_pages")),
    ("kept drop 3f2a91c0d4, 3f2a91c0d5", Command("kept_drop", text="3f2a91c0d4, 3f2a91c0d5")),
    ("kept accept 3f2a91c0d4", Command("page_accept", text="3f2a91c0d4")),
    (
        "swap my shift of Platform rotation from tomorrow 9:00",
        Command("swap", service="Platform rotation", duration="tomorrow 9:00"),
    ),
    ("withdraw my swaps", Command("swap_cancel")),
    ("handover clear", Command("handover_clear")),
    ("handover", Command("handover_notes")),
    ("override cancel PEW7H5N:Q123", Command("override_cancel", text="PEW7H5N:Q123")),
    ("overrides Platform rotation", Command("overrides", text="Platform rotation")),
    ("take Platform rotation", Command("take", service="Platform rotation")),
    (
        "take over Platform rotation until 18:00",
        Command("take", service="Platform rotation", duration="18:00"),
    ),
    ("maintenance", Command("maintenance_list")),
    (
        "maintenance Checkout API for 1h",
        Command("maintenance", service="Checkout API", duration="1h"),
    ),
    ("maintenance end PW7X", Command("maintenance_end", text="PW7X")),
    ("subscribe", Command("subscribe")),
    ("subscribe Checkout API", Command("subscribe", service="Checkout API")),
    (
        'subscribe --team "Team A" --events triggered,resolved',
        Command("subscribe", options={"team": "Team A", "events": "triggered,resolved"}),
    ),
    ("subscriptions", Command("subscriptions")),
    ("unsubscribe #2", Command("unsubscribe", text="#2")),
    ("connect", Command("connect")),
    ("disconnect", Command("disconnect")),
    ("health", Command("health")),
    ("help", Command("help")),
    ("", Command("help")),
    ("help ack", Command("help", text="ack")),
]


@pytest.mark.parametrize(
    ("typed", "room"),
    [
        ("--room", "room"),
        ("--room yes", "room"),
        ("--room=true", "room"),
        ("--room no", None),
        ("--room=false", None),
    ],
)
def test_a_flag_needs_no_value_and_may_have_yes_or_no(typed: str, room: Optional[str]) -> None:
    for line in (f'trigger "x" on Shop {typed}', f'trigger "x" {typed} on Shop'):
        parsed = parse(line)
        assert (parsed.problem, parsed.command.verb) == ("", "create")
        assert (parsed.command.text, parsed.command.service) == ("x", "Shop")
        assert parsed.command.options.get("room") == room
    assert parse("trigger x on Shop --room=maybe").problem.startswith("--room takes yes or no")


@pytest.mark.parametrize(("text", "said"), SAID)
def test_a_command_is_read_whatever_its_case(text: str, said: Command) -> None:
    assert parse(text) == (said, "", False)
    assert parse(f"  {text} ").command == said


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@mei @olu", ["@mei", "@olu"]),
        ("@mei, @olu.", ["@mei", "@olu"]),
        (
            "@mei and Ada Lovelace, grace@example.com",
            ["@mei", "Ada Lovelace", "grace@example.com"],
        ),
        ("“Ada Lovelace” @olu", ["Ada Lovelace", "@olu"]),
        ("@mei @mei", ["@mei"]),
        (" ,", []),
    ],
)
def test_people_stand_with_commas_or_without(text: str, found: List[str]) -> None:
    assert people(text) == found


def test_several_people_are_one_value() -> None:
    said = parse("trigger Slow on Database --assign @mei @olu --urgency low").command
    assert said.options == {"assign": "@mei @olu", "urgency": "low"}


def test_a_dry_run_is_told_apart() -> None:
    assert parse("dry-run ack 12") == Parsed(Command("acknowledge", incidents="12"), dry_run=True)


def test_each_command_has_an_example_and_a_verb() -> None:
    assert {said.verb for _, said in SAID} == set(TABLE.names)


def test_help_is_one_screen_and_leads_to_every_command() -> None:
    help_text, whole = TABLE.help_text, TABLE.help_text()
    assert len(whole.split("\n")) <= 15, "a screen"
    assert max(map(len, whole.split("\n")[:10])) < 100, "ten lines that fit"
    assert all(f"`/pd help {topic}`" in whole for topic in TOPICS)
    assert set(TOPICS.values()) == set(GROUPS)
    topics = "".join(map(help_text, TOPICS))
    assert max(len(help_text(topic)) for topic in TOPICS) < 12000, "one post"
    for verb in TABLE.verbs:
        assert topics.count(f"- `/pd {verb.hint}`: ") == 1, verb.name
        assert f"- `/pd {verb.hint}`: " in help_text(verb.word), verb.name
        assert verb.example, verb.name
        assert parse(verb.example).command.verb == verb.name, verb.example
    assert "[--urgency …]" in help_text("trigger")
    assert help_text("acknowledge") == help_text("ack").split("\n")[-1]
    assert "Did you mean `/pd help ack`?" in help_text("akc")
    assert "`/pd help topics` the topics" in help_text("xyzzy")
    for word in ("topics", "topic"):
        assert help_text(word).split("\n") == [
            f"- `/pd help {topic}`: {group}" for topic, group in TOPICS.items()
        ]
    assert all(TABLE.with_word(verb.word) for verb in TABLE.verbs)


def test_help_does_not_lead_to_itself() -> None:
    for verb in TABLE.verbs:
        for word in (verb.word, verb.hint.partition(" [")[0]):
            assert f"/pd help {verb.word}`" not in TABLE.help_text(word), verb.name
    assert "(`/pd help room`: more)" in "".join(map(TABLE.help_text, TOPICS))


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    said, problem, _ = parse(text)
    assert (said.verb in TABLE.names) != bool(problem)
