"""The words of a status update: what its dialog starts with, its post in the room, its copies in
other channels, what its author's edit of the post makes of it, and when the next one is. Pure.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, NamedTuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.core.typed_times import read_future
from pagerduty_mattermost.runs.texts import name, styled_lines

if TYPE_CHECKING:
    from pagerduty_mattermost.incidents.incident import Incident
    from pagerduty_mattermost.runs.state import RunState, UpdateState

MARK = "📣"
MAX_TITLE_CHARACTERS = 200
OFF = ("off", "none", "never", "no", "stop")
MAX_REMIND_SECONDS = 7 * 86400.0


class UpdateView(NamedTuple):
    """A status update as it is shown."""

    number: int
    """Counted from 1, over all that were given."""
    update: UpdateState
    next_at: float = 0.0
    """When the next one is due, seconds since the epoch; 0: at no such time."""


def first_text(state: RunState) -> str:
    """What the dialog starts with: the text of the last update as it is now, else the playbook's
    template."""
    last = state.last_update
    return last.text if last is not None else state.plan.playbook.updates.template.strip()


def first_seconds(state: RunState) -> float:
    """What it offers as the time until the next one: that of the last update, else as reminders
    are set."""
    last = state.last_update
    return last.seconds if last is not None else state.remind_seconds


def number_of(state: RunState, update_id: str) -> int:
    """Counted from 1; one more than all where it is not among them."""
    ids = [one.id for one in state.updates]
    return ids.index(update_id) + 1 if update_id in ids else len(ids) + 1


def seconds_until(said: str, at: float, zone: str) -> float:
    """From `at` until the next update, of a length, a time, or `off` (0: never). Raises
    RejectedInput."""
    word = one_line(clean(said)).casefold()
    if word in OFF:
        return 0.0
    found = read_future(word, now=float(int(at)), zone=zone) - int(at)
    if found > MAX_REMIND_SECONDS:
        raise RejectedInput("a week at most lies between two status updates")
    return found


def view(state: RunState, update: UpdateState) -> UpdateView:
    """The update with its number, and when the next one is due."""
    next_at = update.at + update.seconds if update.seconds else 0.0
    return UpdateView(number_of(state, update.id), update, next_at)


def own_post(shown: UpdateView, zone: tzinfo) -> str:
    """The post that bears its author's own name: what they wrote, below a heading."""
    return f"{_heading(shown, zone)}\n\n{clean(shown.update.text).strip()}"


def bot_post(shown: UpdateView, zone: tzinfo) -> str:
    """The same as the bot says it: with the author's name, and calling nobody."""
    by = f" by {name(shown.update.by)}"
    return f"{_heading(shown, zone, by)}\n\n{styled_lines(shown.update.text.strip())}"


def _heading(shown: UpdateView, zone: tzinfo, by: str = "") -> str:
    due = ""
    if shown.next_at:
        clock = times.clock(times.iso(shown.next_at), zone, near=times.iso(shown.update.at))
        due = f" · next one at {clock}"
    return f"{MARK} **Status update {shown.number}**{by}{due}"


def edited_text(message: str) -> str:
    """What an update says after its author edited the post: all but the heading, which they may
    have taken away."""
    head, _, rest = clean(message).partition("\n")
    return (rest if head.startswith(MARK) else clean(message)).strip()


def copy(
    shown: UpdateView, incident: Incident, room: str, zone: tzinfo, *, drill: bool = False
) -> str:
    """What other channels get. `room`: Markdown that leads to the room; empty: it is private."""
    title = escape(one_line(f"#{incident.number} {incident.title}", MAX_TITLE_CHARACTERS))
    lasts = times.between(incident.created_at, times.iso(shown.update.at))
    facts = [
        f"{MARK} {'🏋️ **Exercise** · ' if drill else ''}**{title}**",
        f"update {shown.number} by {name(shown.update.by)}",
        lasts,
        escape(incident.status),
        f"room {room}" if room else "",
    ]
    head = " · ".join(fact for fact in facts if fact)
    lines = styled_lines(shown.update.text.strip()).split("\n")
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    due = ""
    if shown.next_at:
        clock = times.clock(times.iso(shown.next_at), zone, near=times.iso(shown.update.at))
        due = f"\n>\n> Next update at {clock}."
    return f"{head}\n{quoted}{due}"
