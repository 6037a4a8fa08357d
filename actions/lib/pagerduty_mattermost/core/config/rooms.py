"""Section rooms: a channel of its own for an incident (docs/rooms.md)."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.config.reader import Reader
from pagerduty_mattermost.core.text import clean, one_line

INVITED = ("on_call", "assignees", "responders", "subscribers", "declarer")
"""Words of `invite`; beside them it names people (`@ada`) and user groups (`group:dba`)."""
NEVER, AT_ONCE = "never", "at_once"
FEED_PLACES = ("channel", "thread")
CREATED, MITIGATED, CANCELLED = "created", "mitigated", "cancelled"
FEED_WORDS: Mapping[str, Tuple[str, ...]] = {
    "notes": ("annotated",),
    "escalations": ("escalated", "delegated", "reassigned"),
    "priority": ("priority_updated",),
}
"""Words of `feed` that mean several event types, or one by a plainer name."""
EVENTS = (
    "incident.acknowledged",
    "incident.annotated",
    "incident.conference_bridge.updated",
    "incident.custom_field_values.updated",
    "incident.delegated",
    "incident.deleted",
    "incident.escalated",
    "incident.incident_type.changed",
    "incident.merged",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.reopened",
    "incident.resolved",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.role.assigned",
    "incident.service_updated",
    "incident.snoozed",
    "incident.status_update_published",
    "incident.task.completed",
    "incident.task.created",
    "incident.task.updated",
    "incident.title_updated",
    "incident.triggered",
    "incident.unacknowledged",
    "incident.updated",
    "incident.urgency_updated",
)
"""Event types that `feed` takes, in full or without their first word; held by a test to those that
a rule may name (`cards.route.KNOWN_EVENTS`), which stand above this package."""
_EVENT_WORDS = (
    *(name.partition(".")[2] for name in EVENTS),
    CREATED,
    MITIGATED,
    CANCELLED,
    *FEED_WORDS,
    "all",
    "none",
)
"""What else `feed` takes."""
BACKGROUND = ("past", "related", "changes")
"""What PagerDuty knows beside an incident, as `background` names it: one request each."""
FEED_ACTS = ("ticks", "owners", "tasks", "stages", "roles")
"""Kinds of what people do in a playbook, as `feed_acts` names them."""
PLACEHOLDERS = ("date", "title", "number", "id", "service", "priority", "seq")
"""What stands in braces in a room's name and title; `seq` in names alone."""
_HOURS = re.compile(r"(\d{1,4}) ?h")
_ACTION = re.compile(r"[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_.-]{1,128}")
_PERSON = re.compile(r"@[A-Za-z0-9._-]{1,64}|group:[A-Za-z0-9._-]{1,64}")


class RoomsConfig(NamedTuple):
    """How rooms are made, who comes into them, and when they are put away."""

    name: str = "inc-{date}-{title}"
    title: str = "#{number} {title}"
    team: str = ""
    """Mattermost team; empty: mattermost.team."""
    private: bool = False
    on_declare: bool = False
    """Whether the declare dialog's tick is set."""
    invite: Tuple[str, ...] = INVITED
    feed: Tuple[str, ...] = (
        "mitigated",
        "resolved",
        "cancelled",
        "reopened",
        "merged",
        "annotated",
        "escalated",
        "delegated",
        "reassigned",
        "priority_updated",
        "status_update_published",
        "responder.added",
        "responder.replied",
        "role.assigned",
        "task.created",
        "task.updated",
        "task.completed",
    )
    """Events that are posted in the room: `EVENTS`, `all`, `FEED_WORDS`, and `created` (a line of
    its own below the card), `mitigated`, `cancelled` (resolved as none, merged or deleted)."""
    feed_in: str = "channel"
    """Where in the room: one of `FEED_PLACES`."""
    feed_acts: Tuple[str, ...] = ("ticks", "stages", "roles")
    """What of a playbook the room is told, a post each: some of `FEED_ACTS`."""
    background: Tuple[str, ...] = ()
    """What a new room is told once of what PagerDuty knows besides: some of `BACKGROUND`."""
    archive: str = "72h"
    """After the incident is over: never, at_once, or so many hours."""
    max_new: int = 10
    """Rooms that rules open within an hour; people open as many as they like. 0: any number."""
    note: bool = True
    """Whether PagerDuty gets a note with the room's link."""
    link_private: bool = False
    """Whether cards in other channels lead to private rooms."""
    listen: bool = True
    """Whether notes, edits and renames in rooms are heard."""
    playbook_dir: str = ""
    """Folder with playbooks, on each machine that runs actions or the chat sensor."""
    test_service: str = ""
    """PagerDuty's service that test incidents and drills are made on, by name or id."""
    actions: Tuple[str, ...] = ()
    """Actions of StackStorm that tasks of playbooks may start, each as `pack.name`."""
    aliases: Tuple[str, ...] = ()
    """Aliases of StackStorm, of any pack, that they may run, each as `pack.name`."""

    def is_test(self, service_id: str, service: str) -> bool:
        """Whether an incident of that service is a test or a drill."""
        return bool(self.test_service) and self.test_service.casefold() in (
            service_id.casefold(),
            service.casefold(),
        )

    @property
    def archive_seconds(self) -> Optional[float]:
        """From the end of an incident until its room is archived; None: never."""
        if self.archive == NEVER:
            return None
        hours = _HOURS.fullmatch(self.archive)
        return 3600.0 * int(hours.group(1)) if hours else 0.0


