"""A timeline: what stands in it, in words and order, from PagerDuty's log, a run, and a room."""

from __future__ import annotations

from datetime import timezone
from typing import Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs_world import ACTS, ADA, BEGIN, BOB, DONE_BY_ITSELF, P1, act, tick
from runs_world import PLAN as RUN_PLAN

from pagerduty_mattermost.chat.verbs.looking_back import FILE_FORMS
from pagerduty_mattermost.core.markdown import unstyled
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent, Person
from pagerduty_mattermost.playbooks.conditions import IncidentFacts
from pagerduty_mattermost.playbooks.playbook import COMMANDER
from pagerduty_mattermost.reviews import showing
from pagerduty_mattermost.reviews.timeline import (
    RoomMessage,
    TimelineEntry,
    event_entries,
    in_order,
    marked_posts,
    message_entries,
    people_entries,
    run_entries,
)
from pagerduty_mattermost.runs import acts
from pagerduty_mattermost.runs.acts import in_order as acts_in_order
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.state import TaskState

INCIDENT = Incident(
    "PINC1", 12, "Disk *full*", url="https://acme.example/incidents/PINC1", service="Checkout"
)
UTC = timezone.utc


def event(kind: str, at: str = "2026-11-18T11:10:00Z", **changes: str) -> IncidentEvent:
    agent = Person("PU1", "Mei [x]")
    return IncidentEvent(f"R{at}", f"incident.{kind}", at, agent, tuple(changes.items()))


def run(*more: acts.Act) -> Run:
    return Run(RUN_PLAN, acts_in_order(more))


def test_the_log_is_told_in_the_words_of_the_thread_but_plain() -> None:
    trigger = IncidentEvent("R0", "incident.triggered", "2026-11-18T11:00:00Z")
    noted = event("annotated", note="It is the *disk*\n@all look")
    found = event_entries([trigger, noted, event("acknowledged")], INCIDENT, UTC)
    assert [one.text for one in found] == [
        "🚨 Triggered on Checkout",
        "Mei [x] noted:",
        "👀 Mei [x] acknowledged",
    ]
    assert found[1].quote == "It is the *disk*\n@all look"
    assert found[1].source == "log:R2026-11-18T11:10:00Z"
    assert {one.link for one in found} == {INCIDENT.url}


def test_a_run_is_told_with_updates_as_their_authors_left_them() -> None:
    update = act(acts.UPDATE, 2, text="Bad")
    edited = act(acts.UPDATE_EDITED, 3, of=update.id, text="Better")
    gone = act(acts.UPDATE, 4, BOB, text="Never mind")
    deleted = act(acts.UPDATE_DELETED, 5, BOB, of=gone.id)
    sent = acts.Act(
        acts.SENT, acts.sent_id(update.id, acts.ROOM), update.at, of=update.id, post="p" * 26
    )
    one = run(tick("impact", 1), update, edited, gone, deleted, sent, act(acts.MITIGATED, 6))
    found = in_order(run_entries(one, lambda post: f"https://chat.example/{post}"))
    assert [(entry.text, entry.quote) for entry in found] == [
        ("📋 The playbook Outage began, started by ada", ""),
        ("✅ ada ticked 1.1 Say what customers see", ""),
        ("📣 ada gave status update 1", "Better"),
        ("🩹 ada said that it is mitigated", ""),
    ]
    assert found[2].link == f"https://chat.example/{'p' * 26}"
    assert run_entries(None, str) == []


def waiting(*more: acts.Act) -> Run:
    return Run(DONE_BY_ITSELF, acts_in_order(more))


def lines(one: Run) -> List[str]:
    return [entry.text for entry in in_order(run_entries(one, str))][1:]


