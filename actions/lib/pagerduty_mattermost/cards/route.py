"""Pure: a route (a rule that posts) and what it makes of a change: whether a card is created, what
gets a reply.

    route = make_route("SEV1", start_on=["triggered"], mention="oncall", reactions=["eyes"])
    starts_card(route, change)      # whether the change starts a card
    gets_reply(route, event)        # whether the event gets a reply in its thread

Event types are PagerDuty's words (`incident.triggered`), the leading `incident.` may be left out.
An empty list means all of them, `none` none. The card's record keeps its route, so later changes
are posted in the same terms.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import re
from typing import Any, Iterable, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import RejectedInput, WrongParameter
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.incidents.event_types import (
    CANCELLED_WORD,
    ENDS_UNSOLVED,
    EVENT_TYPES,
    FIELD_EVENT_TYPES,
    WEBHOOK_ONLY_EVENTS,
)
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent

NOBODY, HIGH_URGENCY, ASSIGNEES, ON_CALL = "nobody", "high_urgency", "assignees", "oncall"
"""Whom a route mentions: nobody; who an incident of high urgency is assigned to; who any is
assigned to; who is on call for it."""
MENTIONS = (NOBODY, HIGH_URGENCY, ASSIGNEES, ON_CALL)
DEFAULT_MENTION = HIGH_URGENCY
NONE = "none"
KNOWN_EVENTS = tuple(
    sorted(
        {
            *EVENT_TYPES.values(),
            *FIELD_EVENT_TYPES.values(),
            *WEBHOOK_ONLY_EVENTS,
            "incident.deleted",
        }
    )
)
"""Event types that a rule may name: those of the log; those that the webhook alone tells
(`WEBHOOK_ONLY_EVENTS`); and a deletion, for which PagerDuty has no entry: reconcile finds it and
paints the card as deleted, without an event, but a rule that names it is right all the same."""
MAX_CHECKLIST, MAX_REACTIONS = 20, 5
PUBLIC, PRIVATE = "public", "private"
MITIGATED = "incident.mitigated"
"""No event of PagerDuty's: that somebody said so in chat. A room's `reply_on` may name it."""
CANCELLED = "incident.cancelled"
"""No event type either: that there is no incident any more without its having been solved. A
room's `reply_on` may name it."""
PRIORITIES = ("", "important", "urgent")

_EMOJI = re.compile(r"[a-z0-9_+-]{1,64}")
MENTIONING_EVENTS = (
    "incident.escalated",
    "incident.delegated",
    "incident.reassigned",
    "incident.reopened",
)
"""Events that make an incident somebody's business anew: their replies mention, where the route
mentions."""
RAISED = "incident.urgency_updated"
"""The same of a route that mentions of high urgency alone, where it has become high."""


class Route(NamedTuple):
    """How one rule wants its cards."""

    name: str = ""
    start_on: Tuple[str, ...] = ()
    """Event types that start a card; empty: all."""
    reply_on: Tuple[str, ...] = ()
    """Event types that get a reply; empty: all."""
    mention: str = NOBODY
    """One of MENTIONS. A rule that names none has DEFAULT_MENTION."""
    checklist: Tuple[str, ...] = ()
    """Lines of Markdown, posted once as the first reply."""
    reactions: Tuple[str, ...] = ()
    """Names of emoji put on the card when it is created."""
    quiet: str = ""
    """Quiet hours as `weekly_hours.parse` reads them; empty: the configuration's."""
    room: str = ""
    """Of the card in the incident's own room: `PUBLIC` or `PRIVATE`; empty: it is no room."""
    in_channel: bool = False
    """What happens is told in the channel, not in the card's thread."""
    priority: str = ""
    """Mattermost's message priority of a new card: `important`, `urgent`, or empty."""


CANARY = Route("canary", quiet="never")
"""Of the canary's cards: nobody is mentioned, reminded or spared."""


def make_route(
    name: Optional[str] = "",
    start_on: Optional[Iterable[Any]] = None,
    reply_on: Optional[Iterable[Any]] = None,
    mention: Optional[str] = "",
    checklist: Optional[Iterable[Any]] = None,
    reactions: Optional[Iterable[Any]] = None,
    quiet: Optional[str] = "",
    priority: Optional[str] = "",
) -> Route:
    """A route from an action's parameters. Raises WrongParameter."""
    who = checked_mention(mention)
    emoji = [str(item).strip().strip(":").lower() for item in reactions or ()]
    for one in emoji:
        if not _EMOJI.fullmatch(one):
            raise WrongParameter(
                "reactions", f"'{one_line(clean(one, 40))}' is no name of an emoji"
            )
    lines = [line for line in (one_line(clean(item, 500)) for item in checklist or ()) if line]
    return Route(
        one_line(clean(name, 100)),
        event_types("start_on", start_on),
        event_types("reply_on", reply_on),
        who,
        tuple(lines[:MAX_CHECKLIST]),
        tuple(dict.fromkeys(one for one in emoji[:MAX_REACTIONS] if one)),
        _quiet(quiet),
        priority=_priority(priority),
    )


