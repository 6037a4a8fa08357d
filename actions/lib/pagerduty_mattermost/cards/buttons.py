"""The buttons and the menu of a card, as its state allows. Pure.

    actions(incident, "https://st2.example.com/pagerduty", key, now)
    # -> ({"id": "acknowledge", ...}, ...)

An id holds letters and digits only: with a hyphen or an underscore Mattermost answers the click
with 404 and calls nobody. `type` is always given. The menu's id changes with what it offers and
after each choice: Mattermost's page keeps the old list and the chosen words for as long as the id
stays the same (measured on 11.6).
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.http.signed_tokens import button_expiry, sign
from pagerduty_mattermost.incidents.incident import Incident

PURPOSE = "button"
MENU = "more"
"""How the menu's id begins."""
CLICK = "/click"
"""Where clicks and choices go, below the public address."""
DETAILS = "details"
"""Choice of the menu: all that is known of it, for whoever asks alone."""
ACKNOWLEDGE_ALL, LIST_OPEN = "stormacknowledge", "stormlist"
"""Of a storm's card: what is triggered on its service, and what is open there."""
MAX_TITLE_CHARACTERS, MAX_NAMES_CHARACTERS = 100, 60
"""Code points of what is said of an incident in a dialog."""
PAGE = "nextpage"
"""Of a list: the page behind it."""
CONFIRMED = "confirmed"
DISMISSED = "dismissed"
"""What the two buttons of a question bring back."""
ABOUT_SHIFTS = ("handover_accept", "swap", "page_accept")
"""Verbs of the buttons below messages about shifts, and about pages that PagerDuty does not take.
"""
CONFIRM_SECONDS = 600
ROW_SECONDS = 3600
"""Seconds: a list grows old."""
SNOOZE_UNTIL = "snoozeuntil"
DIALOGS: Mapping[str, str] = {
    "note": "Note",
    "resolvenote": "Resolve with a note",
    "status": "Status update",
    "escalate": "Escalate",
    "reassign": "Reassign",
    "priority": "Set priority",
    "responders": "Ask for help",
    "workflow": "Run a workflow",
    SNOOZE_UNTIL: "Snooze until",
}
"""Choices that ask for more, and the titles of their dialogs (24 characters at most)."""
SNOOZES: Tuple[Tuple[str, str], ...] = (
    ("snooze1h", "Snooze 1 hour"),
    ("snooze4h", "Snooze 4 hours"),
    ("snooze24h", "Snooze a day"),
)
ROOM = "room"
MENU_ACTS: Tuple[Tuple[str, str], ...] = (
    *SNOOZES,
    ("unacknowledge", "Take back the acknowledgement"),
    (ROOM, "Open a room, or join it"),
)
"""Choices of a menu that are carried out at once; but for the room of acknowledged incidents
alone."""


class Origin(NamedTuple):
    """The answer to a command that buttons stand in, which nobody can change once it is seen: what
    comes of a click follows below it."""

    hook: str = ""
    """Path of the command's response_url."""
    command: str = ""
    """What makes such an answer anew, as it is then: as `chat.orders.as_text` writes a command."""


class About(NamedTuple):
    """How an incident is when its card is painted, for the dialogs that open from there."""

    title: str = ""
    """Number, title and service."""
    priority: str = ""
    assignees: str = ""
    """Names."""


NOTHING_SAID = About()


def about_of(incident: Incident) -> About:
    """What buttons and dialogs say of the incident, as short as they can bear."""
    title = one_line(f"#{incident.number} {incident.title}", MAX_TITLE_CHARACTERS)
    service = one_line(incident.service, MAX_NAMES_CHARACTERS)
    people = ", ".join(one.name or one.id for one in incident.assignees)
    return About(
        f"{title} · {service}" if service else title,
        one_line(incident.priority, MAX_NAMES_CHARACTERS),
        one_line(people, MAX_NAMES_CHARACTERS),
    )


def actions(
    incident: Incident,
    url: str,
    key: str,
    now: float,
    chosen: int = 0,
    origin: Origin = Origin(),  # noqa: B008 - immutable
) -> Tuple[Mapping[str, Any], ...]:
    """What can be done with the incident as it is: a resolved one can be reopened, a merged or
    deleted one nothing. `chosen`: how often something was chosen from the card's menu; `origin`:
    of a card that answers a command."""

    def sent(verb: str, about: About = NOTHING_SAID) -> Dict[str, Any]:
        return call(incident.id, verb, url, key, now, about=about, origin=origin)

    about = about_of(incident)
    if incident.status == "resolved":
        return (_button("reopen", "Reopen", "", sent("reopen")),)
    if not incident.is_open:
        return ()
    made: List[Mapping[str, Any]] = []
    if incident.status == "triggered":
        made.append(_button("acknowledge", "Acknowledge", "primary", sent("acknowledge")))
    made.append(_button("resolve", "Resolve", "success", sent("resolve")))
    made.append(
        _button("note", "Note…", "", sent("note", about._replace(priority="", assignees="")))
    )
    made.append(_menu(incident, chosen, sent(MENU, about)))
    return tuple(made)


