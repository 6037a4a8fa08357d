"""What acts on a retrospective come to: the same in whatever order they arrive and however often;
what is due, each once."""

# flake8: noqa: E203

from __future__ import annotations

import random
from typing import Any, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.chat.verbs.retrospectives import SaidFollowUp, said_follow_up
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.reviews import retro
from pagerduty_mattermost.reviews.retro import (
    DAY_SECONDS,
    DRAFTED,
    FOLLOW_UP,
    FOLLOW_UP_DONE,
    FOLLOW_UP_DROPPED,
    FOLLOW_UP_EDITED,
    FOLLOW_UP_OPENED,
    PUBLISHED,
    RETRO_CANCELLED,
    due,
    fold,
    sent_act,
)
from pagerduty_mattermost.reviews.retrospectives import number_of
from pagerduty_mattermost.runs.acts import Act, Who, act_of, to_value

ADA = Who("u1", "ada")
KINDS = (
    DRAFTED,
    PUBLISHED,
    RETRO_CANCELLED,
    FOLLOW_UP,
    FOLLOW_UP_EDITED,
    FOLLOW_UP_DONE,
    FOLLOW_UP_DROPPED,
    FOLLOW_UP_OPENED,
)
TIMES = st.floats(0, 50 * DAY_SECONDS, allow_nan=False).map(int)


@st.composite
def acts(draw: Any) -> List[Act]:
    found = []
    for number in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from(KINDS))
        found.append(
            Act(
                kind,
                f"a{number}",
                draw(TIMES),
                ADA,
                task=f"t{draw(st.integers(0, 3))}",
                text="words",
                person=draw(st.sampled_from([ADA, Who()])),
                due=draw(st.one_of(st.none(), TIMES)),
                seconds=2 * DAY_SECONDS,
                targets=("channel",),
            )
        )
    return found


