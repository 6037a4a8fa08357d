"""The dialogs that a click or a choice opens, and what is submitted in them. Pure.

    dialog("note", incident_id, url, key, now, {}, asker=user_id)
    # -> {"url": ..., "dialog": {"elements": [...], ...}}
    fields("note", {"text": " "})
    # -> ({}, {"text": "It needs words"})

Of a submission Mattermost itself sets only `user_id`. So the dialog's `state` is signed and says
what it is about, for whom and where it was opened: clients see it, and may call the listener
without Mattermost.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from pagerduty_mattermost.cards.buttons import CONFIRM_SECONDS, CONFIRMED, DETAILS, DIALOGS
from pagerduty_mattermost.core.text import clean, cut
from pagerduty_mattermost.gateways.http.signed_tokens import sign

PURPOSE = "dialog"
FROM_MENU = tuple(kind for kind in DIALOGS if kind != "note")
"""Dialogs that a choice from a card's menu opens."""
SUBMIT_LABELS: Mapping[str, str] = {
    "note": "Add note",
    "resolvenote": "Resolve",
    "status": "Publish",
    "escalate": "Escalate",
    "reassign": "Reassign",
    "priority": "Set priority",
    "responders": "Ask for help",
    "workflow": "Run",
    "declare": "Declare",
}
"""The act, on the button that sends the dialog."""
CANCELLED = "cancelled"
"""Verb of the order that comes of such a dialog which was closed: the menu is drawn afresh."""
SUBMIT = "/dialog"
DECLARE = "declare"
NEXT, ROOM_ONLY = UPDATE_FIELDS = ("next", "room-only")
"""Of a status update, beside its text (`chat.update_form`): options of the command."""
FIELDS = ("title", "service", "urgency", "priority", "assign", "details", "playbook", "room")
"""Of a declaration; the configuration picks and orders them."""
VALID_SECONDS = 3600
"""Seconds in which a dialog may be submitted: people are called away while they write."""
MAX_TEXT_CHARACTERS = 3000
MAX_TITLE_CHARACTERS = 24


def dialog(
    kind: str,
    incident_id: str,
    url: str,
    key: str,
    now: float,
    choices: Mapping[str, Sequence[str]],
    *,
    asker: str,
    channel: str = "",
    text: str = "",
    details: str = "",
    post_id: str = "",
    hook: str = "",
    origin: str = "",
    order: Sequence[str] = (),
    about_what: str = "",
    opens_room: bool = False,
) -> Dict[str, Any]:
    """As `open_dialog` takes it, but the trigger id. `choices`: names of services, priorities and
    workflows, where known; `asker`: the user it is opened for, in `channel`; `text` and `details`:
    what stands in the fields already; `post_id`: the post that is declared; `hook`:
    `Origin.hook` of the command that opened it, `origin` its `Origin.command`; `order`: the
    fields of a declaration; `about_what`: which incident it is about, as Markdown; `opens_room`:
    whether a declaration's tick for a room is set."""
    about = {
        "v": kind,
        "i": incident_id,
        "u": asker,
        "c": channel,
        **({"p": post_id} if post_id else {}),
        **({"h": hook} if hook else {}),
        **({"l": origin} if origin else {}),
    }
    state = sign(key, PURPOSE, about, int(now) + VALID_SECONDS)
    given = {"title": text, "details": details, "room": "true" if opens_room else "false"}
    elements = (
        [_declared(name, choices, given) for name in order]
        if kind == DECLARE
        else [_element(kind, choices)]
    )
    return {
        "url": url.rstrip("/") + SUBMIT,
        "dialog": {
            "callback_id": kind,
            "title": cut(
                "Declare an incident" if kind == DECLARE else DIALOGS[kind], MAX_TITLE_CHARACTERS
            ),
            "elements": elements,
            "submit_label": SUBMIT_LABELS[kind],
            **({"introduction_text": about_what} if about_what else {}),
            "notify_on_cancel": kind in FROM_MENU,
            "state": state,
        },
    }


def confirmation(
    question: str, act: str, answer: Mapping[str, str], url: str, key: str, now: float
) -> Dict[str, Any]:
    """A dialog that asks before something is done, as `dialog` makes others: the act as its title
    and its button, Cancel beside it. `answer`: as `buttons.confirmation` takes it, with the
    channel as "c"."""
    state = sign(key, PURPOSE, {**answer, "v": CONFIRMED}, int(now) + CONFIRM_SECONDS)
    return {
        "url": url.rstrip("/") + SUBMIT,
        "dialog": {
            "callback_id": CONFIRMED,
            "title": cut(act, MAX_TITLE_CHARACTERS),
            "introduction_text": question,
            "elements": [],
            "submit_label": act,
            "notify_on_cancel": False,
            "state": state,
        },
    }


