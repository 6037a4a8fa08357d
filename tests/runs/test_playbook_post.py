"""The playbook post: text, buttons and menus, within what every server takes."""

from __future__ import annotations

from datetime import timezone
from typing import Any, Dict, List, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs_world import ACTS, ADA, BEGIN, BOB, P1, PLAN, PLAYBOOK, act, tick

from pagerduty_mattermost.cards.card import MAX_PROPS_CHARACTERS, props_size
from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE
from pagerduty_mattermost.gateways.http.signed_tokens import verify
from pagerduty_mattermost.gateways.mattermost.values import MAX_MESSAGE_CHARACTERS
from pagerduty_mattermost.playbooks.playbook import Playbook, Stage, Task
from pagerduty_mattermost.runs import acts, controls
from pagerduty_mattermost.runs.acts import Act, Who
from pagerduty_mattermost.runs.fold import fold
from pagerduty_mattermost.runs.post_text import MAX_CHARACTERS, post_text
from pagerduty_mattermost.runs.state import RunState
from pagerduty_mattermost.runs.told_acts import told_line

URL, KEY, NOW = "https://st2.example.com/pagerduty", "k" * 32, BEGIN
LONG = "Look at the dashboards of everything that was deployed within the last two hours " * 2


def drawn(state: RunState) -> Tuple[Any, ...]:
    return controls.controls(state, URL, KEY, NOW)


def wanted(action: Dict[str, Any]) -> Dict[str, Any]:
    return verify((KEY,), "button", action["integration"]["context"]["token"], NOW)


def many(count: int, stages: int = 6) -> Playbook:
    each = count // stages
    return Playbook(
        "long",
        "Long",
        tuple(
            Stage(
                f"Stage {number}",
                tuple(
                    Task(f"task{number}-{place}", f"{place} {LONG[:110]}", run="/pd priority P1")
                    for place in range(each)
                ),
            )
            for number in range(stages)
        ),
    )


def test_the_text_of_a_run() -> None:
    done = [
        tick("impact", 2),
        tick("bridge", 3, BOB, acts.SKIPPED),
        act(acts.TASK_RAN, 4, BOB, task="priority", text="/pd priority P1"),
        act(acts.UPDATE, 5, text="**Replica** promoted @all", seconds=1800.0),
    ]
    assert post_text(fold(PLAN, done), timezone.utc).splitlines() == [
        "📋 Playbook **Outage** · 2 of 6 done · commander ada · Scribe carla · started 11:06 · "
        "next update due 11:41",
        "📣 Replica promoted `@all` · ada 11:11",
        "**1 Take command** · 2/3 · now",
        "✅ ~~1.1 Say what customers see~~ · ada 11:08",
        "➖ ~~1.2 Open a call~~ · bob 11:09",
        "☐ 1.3 Set the priority · carla (on call) · ▶ bob 11:10",
        "**2 Stop the harm** · 0/2",
        "☐ 2.1 Look at what changed · carla (scribe)",
        "☐ 2.2 Roll back",
        "**3 Afterwards** · 0/1",
        "☐ 3.1 Set a date for the review",
    ]


@pytest.mark.parametrize(
    ("done", "words"),
    [
        ([act(acts.MITIGATED, 20)], "🩹 mitigated 11:26"),
        ([act(acts.END, 90, value=acts.BY_HAND)], "🏁 **ended** 12:36 after 1 h 30 min"),
        ([act(acts.CANCELLED, 5, text="a test")], "🚫 **cancelled** 11:11 after 5 min"),
        ([act(acts.ROLE, 5, value="commander", person=Who())], "no commander yet"),
    ],
)
def test_how_the_run_is(done: List[acts.Act], words: str) -> None:
    assert words in post_text(fold(PLAN, done), timezone.utc).splitlines()[0]


def test_a_playbook_formats_and_links_and_calls_nobody() -> None:
    text = "See [the *matrix*](https://wiki.example.com) with @ada and ~incidents"
    one = Playbook("a", "A", (Stage("S", (Task("t", text), Task("u", text, mention=True))),))
    lines = post_text(fold(PLAN._replace(playbook=one), ()), timezone.utc).splitlines()
    assert lines[2] == f"☐ 1.1 {text.replace('@', '@' + ZERO_WIDTH_SPACE)}"
    assert lines[3] == f"☐ 1.2 {text}"


