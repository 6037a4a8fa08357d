"""What is typed after /pd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.chat_said import Said
from pagerduty_mattermost.chat_verbs import VERBS
from pagerduty_mattermost.commands import _FORMS, Parsed, parse

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
    ("services pay", Said("services", text="pay")),
    ('trigger "Disk on fire" on Checkout API', Said("create", text="Disk on fire", service="Checkout API")),
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
    ("whoami", Said("whoami")),
]


@pytest.mark.parametrize(("text", "said"), SAID)
def test_a_command_is_read_whatever_its_case(text: str, said: Said) -> None:
    assert parse(text) == (said, "", False)
    assert parse(f"  {text} ").said == said


def test_a_dry_run_is_told_apart() -> None:
    assert parse("dry-run ack 12") == Parsed(Said("acknowledge", incidents="12"), dry_run=True)


def test_each_command_has_an_example_and_a_verb() -> None:
    assert {said.verb for _, said in SAID} == {form.verb for form in _FORMS} <= set(VERBS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "goes one of: list"),
        ("ack 12 --priority P1", "--priority belongs to `/pd trigger`"),
        ("help", "goes one of: list"),
        ("acl 12", "did you mean `/pd ack`?"),
        ("note", "/pd note [id] <text>"),
    ],
)
def test_what_can_not_be_read_is_told_with_what_to_type(text: str, told: str) -> None:
    assert told in parse(text).problem


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    said, problem, _ = parse(text)
    assert (said.verb in VERBS) != bool(problem)
