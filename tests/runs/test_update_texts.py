"""The words of a status update, and when the next one is asked for."""

from __future__ import annotations

from datetime import timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs_world import ADA, BEGIN, PLAN, PLAYBOOK, act

from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.playbooks.playbook import COMMANDER, Updates
from pagerduty_mattermost.runs import acts, reminders, texts, update_texts
from pagerduty_mattermost.runs.fold import fold
from pagerduty_mattermost.runs.state import RunState

UTC = timezone.utc
INCIDENT: Any = Incident(
    id="PINC1",
    number=34,
    title="Database @all **down**",
    status="acknowledged",
    urgency="high",
    created_at="2026-11-18T11:00:00Z",
)


def state(*done: Any, **updates: Any) -> RunState:
    playbook = PLAYBOOK._replace(updates=Updates(**{"remind_seconds": 1800.0, **updates}))
    return fold(PLAN._replace(playbook=playbook), done)


def update(minute: float, text: str, seconds: float = 1800.0, **more: Any) -> Any:
    return act(acts.UPDATE, minute, text=text, seconds=seconds, **more)


def test_the_first_one_starts_with_the_template_later_ones_with_the_last_text() -> None:
    template = "**What we know:**\n"
    assert update_texts.first_text(state(template=template)) == "**What we know:**"
    given_ = [update(1, "one", id="u1"), update(5, "two", 600.0, id="u2")]
    assert update_texts.first_text(state(*given_, template=template)) == "two"
    assert update_texts.first_seconds(state(*given_)) == 600.0
    edited = act(acts.UPDATE_EDITED, 6, of="u2", text="two and a half")
    assert update_texts.first_text(state(*given_, edited)) == "two and a half"
    deleted = act(acts.UPDATE_DELETED, 7, of="u2")
    now = state(*given_, edited, deleted)
    assert update_texts.first_text(now) == "one"
    assert update_texts.first_seconds(now) == 1800.0
    assert update_texts.number_of(now, "u2") == 2
    assert update_texts.number_of(now, "u3") == 3


def test_the_authors_own_post_holds_their_words_and_the_bots_calls_nobody() -> None:
    now = state(update(1, "Errors are down, @grace watches.\n\n- one", id="u1"))
    shown = update_texts.view(now, now.updates[0])
    own = update_texts.own_post(shown, UTC)
    assert own == (
        "📣 **Status update 1** · next one at 11:37\n\nErrors are down, @grace watches.\n\n- one"
    )
    bots = update_texts.bot_post(shown, UTC)
    assert bots.startswith("📣 **Status update 1** by ada · next one at 11:37\n\n")
    assert "@grace" not in bots
    assert "@\u200bgrace" in bots


def test_what_the_author_edits_is_the_text_below_the_heading() -> None:
    assert update_texts.edited_text("📣 **Status update 1**\n\nAll is well\n") == "All is well"
    assert update_texts.edited_text("All is well") == "All is well"
    assert update_texts.edited_text("📣 **Status update 1**") == ""


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=200))
def test_an_unedited_post_says_what_was_given(text: str) -> None:
    now = state(update(1, text, id="u1"))
    shown = update_texts.view(now, now.updates[0])
    again = update_texts.edited_text(update_texts.own_post(shown, UTC))
    assert again == update_texts.clean(text).strip()


def test_a_copy_names_incident_author_and_room_and_calls_nobody() -> None:
    now = state(update(38, "Replica promoted.\n@channel look", id="u1"))
    shown = update_texts.view(now, now.updates[0])
    text = update_texts.copy(shown, INCIDENT, "[~inc-1](https://chat/x)", UTC)
    head, *rest = text.split("\n")
    assert head.startswith("📣 **#34 Database ")
    assert head.endswith(
        " · update 1 by ada · 44 min · acknowledged · room [~inc-1](https://chat/x)"
    )
    assert rest == [
        "> Replica promoted.",
        "> @\u200bchannel look",
        ">",
        "> Next update at 12:14.",
    ]
    assert "@all" not in text
    assert "@channel" not in text
    assert "room" not in update_texts.copy(shown, INCIDENT, "", UTC).split("\n")[0]
    assert "Exercise" in update_texts.copy(shown, INCIDENT, "", UTC, drill=True)


def due(now: RunState, minute: float) -> str:
    found = reminders.due_reminder(now, BEGIN + 60 * minute)
    return f"{found.about} {found.number}" if found else ""