def test_finished_stages_are_folded_before_the_text_is_too_long() -> None:
    plan = PLAN._replace(playbook=many(80, 8))
    done = [
        tick(task.id, 1)._replace(id=f"{task.id}{who.id}", by=who)
        for task in plan.playbook.stages[0].tasks
        for who in (ADA,)
    ]
    edited = [
        act(acts.TASK_EDITED, 1, task=task.id, text="W" * 1500, id=f"e{task.id}")
        for task in plan.playbook.stages[0].tasks
    ]
    assert "1.1" in post_text(fold(plan, done), timezone.utc)
    text = post_text(fold(plan, [*done, *edited, act(acts.STAGE, 2, stage=2)]), timezone.utc)
    assert "1.1" not in text
    assert "**1 Stage 0** · 10/10" in text
    assert "2.1" in text
    assert len(text) <= MAX_CHARACTERS


def test_a_click_says_what_is_wanted() -> None:
    state = fold(PLAN, [tick("impact", 1)])
    actions = drawn(state)
    assert [wanted(one).get("x") for one in actions if one["type"] == "button"] == [
        "check bridge:done",
        "check priority:done",
        "stage 2",
        "open update",
    ]
    menu = next(one for one in actions if one["name"] == "Tick or untick…")
    options = {one["value"]: one["text"] for one in menu["options"]}
    assert options["impact:open"] == "✅ 1.1 Say what customers see"
    assert options["undo:done"] == "☐ 2.2 Roll back"
    assert options["bridge:skipped"] == "Skip 1.2 Open a call"
    assert wanted(menu)["x"] == "check"
    for value in options:
        assert controls.clicked("check", value) == ("check", value)
    more = next(one for one in actions if one["name"] == "More…")
    assert {one["value"] for one in more["options"]} == {
        "task_run priority",
        "stage 3",
        "commander me",
        "end",
    }


def test_a_line_that_says_too_little_opens_its_dialog() -> None:
    tasks = (Task("a", "A", run="/pd priority"), Task("b", "B", run="/pd add-responder"))
    state = fold(PLAN._replace(playbook=Playbook("x", "X", (Stage("S", tasks),))), ())
    more = next(one for one in drawn(state) if one["name"] == "More…")
    values = [one["value"] for one in more["options"]]
    assert values[:2] == ["open priority", "open responders"]
    assert controls.clicked(None, "open priority") == ("open", "priority")


@pytest.mark.parametrize(
    "chosen", ["", "check", "resolve 1", "open resolve", "check " + "x" * 300, "stage"]
)
def test_what_no_post_offers_is_refused(chosen: str) -> None:
    with pytest.raises(ValueError, match="no such choice"):
        controls.clicked(None, chosen)


def test_ids_are_such_as_mattermost_takes_and_change_with_what_was_done() -> None:
    before, after = drawn(fold(PLAN, ())), drawn(fold(PLAN, [tick("impact", 1)]))
    for one in (*before, *after):
        assert one["id"].isalnum()
    assert len({one["id"] for one in before}) == len(before)
    menus = [{one["id"] for one in some if one["type"] == "select"} for some in (before, after)]
    assert not menus[0] & menus[1]


@given(st.lists(ACTS, max_size=12))
def test_a_buttons_id_means_the_same_for_ever(done: List[Act]) -> None:
    """Mattermost carries out what the button of that id is now: of two people who press the first
    one at once the second may not tick the task that came up in its place, nor go on twice."""
    meant: Dict[str, str] = {}
    for count in range(len(done) + 1):
        for one in drawn(fold(PLAN, done[:count])):
            if one["type"] == "button":
                said = str(wanted(one).get("x"))
                assert meant.setdefault(one["id"], said) == said