def checked_mention(word: Optional[str]) -> str:
    """One of MENTIONS, of what a rule says. Raises WrongParameter."""
    who = (word or DEFAULT_MENTION).strip().lower()
    if who not in MENTIONS:
        raise WrongParameter(
            "mention", f"'{one_line(clean(who, 40))}' is none of {', '.join(MENTIONS)}"
        )
    return who


def _priority(text: Optional[str]) -> str:
    word = (text or "").strip().lower().replace("standard", "")
    if word not in PRIORITIES:
        raise WrongParameter(
            "priority", f"'{one_line(clean(word, 40))}' is none of standard, important, urgent"
        )
    return word


def _quiet(text: Optional[str]) -> str:
    written = one_line(clean(text or "", 200)).strip()
    if written:
        from pagerduty_mattermost.core.weekly_hours import parse

        try:
            parse(written)
        except RejectedInput as error:
            raise WrongParameter("quiet", str(error)) from None
    return written


def event_types(parameter: str, words: Optional[Iterable[Any]]) -> Tuple[str, ...]:
    """Full event types of what was written; empty for all. Raises WrongParameter for a word that
    is none."""
    import difflib

    found: List[str] = []
    for item in words or ():
        word = str(item).strip().lower()
        if word in ("", "all"):
            continue
        full = word if word == NONE or word.startswith("incident.") else f"incident.{word}"
        if full != NONE and full not in KNOWN_EVENTS:
            known = [name[len("incident.") :] for name in KNOWN_EVENTS]
            near = difflib.get_close_matches(full[len("incident.") :], known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise WrongParameter(
                parameter, f"'{one_line(clean(item, 60))}' is no event type; {meant}"
            )
        if full not in found:
            found.append(full)
    return tuple(found)


def starts_card(route: Route, change: Change) -> bool:
    """Whether the change starts a card; one without events (asked for by hand) always does."""
    return (
        not change.events
        or not route.start_on
        or any(e.event_type in route.start_on for e in change.events)
    )


def gets_reply(route: Route, event: IncidentEvent) -> bool:
    """Whether the event gets a reply in the card's thread."""
    wanted = route.reply_on
    return (
        not wanted or event.event_type in wanted or (CANCELLED in wanted and says_cancelled(event))
    )


def says_cancelled(event: IncidentEvent) -> bool:
    """Whether it says that there was no incident, as the note of `/pd cancel` does, which resolves
    it then; or that it was merged or deleted."""
    note = event.change("note")
    is_none = note == CANCELLED_WORD or note.startswith(f"{CANCELLED_WORD}: ")
    return is_none or event.event_type in ENDS_UNSOLVED


def mentions_assignees(mention: str, incident: Incident) -> bool:
    """Whether whoever the incident is assigned to is mentioned. `mention`: one of MENTIONS."""
    return mention == ASSIGNEES or (mention == HIGH_URGENCY and incident.urgency == "high")


def mentioned_at_birth(route: Route, change: Change) -> List[str]:
    """PagerDuty ids of the assignees that a new card mentions; never who acted, nobody once it is
    over."""
    if not (mentions_assignees(route.mention, change.incident) and change.incident.is_open):
        return []
    acted = {event.agent.id for event in change.events}
    return [
        person.id for person in change.incident.assignees if person.id and person.id not in acted
    ]


def may_mention_at_birth(route: Route, change: Change) -> bool:
    """Whether a new card mentions somebody, as far as that is known without asking anybody."""
    if route.mention == ON_CALL:
        return change.incident.is_open
    return bool(mentioned_at_birth(route, change))


def is_handed_over(route: Route, event: IncidentEvent, incident: Incident) -> bool:
    """Whether the event makes the open incident somebody's business, as the route sees it."""
    if not incident.is_open:
        return False
    raised = event.event_type == RAISED and route.mention == HIGH_URGENCY
    return raised or event.event_type in MENTIONING_EVENTS


def mentioned_in_reply(route: Route, event: IncidentEvent, change: Change) -> List[str]:
    """PagerDuty ids that the reply to a hand-over mentions; never who acted."""
    incident = change.incident
    if not (
        mentions_assignees(route.mention, incident) and is_handed_over(route, event, incident)
    ):
        return []
    ids = handed_to(event) or [person.id for person in incident.assignees]
    return [ident for ident in ids if ident and ident != event.agent.id]


def handed_to(event: IncidentEvent) -> List[str]:
    """PagerDuty ids of whom the event gave the incident to; empty where it does not say."""
    ids = (ident.strip() for ident in event.change("to_ids").split(","))
    return [ident for ident in ids if ident]
