"""Acts: one thing that somebody did in a run, as it is kept. Pure.

    act = Act(TICK, order_id, at, Who(user_id, "ada"), task="impact", value=DONE)
    kept = to_value(act)
    act = act_of(kept)            # None: not one

An act is never changed. Its id is the order's that asked for it, so that one that is carried out
twice counts once; its time is when that order arrived, so that the order in which StackStorm
carries orders out does not matter. What the acts of a run come to says `runs.fold`.

What a field holds, by kind (`by` and `at` always):

- `START`: the incident is taken for one, after triage;
- `TICK`: `task`, `value` (`DONE`, `SKIPPED` or `OPEN`);
- `ASSIGN`: `task`, `value`: a word for who owns it (`playbook.COMMANDER`, `role:<name>`), `PERSON`
  with `person`, or empty for nobody;
- `TASK_ADDED`: `task` (its new id), `stage`, `text`, `due` where it has one, `person` who owns it;
- `TASK_EDITED`: `task`, and what is new of it: `text`, `due` (0: none any more);
- `TASK_MOVED`: `task`, `stage`, `value`: the task before which it goes, empty for the end;
- `TASK_REMOVED`: `task`;
- `TASK_RAN`: `task`, `text`: what was carried out;
- `STAGE`: `stage`;
- `ROLE`: `value`: the role (`playbook.COMMANDER` or one of the playbook's), `person`, without id
  for nobody;
- `UPDATE`: `text`, `seconds` until the next one is asked for (0: never), `targets`;
- `UPDATE_EDITED`: `of`: the update's id, `text`;
- `UPDATE_DELETED`: `of`;
- `REMIND`: `seconds` from one update to the next from now on (0: no reminders); or `due`: when the
  next one is asked for, once;
- `FOLLOW`: `person`, `value`: `ON` or empty: they get status updates as a direct message, or no
  more;
- `MARK`: `post`, `text`;
- `MITIGATED`;
- `CANCELLED`: `text`: why;
- `END`: `value`: how (`RESOLVED`, `MERGED`, `BY_HAND`), `of`: the incident that it is merged into;
- `RESTART`;
- `FACTS`: `facts` of the incident, as conditions ask for them;
- `SENT`: `of`: the act, or what else, that had the effect; `value`: where; `post`; `text`: the
  words that went there, where they are others.
"""

from __future__ import annotations

import hashlib
from typing import Any, Dict, Iterable, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.playbooks.conditions import IncidentFacts

START, TICK, ASSIGN, STAGE, ROLE = "start", "tick", "assign", "stage", "role"
TASK_ADDED, TASK_EDITED = "task_added", "task_edited"
TASK_MOVED, TASK_REMOVED, TASK_RAN = "task_moved", "task_removed", "task_ran"
UPDATE, UPDATE_EDITED, UPDATE_DELETED = "update", "update_edited", "update_deleted"
REMIND, FOLLOW, MARK, FACTS, SENT = "remind", "follow", "mark", "facts", "sent"
MITIGATED, CANCELLED, END, RESTART = "mitigated", "cancelled", "end", "restart"
KINDS = (
    START,
    TICK,
    ASSIGN,
    TASK_ADDED,
    TASK_EDITED,
    TASK_MOVED,
    TASK_REMOVED,
    TASK_RAN,
    STAGE,
    ROLE,
    UPDATE,
    UPDATE_EDITED,
    UPDATE_DELETED,
    REMIND,
    FOLLOW,
    MARK,
    MITIGATED,
    CANCELLED,
    END,
    RESTART,
    FACTS,
    SENT,
)

DONE, SKIPPED, OPEN = TASK_STATES = ("done", "skipped", "open")
ON = "on"
"""In `FOLLOW`: from now on."""
ROOM = "room"
"""In `SENT`, where the effect is a post in the room."""
PERSON = "person"
"""In `ASSIGN`: the one in `person`."""
RESOLVED, MERGED, BY_HAND = "resolved", "merged", "by hand"
"""How a run ended."""
MAX_TEXT_CHARACTERS = 15000
"""Of an act's text: as long as a post may be, and a little less."""


class Who(NamedTuple):
    """Somebody of Mattermost, as they were called then. Empty: the pack itself, or nobody."""

    id: str = ""
    name: str = ""
    """Username, without @."""


class Act(NamedTuple):
    """One thing that was done in a run."""

    kind: str
    id: str
    at: float
    """Seconds since the epoch."""
    by: Who = Who()
    task: str = ""
    stage: int = 0
    """Counted from 1."""
    value: str = ""
    person: Who = Who()
    text: str = ""
    seconds: float = 0.0
    due: Optional[float] = None
    """Seconds since the epoch; None: nothing is said of it."""
    of: str = ""
    targets: Tuple[str, ...] = ()
    post: str = ""
    """Id of one in Mattermost."""
    facts: Optional[IncidentFacts] = None


def to_value(act: Act) -> Dict[str, Any]:
    """As it is kept: fields that say nothing are left out."""
    defaults = Act._field_defaults
    return {
        name: to_json(value)
        for name, value in act._asdict().items()
        if name not in defaults or value != defaults[name]
    }


def act_of(value: Any) -> Optional[Act]:
    """None for what is no act. One of a kind that only a newer version knows reads, and changes
    nothing."""
    return record_or_none(Act, value)


def in_order(acts: Iterable[Act]) -> Tuple[Act, ...]:
    """Each once, by time and id: whoever has the same acts has them in the same order."""
    unique: Dict[str, Act] = {}
    for act in sorted(acts, key=lambda act: (act.at, act.id, repr(act))):
        unique.setdefault(act.id, act)
    return tuple(unique.values())


def digest(acts: Iterable[Act]) -> str:
    """Eight hex digits, the same for the same acts in whatever order."""
    names = "\n".join(sorted({act.id for act in acts}))
    return hashlib.sha256(names.encode("utf-8")).hexdigest()[:8]


def sent_id(of: str, where: str) -> str:
    """The id of a `SENT`: whoever has the effect again writes the same act."""
    name = hashlib.sha256(f"{of}\n{where}".encode()).hexdigest()[:24]
    return f"sent.{name}"