def read_rooms(whole: Reader) -> RoomsConfig:
    """The section `rooms`; what is wrong in it is noted by the reader."""
    read = whole.section("rooms", RoomsConfig())
    rooms = RoomsConfig(
        name=read.text("name"),
        title=read.text("title"),
        team=read.text("team"),
        private=read.boolean("private"),
        on_declare=read.boolean("on_declare"),
        invite=read.texts("invite", may_be_empty=True),
        feed=read.texts("feed", may_be_empty=True),
        feed_in=read.choice("feed_in", FEED_PLACES),
        feed_acts=read.texts("feed_acts", may_be_empty=True),
        background=read.texts("background", may_be_empty=True),
        archive=read.text("archive").lower(),
        max_new=read.integer("max_new", 0, 10000),
        note=read.boolean("note"),
        link_private=read.boolean("link_private"),
        listen=read.boolean("listen"),
        playbook_dir=read.text("playbook_dir"),
        test_service=read.text("test_service"),
        actions=read.texts("actions", may_be_empty=True),
        aliases=read.texts("aliases", may_be_empty=True),
    )
    if not all(_ACTION.fullmatch(one) for one in rooms.actions):
        read.wrong("actions", "must list actions of StackStorm, each as pack.name")
        rooms = rooms._replace(actions=tuple(filter(_ACTION.fullmatch, rooms.actions)))
    if not all(_ACTION.fullmatch(one) for one in rooms.aliases):
        read.wrong("aliases", "must list aliases of StackStorm, each as pack.name")
        rooms = rooms._replace(aliases=tuple(filter(_ACTION.fullmatch, rooms.aliases)))
    if rooms.archive not in (NEVER, AT_ONCE) and not _HOURS.fullmatch(rooms.archive):
        read.wrong("archive", "must be never, at_once or a number of hours such as 72h")
        rooms = rooms._replace(archive=RoomsConfig().archive)
    if any(word not in INVITED and not _PERSON.fullmatch(word) for word in rooms.invite):
        read.wrong("invite", f"must list {', '.join(INVITED)}, @people and group:<name>")
    for word in rooms.feed:
        why = _no_event(word)
        if why:
            read.wrong("feed", why)
    rooms = rooms._replace(feed=tuple(word for word in rooms.feed if not _no_event(word)))
    if not set(rooms.feed_acts) <= set(FEED_ACTS):
        read.wrong("feed_acts", f"must list {', '.join(FEED_ACTS)}")
    if not set(rooms.background) <= set(BACKGROUND):
        read.wrong("background", f"must list {', '.join(BACKGROUND)}")
    for field in ("name", "title"):
        unknown = set(re.findall(r"\{([^{}]*)\}", getattr(rooms, field))) - set(PLACEHOLDERS)
        if unknown:
            read.wrong(field, f"may hold {', '.join('{' + one + '}' for one in PLACEHOLDERS)}")
    if not re.search(r"[A-Za-z0-9{]", rooms.name):
        read.wrong("name", "needs letters or digits")
    return rooms


def feed_words(word: str) -> Tuple[str, ...]:
    """Event types as a rule names them, for a word of `feed`."""
    return FEED_WORDS.get(word, (word,))


def _no_event(word: str) -> str:
    """Why the word of `feed` names no event; empty for one that does."""
    if word.lower() in EVENTS or word.lower() in _EVENT_WORDS:
        return ""
    import difflib

    near = difflib.get_close_matches(word.lower(), _EVENT_WORDS, n=1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(_EVENT_WORDS)}"
    return f"has '{one_line(clean(word, 60))}', which is no event; {meant}"