@pytest.mark.parametrize("count", [6, 24, 36, 60, 80])
def test_sixty_tasks_fit_on_old_servers(count: int) -> None:
    state = fold(PLAN._replace(playbook=many(count)), ())
    actions = drawn(state)
    assert props_size(controls.post_props(state, "k" * 32, actions)) <= MAX_PROPS_CHARACTERS
    menu = next(one for one in actions if one["name"] == "Tick or untick…")
    shown = {one["value"] for one in menu["options"]}
    if 6 < count <= 60:
        assert {f"{task.id}:done" for task in state.tasks} <= shown
        assert sum(one["type"] == "button" for one in actions) >= 3
    assert len(post_text(state, timezone.utc)) <= MAX_CHARACTERS


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=30))
def test_whatever_was_done_the_post_can_be_made(some: List[acts.Act]) -> None:
    state = fold(PLAN._replace(facts=P1), some)
    assert len(post_text(state, timezone.utc)) <= MAX_MESSAGE_CHARACTERS
    actions = drawn(state)
    assert props_size(controls.post_props(state, "k" * 32, actions)) <= MAX_PROPS_CHARACTERS
    assert len({one["id"] for one in actions}) == len(actions)


def test_which_acts_a_post_shows() -> None:
    state = fold(PLAN, [tick("impact", 1)])
    props = controls.post_props(state, "k", ())
    assert controls.shown_of(props) == (1, state.digest)
    for other in (None, {}, {"pagerduty": 1}, {"pagerduty": {"run": ["a", "b"]}}):
        assert controls.shown_of(other) == (0, "")


@pytest.mark.parametrize(
    ("done", "line"),
    [
        (tick("undo", 2, BOB), "✅ bob ticked **2.2** Roll back"),
        (tick("undo", 2, BOB, acts.SKIPPED), "➖ bob skipped **2.2** Roll back"),
        (tick("undo", 2, BOB, acts.OPEN), ""),
        (tick("unknown", 2, BOB), ""),
        (
            act(acts.ASSIGN, 2, BOB, task="undo", value=acts.PERSON, person=ADA),
            "👤 bob gave **2.2** Roll back to ada",
        ),
        (act(acts.ASSIGN, 2, BOB, task="undo"), ""),
        (act(acts.ASSIGN, 2, BOB, task="changes", value="role:scribe"), ""),
        (
            act(acts.ASSIGN, 2, BOB, task="impact", value=""),
            "👤 bob: nobody owns **1.1** Say what customers see now",
        ),
        (
            act(acts.TASK_ADDED, 2, BOB, task="n", stage=1, text="Call"),
            "➕ bob added **1.4** Call",
        ),
        (act(acts.TASK_EDITED, 2, BOB, task="undo", text="Undo"), "✏️ bob changed **2.2** Undo"),
        (
            act(acts.TASK_EDITED, 2, BOB, task="undo", due=BEGIN + 600),
            "✏️ bob changed **2.2** Roll back, due 11:16",
        ),
        (
            act(acts.TASK_MOVED, 2, BOB, task="undo", stage=1),
            "↕️ bob moved **1.4** Roll back, which was 2.2",
        ),
        (act(acts.TASK_REMOVED, 2, BOB, task="undo"), "🗑️ bob removed **2.2** Roll back"),
        (act(acts.TASK_RAN, 2, BOB, task="priority"), "▶ bob ran **1.3** Set the priority"),
        (act(acts.STAGE, 2, BOB, stage=2), "⏭️ bob went on to **2 Stop the harm**"),
        (act(acts.STAGE, 2, BOB, stage=1), ""),
        (
            act(acts.ROLE, 2, BOB, value="commander", person=BOB),
            "🎖️ bob is commander now (was ada)",
        ),
        (act(acts.ROLE, 2, BOB, value="liaison", person=BOB), "🎖️ bob is Liaison now"),
        (act(acts.ROLE, 2, BOB, value="commander"), "🎖️ Nobody is commander now (was ada)"),
        (act(acts.MITIGATED, 2, BOB), ""),
    ],
)
def test_what_the_room_is_told(done: acts.Act, line: str) -> None:
    assert told_line(done, fold(PLAN, ()), fold(PLAN, [done])) == line


def test_who_acts_for_the_pack_is_called_the_playbook() -> None:
    done = tick("undo", 2, Who())
    assert told_line(done, fold(PLAN, ()), fold(PLAN, [done])).startswith("✅ The playbook ticked")
    assert PLAYBOOK.title == "Outage"
