"""What is typed after /pd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.chat.command import Said
from pagerduty_mattermost.chat.parser import Parsed, parse
from pagerduty_mattermost.chat.verbs.registry import TABLE

SAID = [
    ("list", Said("list")),
    ("LIST on Checkout API", Said("list", service="Checkout API")),
    ("list mine", Said("mine")),
    ("ack", Said("acknowledge")),
    ("resolve Restarted it", Said("resolve", text="Restarted it")),
    ("note looking at it", Said("note", text="looking at it")),
    ("escalate", Said("escalate")),
    ("snooze 2h", Said("snooze", duration="2h")),
    ("show 12", Said("show", incidents="12")),
    ("ack 12", Said("acknowledge", incidents="12")),
    ("Ack #12, PT4KHLK", Said("acknowledge", incidents="#12, PT4KHLK")),
    ("ack mine", Said("acknowledge_mine")),
    ("resolve 12", Said("resolve", incidents="12")),
    ("resolve 12 Restarted = it", Said("resolve", incidents="12", text="Restarted = it")),
    ("resolve PT4KHLK \u201cdone\u201d", Said("resolve", incidents="PT4KHLK", text="done")),
    ("unack 12", Said("unacknowledge", incidents="12")),
    (
        "reopen https://x.pagerduty.com/incidents/PT4KHLK",
        Said("reopen", incidents="https://x.pagerduty.com/incidents/PT4KHLK"),
    ),
    ("note 12 a: b", Said("note", incidents="12", text="a: b")),
    ("notes 12", Said("notes", incidents="12")),
    ("escalate 12", Said("escalate", incidents="12")),
    ("escalate 12 to level 2", Said("escalate", incidents="12", text="level 2")),
    ("reassign 12 to @ada", Said("reassign", incidents="12", text="@ada")),
    ("add-responder 12 @mei", Said("responders", incidents="12", text="@mei")),
    ("snooze 12 2h", Said("snooze", incidents="12", duration="2h")),
    ("merge 12, 13 into 14", Said("merge", incidents="12, 13", text="14")),
    ("priority 12 P1", Said("priority", incidents="12", text="P1")),
    ("status 12 Half works", Said("status_update", incidents="12", text="Half works")),
    ('run 12 "Major incident"', Said("workflow", incidents="12", text="Major incident")),
    ("oncall Checkout API", Said("oncall", text="Checkout API")),
    ("oncall week Platform rotation", Said("oncall_week", text="Platform rotation")),
    ("on call week ahead of Platform", Said("oncall_week", text="Platform")),
    ("oncall picture Platform rotation", Said("oncall_picture", text="Platform rotation")),
    ("oncall week", Said("oncall_week")),
    ("oncall weekly rota", Said("oncall", text="weekly rota")),
    ("oncall for week one", Said("oncall", text="week one")),
    ("notify", Said("notify")),
    ("notify me about shifts off", Said("notify", text="off")),
    ("services pay", Said("services", text="pay")),
    (
        'trigger "Disk on fire" on Checkout API',
        Said("create", text="Disk on fire", service="Checkout API"),
    ),
    ("urgency 12 LOW", Said("urgency", incidents="12", text="LOW")),
    (
        'trigger Slow on Database --priority P1 --details "all of it" --urgency=low',
        Said(
            "create",
            text="Slow",
            service="Database",
            options={"priority": "P1", "details": "all of it", "urgency": "low"},
        ),
    ),
    ("deadletters", Said("deadletters")),
    ("dead letters of PT4KHLK", Said("deadletters", incidents="PT4KHLK")),
    ("whoami", Said("whoami")),
    ("list all", Said("list")),
    ("list mine page 2", Said("mine", page="2")),
    ("list on Checkout API page 3", Said("list", service="Checkout API", page="3")),
    ("12", Said("show", incidents="12")),
    ("incident 12", Said("show", incidents="12")),
    ("12 ack", Said("acknowledge", incidents="12")),
    (
        "PT4KHLK note looks like the disk",
        Said("note", incidents="PT4KHLK", text="looks like the disk"),
    ),
    ("incident resolved 12", Said("resolve", incidents="12")),
    ("incident mitigated 12 rolled back", Said("mitigate", incidents="12", text="rolled back")),
    (
        "resolve 12 from ada@example.com",
        Said("resolve", incidents="12", from_email="ada@example.com"),
    ),
    (
        "resolve 12 after a call with ada@x.org",
        Said("resolve", incidents="12", text="after a call with ada@x.org"),
    ),
    ("mitigate", Said("mitigate")),
    ("incident new Disk full", Said("declare", text="Disk full")),
    ("create an incident", Said("declare")),
    ('trigger on Checkout API: "Slow"', Said("create", text="Slow", service="Checkout API")),
    (
        'trigger --urgency low "say --priority P1" on Database \u2014assign @ada',
        Said(
            "create",
            text="say --priority P1",
            service="Database",
            options={"urgency": "low", "assign": "@ada"},
        ),
    ),
    (
        "note 12 --priority P1 was wrong",
        Said("note", incidents="12", text="--priority P1 was wrong"),
    ),
    ("escalate 12 to Night shift", Said("escalate", incidents="12", text="Night shift")),
    ("oncall", Said("oncall")),
    ("on call me", Said("oncall", text="me")),
    ('page @mei "the shop is down"', Said("page", service="@mei", text="the shop is down")),
    (
        'page Platform escalation: "down" --urgency low --service Database',
        Said(
            "page",
            service="Platform escalation",
            text="down",
            options={"urgency": "low", "service": "Database"},
        ),
    ),
    (
        "override Platform rotation for 2h",
        Said("override", service="Platform rotation", duration="2h"),
    ),
    (
        "override Platform rotation from tomorrow 9:00 until 18:00 by @mei",
        Said(
            "override",
            service="Platform rotation",
            duration="from tomorrow 9:00 until 18:00",
            text="@mei",
        ),
    ),
    ("override cancel PEW7H5N:Q123", Said("override_cancel", text="PEW7H5N:Q123")),
    ("overrides Platform rotation", Said("overrides", text="Platform rotation")),
    ("take Platform rotation", Said("take", service="Platform rotation")),
    (
        "take over Platform rotation until 18:00",
        Said("take", service="Platform rotation", duration="18:00"),
    ),
    ("maintenance", Said("maintenance_list")),
    (
        "maintenance Checkout API for 1h",
        Said("maintenance", service="Checkout API", duration="1h"),
    ),
    ("maintenance end PW7X", Said("maintenance_end", text="PW7X")),
    ("subscribe", Said("subscribe")),
    ("subscribe Checkout API", Said("subscribe", service="Checkout API")),
    (
        'subscribe --team "Team A" --events triggered,resolved',
        Said("subscribe", options={"team": "Team A", "events": "triggered,resolved"}),
    ),
    ("subscriptions", Said("subscriptions")),
    ("unsubscribe #2", Said("unsubscribe", text="2")),
    ("connect", Said("connect")),
    ("disconnect", Said("disconnect")),
    ("health", Said("health")),
    ("help", Said("help")),
    ("", Said("help")),
    ("help ack", Said("help", text="ack")),
]


@pytest.mark.parametrize(("text", "said"), SAID)
def test_a_command_is_read_whatever_its_case(text: str, said: Said) -> None:
    assert parse(text) == (said, "", False)
    assert parse(f"  {text} ").said == said


def test_a_dry_run_is_told_apart() -> None:
    assert parse("dry-run ack 12") == Parsed(Said("acknowledge", incidents="12"), dry_run=True)


def test_each_command_has_an_example_and_a_verb() -> None:
    assert {said.verb for _, said in SAID} == set(TABLE.names)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ack 12 --priority P1", "--priority belongs to `/pd subscribe` and `/pd trigger`"),
        ("trigger Slow on Database --colour red", "there is no --colour here; there are --assign"),
        ("trigger Slow on Database --urgency", "--urgency needs a value"),
        ("acl 12", "did you mean `/pd ack 12`?"),
        ("ntoe 12 it is the disk", "did you mean `/pd note 12 it is the disk`?"),
        ("merge 12", "type `/pd merge <ids> into <id>` (merge)"),
        ("note", "/pd note [id] <text>"),
        ("xyzzy", "there is no command 'xyzzy'; `/pd help` lists them"),
        ("incident xyzzy", "there is no command 'xyzzy'"),
    ],
)
def test_what_can_not_be_read_is_told_with_what_to_type(text: str, told: str) -> None:
    assert told in parse(text).problem


def test_help_lists_every_command_and_explains_one() -> None:
    help_text, whole = TABLE.help_text, TABLE.help_text()
    assert all(f"`/pd {verb.usage}`" in whole for verb in TABLE.verbs)
    assert len(whole) < 4000
    assert "[--urgency …]" in help_text("trigger")
    assert help_text("acknowledge") == help_text("ack").split("\n")[-1]
    assert "Did you mean `/pd help ack`?" in help_text("akc")
    assert all(TABLE.with_word(verb.word) for verb in TABLE.verbs)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    said, problem, _ = parse(text)
    assert (said.verb in TABLE.names) != bool(problem)