def row(
    incident: Incident,
    text: str,
    number: int,
    url: str,
    key: str,
    now: float,
    origin: Origin = Origin(),  # noqa: B008 - immutable
) -> Dict[str, Any]:
    """An attachment of a list: one incident with Acknowledge and Resolve. Ids are unique in the
    whole post: Mattermost takes the first action that has the id. `origin`: the list."""
    verbs = [("acknowledge", "Acknowledge", "primary")] if incident.status == "triggered" else []
    verbs += [("resolve", "Resolve", "success")] if incident.is_open else []
    made = []
    for verb, name, style in verbs:
        about = {"v": verb, "i": incident.id, "r": 1, "h": origin.hook, "l": origin.command}
        token = sign(key, PURPOSE, about, int(now) + ROW_SECONDS)
        made.append(_pressed(f"{verb}{number}", name, style, url, token))
    return {"text": text, "fallback": text, **({"actions": made} if made else {})}


def next_page(hook: str, command: str, url: str, key: str, now: float) -> Dict[str, Any]:
    """The last attachment of a list's page. `hook`: `Origin.hook` of the list; `command`: what
    shows the next one, as `chat.orders.as_text` writes a command."""
    token = sign(key, PURPOSE, {"v": PAGE, "x": command, "h": hook}, int(now) + ROW_SECONDS)
    name = "Next page"
    return {"fallback": name, "actions": [_pressed(PAGE, name, "default", url, token)]}


def of_service(
    service_id: str, url: str, key: str, now: float, *, triggered: bool
) -> Tuple[Mapping[str, Any], ...]:
    """What can be done with all incidents of a service, from the one card of a storm. `triggered`:
    whether any of them is."""
    made = []
    for verb, name, style in (
        (ACKNOWLEDGE_ALL, "Acknowledge all", "primary"),
        (LIST_OPEN, "List", "default"),
    ):
        if triggered or verb != ACKNOWLEDGE_ALL:
            token = sign(key, PURPOSE, {"v": verb, "s": service_id}, button_expiry(now))
            made.append(_pressed(verb, name, style, url, token))
    return tuple(made)


def confirmation(
    question: str, act: str, answer: Mapping[str, str], url: str, key: str, now: float
) -> Dict[str, Any]:
    """An attachment that asks before something is done, with the act and Cancel as buttons.
    `answer`: what either of them brings back: the command as "o", who may answer as "u", by what
    the first answer is known as "n", `Origin.hook` as "h", the post that was clicked as "p" and
    its incident as "i". It may be answered for ten minutes."""
    made = []
    for verb, id, name, style in (
        (CONFIRMED, "confirm", act, "danger"),
        (DISMISSED, "cancel", "Cancel", "default"),
    ):
        token = sign(key, PURPOSE, {**answer, "v": verb}, int(now) + CONFIRM_SECONDS)
        made.append(_pressed(id, name, style, url, token))
    return {"text": question, "fallback": question, "actions": made}


def join_room(incident_id: str, name: str, url: str, key: str, now: float) -> Dict[str, Any]:
    """Props with one button that leads into the room of another incident. `name`: what stands on
    it."""
    integration = call(incident_id, ROOM, url, key, now)
    return {
        "attachments": [
            {"fallback": name, "actions": [_button(ROOM, name, "primary", integration)]}
        ]
    }


def about_shift(
    verb: str, about: str, name: str, url: str, key: str, now: float
) -> Dict[str, Any]:
    """Props with one button about a shift. `verb`: one of ABOUT_SHIFTS; `about`: what it is about,
    which comes back as the command's text."""
    token = sign(key, PURPOSE, {"v": verb, "x": about}, button_expiry(now))
    action = _pressed(verb.replace("_", ""), name, "primary", url, token)
    return {"attachments": [{"fallback": name, "actions": [action]}]}


def _pressed(id: str, name: str, style: str, url: str, token: str) -> Dict[str, Any]:
    integration = {"url": url.rstrip("/") + CLICK, "context": {"token": token}}
    return {"id": id, "name": name, "type": "button", "style": style, "integration": integration}


def _button(id: str, name: str, style: str, integration: Dict[str, Any]) -> Dict[str, Any]:
    made = {"id": id, "name": name, "type": "button", "integration": integration}
    return {**made, "style": style} if style else made


def _menu(incident: Incident, chosen: int, integration: Dict[str, Any]) -> Dict[str, Any]:
    beside = ("note", SNOOZE_UNTIL)
    choices = [(value, f"{text}…") for value, text in DIALOGS.items() if value not in beside]
    for value, text in reversed(MENU_ACTS):
        if value == ROOM:
            choices.append((value, text))
        elif incident.status == "acknowledged":
            choices.insert(0, (value, text))
    if incident.status == "acknowledged":
        choices.insert(len(SNOOZES), (SNOOZE_UNTIL, f"{DIALOGS[SNOOZE_UNTIL]}…"))
    choices.append((DETAILS, "Details"))
    return {
        "id": f"{MENU}{incident.status}{chosen or ''}",
        "name": "More…",
        "type": "select",
        "options": [{"text": text, "value": value} for value, text in choices],
        "integration": integration,
    }


def call(
    incident_id: str,
    verb: str,
    url: str,
    key: str,
    now: float,
    *,
    about: About = NOTHING_SAID,
    origin: Origin = Origin(),  # noqa: B008 - immutable
) -> Dict[str, Any]:
    """What a click on the incident's button sends where: its `integration`. `about`: for the
    dialog that it opens."""
    said = {"t": about.title, "p": about.priority, "a": about.assignees}
    signed: Dict[str, Any] = {"v": verb, "i": incident_id, **{k: v for k, v in said.items() if v}}
    if origin.hook:
        signed = {**signed, "r": 1, "h": origin.hook, "l": origin.command}
    token = sign(key, PURPOSE, signed, button_expiry(now))
    return {"url": url.rstrip("/") + CLICK, "context": {"token": token}}
