"""A retrospective: its draft, whether it is published, and its follow-ups, as what people did to
them comes to it. Pure.

    state = fold(incident, acts)            # runs.acts.Act, in whatever order
    due(state, terms, now)                  # what people are to be reminded of now

What a field of an act holds, by kind (`by` and `at` always):

- `DRAFTED`: `targets`: the channel's id; `seconds` to the first reminder and from one to the next
  (0: none); `value`: who is reminded of it, their id, with `person`;
- `WANTED`: a run ended whose playbook names a channel for the draft: `targets`, as rules name one;
- `PUBLISHED`; `RETRO_CANCELLED`: `text`: why;
- `FOLLOW_UP`: `task`: its id, `text`, `person` who owns it, `due`;
- `FOLLOW_UP_EDITED`: `task`, and what is new of it: `text`, `person`, `due`;
- `FOLLOW_UP_DONE`, `FOLLOW_UP_DROPPED`, `FOLLOW_UP_OPENED`: `task`;
- `SENT`: `of`, `value`: where, `post`: as of a run.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.runs.acts import (
    END,
    MERGED,
    ROOM,
    SENT,
    Act,
    Who,
    in_order,
    sent_id,
)
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.reminders import DueReminder, newest_due
from pagerduty_mattermost.runs.state import CANCELLED as RUN_CANCELLED

WANTED, DRAFTED, PUBLISHED, RETRO_CANCELLED = (
    "wanted",
    "drafted",
    "published",
    "retro_cancelled",
)
FOLLOW_UP, FOLLOW_UP_EDITED = "follow_up", "follow_up_edited"
FOLLOW_UP_DONE, FOLLOW_UP_DROPPED, FOLLOW_UP_OPENED = (
    "follow_up_done",
    "follow_up_dropped",
    "follow_up_opened",
)
OPEN, DONE, DROPPED = FOLLOW_UP_STATES = ("open", "done", "dropped")
_STATE_AFTER = {
    FOLLOW_UP_DONE: DONE,
    FOLLOW_UP_DROPPED: DROPPED,
    FOLLOW_UP_OPENED: OPEN,
}
DRAFT, CANCELLED = "draft", "cancelled"
NOT_PUBLISHED = "retrospective"
"""What a reminder is about: it is not published; else a follow-up's id."""
MAX_FOLLOW_UPS = 40
DAY_SECONDS = 86400.0
DRAFTED_AFTER_SECONDS = 3600.0
"""From a run's end to the draft that its playbook wants: it may go on meanwhile."""
WANTED_SECONDS = 7 * DAY_SECONDS
"""After that such a draft is not made any more."""


class FollowUp(NamedTuple):
    """Something that is to be done after an incident."""

    id: str
    number: int
    """As people name it, counted from 1: F1."""
    text: str
    owner: Who = Who()
    due: float = 0.0
    """Seconds since the epoch; 0: at no time."""
    state: str = OPEN
    """One of FOLLOW_UP_STATES."""
    at: float = 0.0
    """When it was added."""
    by: Who = Who()
    """Who did what made its state."""

    @property
    def is_open(self) -> bool:
        return self.state == OPEN


class RetroState(NamedTuple):
    """What has become of a retrospective."""

    incident: str
    """PagerDuty's id."""
    status: str = ""
    """DRAFT, PUBLISHED or CANCELLED; empty: there is no draft."""
    draft: str = ""
    """Id of the act that made it."""
    channel: str = ""
    post: str = ""
    """Of the draft; empty until it is posted."""
    at: float = 0.0
    owner: Who = Who()
    """Who is reminded of it."""
    remind_seconds: float = 0.0
    why: str = ""
    """It was cancelled."""
    follow_ups: Tuple[FollowUp, ...] = ()
    sent: FrozenSet[str] = frozenset()
    wanted: str = ""
    """Id of the newest act that wants a draft by itself."""
    wanted_at: float = 0.0
    """When the run ended."""
    wanted_in: str = ""
    """The channel, as rules name one."""

    @property
    def is_draft(self) -> bool:
        return self.status == DRAFT

    def follow_up(self, number: int) -> Optional[FollowUp]:
        return next((one for one in self.follow_ups if one.number == number), None)

    @property
    def made_itself(self) -> bool:
        """Whether nobody asked for the draft but the playbook."""
        return bool(self.wanted) and self.draft.startswith(f"{DRAFT}.want.")