def details(title: str, text: str, user_id: str, url: str, key: str, now: float) -> Dict[str, Any]:
    """A dialog that shows something and asks for nothing: both its buttons close it."""
    state = sign(key, PURPOSE, {"v": DETAILS, "u": user_id}, int(now) + VALID_SECONDS)
    return {
        "url": url.rstrip("/") + SUBMIT,
        "dialog": {
            "callback_id": DETAILS,
            "title": title,
            "introduction_text": text,
            "elements": [],
            "submit_label": "Close",
            "notify_on_cancel": False,
            "state": state,
        },
    }


def _element(kind: str, choices: Mapping[str, Sequence[str]]) -> Dict[str, Any]:
    if kind in ("reassign", "responders"):
        return {"display_name": "Person", "name": "user", "type": "select", "data_source": "users"}
    if kind in ("priority", "workflow"):
        return _choice("text", DIALOGS[kind], choices.get(kind) or (), optional=False)
    if kind == "escalate":
        return {
            "display_name": "To",
            "name": "text",
            "type": "text",
            "max_length": 150,
            "optional": True,
            "placeholder": "the next level",
            "help_text": "A level (2) or another escalation policy; left empty: the next level.",
        }
    return {
        "display_name": "Update" if kind == "status" else "Note",
        "name": "text",
        "type": "textarea",
        "max_length": MAX_TEXT_CHARACTERS,
        "optional": kind == "resolvenote",
    }


def _declared(
    name: str, choices: Mapping[str, Sequence[str]], given: Mapping[str, str]
) -> Dict[str, Any]:
    if name == "title":
        default = cut(given["title"], 150)
        return {
            "display_name": "Title",
            "name": name,
            "type": "text",
            "max_length": 150,
            "default": default,
        }
    if name == "details":
        default = cut(given["details"], MAX_TEXT_CHARACTERS)
        made = {
            "display_name": "Details",
            "name": name,
            "type": "textarea",
            "max_length": MAX_TEXT_CHARACTERS,
            "optional": True,
        }
        return {**made, "default": default} if default else made
    if name == "urgency":
        return _choice(name, "Urgency", ("high", "low"), optional=True)
    if name == "room":
        return {
            "display_name": "Room",
            "name": name,
            "type": "bool",
            "placeholder": "Open a channel of its own",
            "optional": True,
            "default": given["room"],
        }
    if name == "assign":
        return {
            "display_name": "Assign to",
            "name": name,
            "type": "select",
            "data_source": "users",
            "optional": True,
        }
    return _choice(name, name.capitalize(), choices.get(name) or (), optional=name != "service")


def _choice(name: str, label: str, known: Sequence[str], *, optional: bool) -> Dict[str, Any]:
    """A list to choose from, or a line to type where nothing is known."""
    made: Dict[str, Any] = {"display_name": label, "name": name, "optional": optional}
    if not known:
        return {**made, "type": "text", "max_length": 150}
    options = [{"text": cut(clean(one), 64), "value": clean(one)} for one in known[:100]]
    return {**made, "type": "select", "options": options}


def fields(kind: str, submission: Mapping[str, Any]) -> Tuple[Dict[str, str], Dict[str, str]]:
    """What was filled in, and what is wrong with it by field."""
    words = {
        name: "true" if value is True else clean(value, MAX_TEXT_CHARACTERS).strip()
        for name, value in submission.items()
        if value is True or isinstance(value, str)
    }
    for name in ("room", ROOM_ONLY):
        if words.get(name) == "false":  # some clients send texts
            del words[name]
    known = (*FIELDS, *UPDATE_FIELDS, "user", "text")
    given = {name: word for name, word in words.items() if word and name in known}
    if kind == CONFIRMED:
        return {}, {}
    if kind == DECLARE:
        wrong = {name: "It needs a value" for name in ("title", "service") if name not in given}
    elif kind in ("reassign", "responders"):
        wrong = {} if "user" in given else {"user": "Choose somebody"}
    else:
        free = kind in ("resolvenote", "escalate")
        wrong = {} if free or "text" in given else {"text": "It needs words"}
    return given, wrong


def element_of(kind: str, field: str) -> str:
    """The name of the element in which a command's field was filled in; empty where none was."""
    if kind == DECLARE:
        return {"text": "title"}.get(field, field if field in FIELDS else "")
    if not field:
        return ""
    return "user" if kind in ("reassign", "responders") else "text"


def names(rows: Sequence[Any]) -> List[str]:
    """Names for a choice."""
    return [str(row["name"]) for row in rows if isinstance(row, dict) and row.get("name")]
