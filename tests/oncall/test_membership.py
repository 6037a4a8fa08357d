"""Whom the pack puts into a channel and takes out again, over random turns, people who meddle, and
crashes."""

from __future__ import annotations

from typing import Any, List, Set

from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.oncall.membership import ADDED, ADDING, LEFT, plan, state_of

USERS = ["ada", "grace", "linus"]


def test_who_is_on_call_is_added_and_taken_out_after_the_turn() -> None:
    made = plan(set(), {"ada"}, {})
    assert (made.add, made.remove, made.before, made.after) == (
        ["ada"],
        [],
        {"ada": ADDING},
        {"ada": ADDED},
    )
    made = plan({"ada"}, {"grace"}, {"ada": ADDED})
    assert (made.add, made.remove) == (["grace"], ["ada"])
    assert made.before == {"ada": ADDED, "grace": ADDING}
    assert made.after == {"grace": ADDED}


def test_who_was_there_before_stays() -> None:
    assert plan({"ada"}, {"ada"}, {}) == ([], [], {}, {})
    assert plan({"ada"}, set(), {}) == ([], [], {}, {})


def test_who_left_while_on_call_is_left_alone_until_the_next_turn() -> None:
    made = plan(set(), {"ada"}, {"ada": ADDED})
    assert (made.add, made.after) == ([], {"ada": LEFT})
    assert plan({"ada"}, set(), {"ada": LEFT}) == ([], [], {}, {}), "came back by themselves"
    assert plan(set(), set(), {"ada": LEFT}).after == {}
    assert plan(set(), {"ada"}, {}).add == ["ada"]


def test_an_intent_without_a_result_is_carried_out() -> None:
    assert plan(set(), {"ada"}, {"ada": ADDING}).add == ["ada"]
    assert plan({"ada"}, {"ada"}, {"ada": ADDING}).after == {"ada": ADDED}
    assert plan({"ada"}, set(), {"ada": ADDING}).remove == ["ada"]


def test_what_does_not_read_is_nobody() -> None:
    for value in (None, [], {}, {"state": 1}, {"state": "odd"}, "added"):
        assert state_of(value) == ""
    assert state_of({"state": ADDED}) == ADDED


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("turn"), st.sets(st.sampled_from(USERS))),
        st.tuples(st.just("leave"), st.sampled_from(USERS)),
        st.tuples(st.just("tick"), st.just("")),
        st.tuples(st.just("crash"), st.integers(0, 4)),
    ),
    max_size=30,
)


@given(st.sets(st.sampled_from(USERS)), STEPS)
def test_only_whom_the_pack_put_in_is_ever_taken_out_and_after_a_quiet_end_nobody_is_left(
    residents: Set[str], steps: List[Any]
) -> None:
    """Residents were there before; a crash stops a run after so many of its writes and effects."""
    there, wanted, ours = set(residents), set(), {}  # type: Set[str], Set[str], Dict[str, str]
    stayed = set(residents)

    def run(budget: int) -> None:
        nonlocal ours
        made = plan(there, wanted, ours)
        effects = [("save", made.before), *(("add", user) for user in made.add)]
        effects += [("remove", user) for user in made.remove]
        for kind, what in [*effects, ("save", made.after)][:budget]:
            if kind == "save":
                ours = dict(what)  # type: ignore[call-overload]
            elif kind == "add":
                there.add(str(what))
            else:
                assert what not in stayed, "a resident is never taken out"
                there.discard(str(what))

    for kind, what in steps:
        if kind == "turn":
            wanted = set(what)
        elif kind == "leave":
            there.discard(what)
            stayed.discard(what)
        else:
            run(99 if kind == "tick" else what)
        assert stayed <= there
    wanted = set()
    run(99)
    run(99)
    assert there == stayed
    assert ours == {}