class DueChase(NamedTuple):
    """Somebody is to be told of something."""

    reminder: DueReminder
    follow_up: Optional[FollowUp] = None
    """None: it is of the retrospective itself."""

    @property
    def is_direct(self) -> bool:
        """It goes to the owner alone: the first one of a follow-up that has an owner."""
        one = self.follow_up
        return one is not None and bool(one.owner.id) and self.reminder.number == 1


def fold(incident: str, acts: Iterable[Act]) -> RetroState:
    """Whoever has the same acts has the same state."""
    state = RetroState(incident)
    found: Dict[str, FollowUp] = {}
    waiting: List[Act] = []
    ordered = in_order(acts)
    posts = {act.of: act.post for act in ordered if act.kind == SENT and act.post}
    for act in ordered:
        if act.kind == WANTED:
            state = state._replace(
                wanted=act.id, wanted_at=act.at, wanted_in=act.targets[0] if act.targets else ""
            )
        elif act.kind == DRAFTED and state.status in ("", CANCELLED):
            state = state._replace(
                status=DRAFT,
                draft=act.id,
                channel=act.targets[0] if act.targets else "",
                post=posts.get(act.id, ""),
                at=act.at,
                owner=act.person,
                remind_seconds=act.seconds,
                why="",
            )
        elif act.kind == PUBLISHED and state.status:
            state = state._replace(status=PUBLISHED)
        elif act.kind == RETRO_CANCELLED and state.status == DRAFT:
            state = state._replace(status=CANCELLED, why=act.text)
        elif act.kind == FOLLOW_UP and act.task not in found:
            if len(found) < MAX_FOLLOW_UPS:
                found[act.task] = FollowUp(
                    act.task, len(found) + 1, act.text, act.person, act.due or 0.0, at=act.at
                )
        elif act.kind == FOLLOW_UP_EDITED or act.kind in _STATE_AFTER:
            waiting.append(act)
    for act in waiting:
        # Of two machines one may be late: what is done to a follow-up counts wherever it stands.
        one = found.get(act.task)
        if one is not None:
            found[act.task] = _changed(one, act)
    sent = frozenset(act.id for act in ordered if act.kind == SENT)
    return state._replace(follow_ups=tuple(found.values()), sent=sent)


def _changed(one: FollowUp, act: Act) -> FollowUp:
    if act.kind in _STATE_AFTER:
        return one._replace(state=_STATE_AFTER[act.kind], by=act.by)
    return one._replace(
        text=act.text or one.text,
        owner=act.person if act.person.id else one.owner,
        due=one.due if act.due is None else act.due,
    )


def wanted_by(run: Run) -> Optional[Act]:
    """What is to be kept of a run that is over: that its playbook wants a draft; None where it
    wants none, or another incident goes on with it."""
    ends = [act for act in run.acts if act.kind == END]
    channel = run.plan.playbook.retro.channel
    is_over = run.state.is_over and run.state.phase != RUN_CANCELLED
    if not (channel and is_over and ends) or ends[-1].value == MERGED or run.plan.drill:
        return None
    return Act(WANTED, f"want.{ends[-1].id}", ends[-1].at, targets=(channel,))


def draft_is_due(state: RetroState, now: float) -> bool:
    """Whether it is to be drafted by itself now, if the run did not go on."""
    waited = now - state.wanted_at
    return (
        bool(state.wanted)
        and not state.status
        and (DRAFTED_AFTER_SECONDS <= waited < WANTED_SECONDS)
    )


def due(state: RetroState, chase_seconds: float, now: float) -> List[DueChase]:
    """What is to be told now, each once; of several that came due while nobody could tell them
    the last. `chase_seconds`: from one post about a follow-up to the next; 0: it is told once."""
    found: List[DueChase] = []
    if state.is_draft and state.remind_seconds > 0:
        every = state.remind_seconds
        about = f"{NOT_PUBLISHED} {state.draft}"
        one = newest_due(about, state.at + every, every, now, state.sent)
        found += [DueChase(one)] if one is not None else []
    for follow_up in state.follow_ups:
        if not follow_up.is_open or not follow_up.due:
            continue
        times = 0 if chase_seconds else 1
        one = newest_due(follow_up.id, follow_up.due, chase_seconds, now, state.sent, times)
        if one is None:
            continue
        first = one._replace(number=1)
        if one.number > 1 and follow_up.owner.id and first.sent not in state.sent:
            one = first  # its owner hears of it before the channel does, however late
        found.append(DueChase(one, follow_up))
    return found


def sent_act(of: str, key: str, at: float, post: str) -> Act:
    """That something was posted."""
    return Act(SENT, sent_id(key, ROOM), at, of=of, value=ROOM, post=post)