@given(acts(), st.randoms())
def test_order_and_repetition_change_nothing(some: List[Act], dice: random.Random) -> None:
    mixed = [*some, *dice.sample(some, len(some) // 2)]
    dice.shuffle(mixed)
    assert fold("P1", mixed) == fold("P1", some)
    kept = [act_of(to_value(act)) for act in mixed]
    assert fold("P1", [act for act in kept if act is not None]) == fold("P1", some)


@given(acts(), st.floats(1, 5 * DAY_SECONDS), st.sampled_from([0.0, DAY_SECONDS]))
def test_each_is_told_once_and_never_after_its_end(
    some: List[Act], step: float, chase: float
) -> None:
    """Rounds come as they like: no reminder has the same key twice, and of what is over none is
    left."""
    now, known, keys = 0.0, list(some), []
    for _ in range(60):
        now += step
        seen = [act for act in known if act.at <= now]
        state = fold("P1", seen)
        for one in due(state, chase, now):
            follow_up = one.follow_up
            assert follow_up.is_open if follow_up is not None else state.is_draft
            keys.append(one.reminder.key)
            known.append(sent_act("x", one.reminder.key, now, "post"))
        assert due(fold("P1", [*seen, *known[len(some) :]]), chase, now) == [
            # An owner is told first, the channel at the next round.
            one
            for one in due(fold("P1", [*seen, *known[len(some) :]]), chase, now)
            if one.reminder.number > 1
        ]
    assert len(keys) == len(set(keys))


def drafted(**more: Any) -> Act:
    terms = {"person": ADA, "seconds": 2 * DAY_SECONDS, "targets": ("c",), **more}
    return Act(DRAFTED, "draft", 0.0, ADA, **terms)


def test_reminded_until_it_is_published_or_cancelled() -> None:
    first = drafted()
    assert due(fold("P1", [first]), 0, 2 * DAY_SECONDS - 1) == []
    known: List[Act] = [first]
    for number in range(1, 9):
        now = 2 * DAY_SECONDS * number
        (one,) = due(fold("P1", known), 0, now)
        assert one.reminder.number == number
        known.append(sent_act("r", one.reminder.key, now, "p"))
        assert due(fold("P1", known), 0, now) == []
    for kind in (PUBLISHED, RETRO_CANCELLED):
        over = Act(kind, "over", 1.0, ADA)
        assert due(fold("P1", [*known, over]), 0, 100 * DAY_SECONDS) == []
    assert due(fold("P1", [drafted(seconds=0.0)]), 0, 100 * DAY_SECONDS) == []


def test_its_owner_first_then_the_channel_until_it_is_done() -> None:
    add = Act(FOLLOW_UP, "add", 0.0, ADA, task="t", text="Do it", person=ADA, due=DAY_SECONDS)
    known = [add]
    seen = []
    for hours in range(0, 24 * 6, 6):
        now = hours * 3600.0
        for one in due(fold("P1", known), DAY_SECONDS, now):
            seen.append((hours, one.is_direct))
            known.append(sent_act("t", one.reminder.key, now, "p"))
    assert seen == [(24, True), (48, False), (72, False), (96, False), (120, False)]
    done = Act(FOLLOW_UP_DONE, "done", 5.0, ADA, task="t")
    assert due(fold("P1", [*known, done]), DAY_SECONDS, 300 * DAY_SECONDS) == []
    again = Act(FOLLOW_UP_OPENED, "again", 6.0, ADA, task="t")
    assert due(fold("P1", [*known, done, again]), DAY_SECONDS, 300 * DAY_SECONDS)


def test_after_a_long_pause_the_owner_hears_of_it_before_the_channel() -> None:
    add = Act(FOLLOW_UP, "add", 0.0, ADA, task="t", text="Do it", person=ADA, due=DAY_SECONDS)
    (one,) = due(fold("P1", [add]), DAY_SECONDS, 9 * DAY_SECONDS)
    assert one.is_direct
    known = [add, sent_act("t", one.reminder.key, 9 * DAY_SECONDS, "p")]
    (one,) = due(fold("P1", known), DAY_SECONDS, 9 * DAY_SECONDS)
    assert (one.is_direct, one.reminder.number) == (False, 9)


def test_another_date_is_reminded_of_anew_and_a_dropped_one_never() -> None:
    add = Act(FOLLOW_UP, "add", 0.0, ADA, task="t", text="Do it", person=ADA, due=10.0)
    (one,) = due(fold("P1", [add]), 0, 20.0)
    sent = sent_act("t", one.reminder.key, 20.0, "p")
    later = Act(FOLLOW_UP_EDITED, "e", 30.0, ADA, task="t", due=100.0)
    assert due(fold("P1", [add, sent, later]), 0, 50.0) == []
    assert len(due(fold("P1", [add, sent, later]), 0, 100.0)) == 1
    dropped = Act(FOLLOW_UP_DROPPED, "d", 40.0, ADA, task="t")
    assert due(fold("P1", [add, sent, later, dropped]), 0, 100.0) == []


def test_what_is_done_before_it_is_known_counts() -> None:
    """Two machines, one of them late."""
    done = Act(FOLLOW_UP_DONE, "d", 1.0, ADA, task="t")
    add = Act(FOLLOW_UP, "add", 2.0, ADA, task="t", text="Do it")
    assert fold("P1", [done, add]).follow_ups[0].state == retro.DONE


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Raise the pool size", SaidFollowUp("Raise the pool size")),
        ("Raise it @grace", SaidFollowUp("Raise it", "@grace")),
        ("Raise it @grace by friday", SaidFollowUp("Raise it", "@grace", "friday")),
        ("Raise it by 10 Dec 2026 @grace", SaidFollowUp("Raise it", "@grace", "10 Dec 2026")),
        ("Raise it by in 2 weeks", SaidFollowUp("Raise it", "", "in 2 weeks")),
        ("Sort by name", SaidFollowUp("Sort", "", "name")),
        ("", SaidFollowUp("")),
        ("@grace", SaidFollowUp("", "@grace")),
        ("ask @mei about it", SaidFollowUp("ask @mei about it")),
    ],
)
def test_a_follow_up_as_it_is_typed(typed: str, read: SaidFollowUp) -> None:
    assert said_follow_up(typed) == read


@given(st.text(max_size=300))
def test_any_text_reads(text: str) -> None:
    said_follow_up(text)


def test_a_number() -> None:
    assert [number_of(one) for one in ("F3", "f12", "7", "#2")] == [3, 12, 7, 2]
    for wrong in ("", "F", "F1.2", "F1234", "one", "F\u00b2"):
        with pytest.raises(RejectedInput):
            number_of(wrong)