def test_what_is_done_by_itself_is_told_once_with_what_showed_it_and_who() -> None:
    acked = act(acts.FACTS, 1, facts=IncidentFacts(done=("acknowledged",)))
    late = tick("acknowledged", 2, BOB)
    led = act(acts.ROLE, 3, ADA, value=COMMANDER, person=BOB)
    gave = act(acts.UPDATE, 4, BOB, text="All is well")
    over = act(acts.END, 5, value=acts.RESOLVED)
    assert lines(waiting(acked, late, led, gave, over)) == [
        "✅ 1.1 Until acknowledged: done by itself (acknowledged)",
        "🎖️ bob is commander now",
        "✅ 1.4 Until commander: done by itself (there is a commander, ada)",
        "📣 bob gave status update 1",
        "✅ 1.5 Until update: done by itself (a status update was given, bob)",
        "📋 The playbook ended (resolved)",
        "✅ 1.3 Until resolved: done by itself (resolved, ada)",
    ]


def test_what_was_so_from_the_beginning_is_done_with_the_playbooks_begin() -> None:
    facts = IncidentFacts(done=("acknowledged", "priority"))
    one = Run(DONE_BY_ITSELF._replace(facts=facts), ())
    assert lines(one) == [
        "✅ 1.1 Until acknowledged: done by itself (acknowledged)",
        "✅ 1.2 Until priority: done by itself (it has a priority)",
    ]


def test_a_task_that_is_not_shown_any_more_is_still_named() -> None:
    shown = act(acts.FACTS, 1, facts=P1)
    hidden = act(acts.FACTS, 3, facts=IncidentFacts())
    one = run(shown, hidden, tick("legal", 4, BOB))
    assert lines(one) == ["✅ bob ticked Tell the lawyers"]


MARK_OF = {acts.DONE: "✅", acts.SKIPPED: "➖", acts.OPEN: "☐"}


def lines_by_task(one: Run) -> Dict[str, List[TimelineEntry]]:
    """What says of a task that it was done, skipped or opened again: the act's own line, or one
    beside it that has the task's id in its source."""
    ticks = {f"act:{a.id}": a.task for a in one.acts if a.kind == acts.TICK}
    found: Dict[str, List[TimelineEntry]] = {}
    for entry in in_order(run_entries(one, str)):
        task = ticks.get(entry.source) or entry.source.partition("#")[2]
        if task:
            found.setdefault(task, []).append(entry)
    return found


@given(st.lists(ACTS, max_size=25), st.booleans())
def test_the_lines_of_tasks_are_what_the_run_comes_to(some: List[acts.Act], led: bool) -> None:
    plan = DONE_BY_ITSELF if led else RUN_PLAN
    one = Run(plan, acts_in_order(some))
    told, state = lines_by_task(one), one.state
    for task in (*state.tasks, *state.hidden):
        own = told.get(task.id, [])
        if task.is_open and not own:
            continue
        assert (own[-1].at, marked(own[-1])) == (task.at, task.state), task.id
        assert is_by(own[-1], task)
        states = [marked(entry) for entry in own]
        assert all(before != after for before, after in zip([acts.OPEN, *states], states))
    sources = [entry.source for entry in run_entries(one, str)]
    assert len(sources) == len(set(sources))


def marked(entry: TimelineEntry) -> str:
    return next(state for state, mark in MARK_OF.items() if entry.text.startswith(f"{mark} "))


def is_by(entry: TimelineEntry, task: TaskState) -> bool:
    """Whether it names who did it; where nobody did, that it was done by itself."""
    if "#" in entry.source:
        return "done by itself (" in entry.text and task.by.name in entry.text
    return f" {task.by.name} " in entry.text


def test_marked_messages_come_once_with_their_own_time() -> None:
    marked = [act(acts.MARK, n, post="p" * 26, text="x") for n in (1, 2)]
    assert marked_posts(run(*marked)) == ("p" * 26,)
    message = RoomMessage("p" * 26, BEGIN, "ada", "failover\nstarted", "https://chat.example/p")
    (entry,) = in_order(message_entries([message, message]))
    assert (entry.at, entry.text, entry.quote) == (BEGIN, "📌 ada wrote", "failover\nstarted")