def sent(now: RunState, minute: float) -> Any:
    """That the reminder which was due then was posted."""
    found = reminders.due_reminder(now, BEGIN + 60 * minute)
    assert found is not None
    return act(acts.SENT, minute, id=found.sent, post="p" * 26)


def test_the_next_update_is_asked_for_three_times_then_never() -> None:
    now = state(act(acts.ROLE, 0, value=COMMANDER, person=ADA))
    minutes = (29, 30, 59, 60, 90, 119, 120, 600)
    told = [due(now, minute) for minute in minutes]
    assert told == [
        "",
        "update due 1",
        "update due 1",
        "update due 2",
        "update due 3",
        "update due 3",
        "update due 3",
        "update due 3",
    ], "the last one comes however late, where nobody could post before"
    lead = act(acts.ROLE, 0, value=COMMANDER, person=ADA)
    assert due(state(lead, sent(now, 30)), 31) == ""
    assert [due(state(lead, sent(now, 90)), minute) for minute in (90, 120, 600)] == [""] * 3


def test_test_data_that_began_long_ago_reminds_of_nothing() -> None:
    plan = PLAN._replace(at=BEGIN - 86400 * 365)
    then = fold(plan, [])
    assert [reminders.due_reminder(then, BEGIN + at) for at in (0, 1800, 7200)] == [None] * 3
    assert reminders.next_at(then, BEGIN) == 0.0


def test_a_new_update_a_snooze_and_off_count_from_then() -> None:
    lead = act(acts.ROLE, 0, value=COMMANDER, person=ADA)
    given_ = update(20, "fine", 600.0)
    assert [due(state(lead, given_), minute) for minute in (29, 30)] == ["", "update due 1"]
    snoozed = act(acts.REMIND, 31, due=BEGIN + 60 * 61)
    assert [due(state(lead, given_, snoozed), at) for at in (60, 61)] == ["", "update due 1"]
    off = act(acts.REMIND, 32, seconds=0.0)
    assert due(state(lead, given_, off), 300) == ""
    over = act(acts.END, 21, value=acts.BY_HAND)
    assert due(state(lead, given_, over), 30) == ""


def test_that_nobody_is_commander_is_said_three_times() -> None:
    nobody = state(act(acts.ROLE, 0, value=COMMANDER), remind_seconds=0.0)
    assert [due(nobody, minute) for minute in (4, 5, 10, 15, 20)] == [
        "",
        "no commander 1",
        "no commander 2",
        "no commander 3",
        "no commander 3",
    ]
    stepped_down = act(acts.ROLE, 0, value=COMMANDER)
    told = state(stepped_down, sent(nobody, 15), remind_seconds=0.0)
    assert [due(told, minute) for minute in (15, 20, 600)] == [""] * 3
    lead = act(acts.ROLE, 6, value=COMMANDER, person=ADA)
    assert due(state(act(acts.ROLE, 0, value=COMMANDER), lead, remind_seconds=0.0), 10) == ""


def test_when_the_next_one_comes_due() -> None:
    lead = act(acts.ROLE, 0, value=COMMANDER, person=ADA)
    now = state(lead)
    assert reminders.next_at(now, BEGIN) == BEGIN + 1800
    assert reminders.next_at(now, BEGIN + 1800) == BEGIN + 1800, "one is due"
    found = reminders.due_reminder(now, BEGIN + 1800)
    assert found is not None
    told = state(lead, act(acts.SENT, 30, id=found.sent))
    assert reminders.next_at(told, BEGIN + 1800) == BEGIN + 3600
    assert reminders.next_at(state(lead, sent(now, 133)), BEGIN + 8000) == 0.0
    assert reminders.next_at(state(act(acts.ROLE, 0, value=COMMANDER)), BEGIN) == BEGIN + 300


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hand over: `/pd commander @name`", "Hand over: `/pd commander @name`"),
        ("`@a` and @all", "`@a` and @\u200ball"),
        ("`` ` @all `", "`` ` @\u200ball `"),
        ("\\` @all `", "\\` @\u200ball `"),
        ("` open\n@all ` x ` @here `", "` open\n@\u200ball ` x ` @\u200bhere `"),
    ],
)
def test_code_can_be_copied_and_still_calls_nobody(text: str, shown: str) -> None:
    assert texts.styled_lines(text) == shown


def test_without_emphasis_words_stay() -> None:
    assert texts.without_emphasis("# Now\n**2 * 3** is __six__") == "Now\n2 * 3 is six"