def test_who_came_and_went_is_told_but_not_of_the_bot() -> None:
    def post(kind: str, **props: str) -> dict:
        return {"id": kind, "type": kind, "create_at": BEGIN * 1000, "props": props}

    posts = [
        post("system_join_channel", username="ada"),
        post("system_add_to_channel", username="bot", addedUsername="grace"),
        post("system_add_to_channel", username="bot", addedUsername="bot"),
        post("system_leave_channel", username="linus"),
        post("system_remove_from_channel", username="ada", removedUsername="mei"),
        post("system_header_change", username="ada"),
        post("", username="ada"),
        {"id": "odd", "type": "system_join_channel", "create_at": None, "props": None},
    ]
    assert [entry.text for entry in people_entries(posts, str, "bot")] == [
        "👥 ada came into the room",
        "👥 grace came into the room, added by bot",
        "👥 linus left the room",
        "👥 mei was removed from the room",
    ]


@given(st.text(max_size=200))
def test_what_was_escaped_is_plain_again(text: str) -> None:
    line = one_line(text)
    shown = unstyled(escape(line))
    assert "\u200b" not in shown
    assert "".join(shown.split()) == "".join(unstyled_free(line).split())


def unstyled_free(text: str) -> str:
    """Without the characters that `escape` itself leaves out or puts in."""
    for char in ("\u2424", "\u200b", *map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))):
        text = text.replace(char, " " if char == "\u2424" else "")
    return text


def test_the_forms_that_can_be_typed_are_those_that_can_be_written() -> None:
    assert set(FILE_FORMS) == set(showing.FORMS)


def entry(n: int, text: str = "x", quote: str = "", link: str = "") -> TimelineEntry:
    return TimelineEntry(BEGIN + 60 * n, "incident", text, f"log:R{n:03d}", quote, link)


def test_a_long_list_shows_the_first_and_the_newest() -> None:
    found = showing.as_lines(INCIDENT, [entry(n, f"thing {n}") for n in range(100)], UTC)
    assert "thing 9\n" in found
    assert "… 60 more …" in found
    assert "thing 10\n" not in found
    assert found.endswith("thing 99")
    assert len(found.splitlines()) == showing.MAX_LINES + 1


def test_a_list_of_the_longest_entries_fits_into_a_post() -> None:
    long = [entry(n, "*" * 500, "_" * 4000, "https://chat.example/" + "p" * 60) for n in range(60)]
    assert len(showing.as_lines(INCIDENT, long, UTC)) < 15_000


HOSTILE = '=HYPERLINK("http://evil") | <script>alert(1)</script> @all **x** ](http://evil)'


@pytest.mark.parametrize("form", FILE_FORMS)
def test_nothing_of_a_stranger_acts_in_a_file(form: str) -> None:
    text = showing.as_file(form, INCIDENT, [entry(0, HOSTILE, HOSTILE)], UTC)
    if form == "html":
        assert "<script>" not in text
        assert "&lt;script&gt;" in text
    if form == "csv":
        assert ",'=HYPERLINK" in text or ",\"'=HYPERLINK" in text
    if form == "md":
        acting = "".join(text.split("`")[::2])  # what stands in code does nothing
        assert "](http://evil" not in acting.replace("\\]", "")
        assert "@all" not in acting
        assert "<script>" not in acting


def test_the_picture_names_the_longest_wait() -> None:
    done = [
        TimelineEntry(BEGIN + at, "task", f"task {n}", f"act:{n}")
        for n, at in enumerate((0, 60, 1860, 1920))
    ]
    picture = showing.task_gaps(done, UTC)
    assert "Longest wait: 30 min before task 2" in picture
    bars = [line.count("█") for line in picture.splitlines() if "task" in line]
    assert max(bars[:4]) == bars[2] == showing.BAR_CHARACTERS
    assert showing.task_gaps(done[:1], UTC) == ""
