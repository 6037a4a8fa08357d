"""The dialogs that a click, a choice or a command opens, and what is submitted in them. Pure.

    dialog("note", incident_id, url, key, now, KnownLists(), asker=user_id)
    # -> {"url": ..., "dialog": {"elements": [...], ...}}
    fields("note", {"text": " "})
    # -> ({}, {"text": "It needs words"})

Of a submission Mattermost itself sets only `user_id`. So the dialog's `state` is signed and says
what it is about, for whom and where it was opened: clients see it, and may call the listener
without Mattermost. What stands in a dialog is made by `dialog_elements`.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence, Tuple

from pagerduty_mattermost.cards.buttons import (
    CONFIRM_SECONDS,
    CONFIRMED,
    DETAILS,
    DIALOGS,
    SNOOZE_UNTIL,
)
from pagerduty_mattermost.chat.dialog_elements import (
    DECLARE,
    DECLARED,
    FORMS,
    MAINTENANCE,
    MAX_TEXT_CHARACTERS,
    OTHER,
    OVERRIDE,
    elements,
    has_other,
)
from pagerduty_mattermost.chat.dialog_lists import KnownLists
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
    SNOOZE_UNTIL: "Snooze",
    DECLARE: "Declare",
    OVERRIDE: "Override",
    MAINTENANCE: "Start maintenance",
}
"""The act, on the button that sends the dialog."""
TITLES: Mapping[str, str] = {
    **DIALOGS,
    DECLARE: "Declare an incident",
    OVERRIDE: "Override a schedule",
    MAINTENANCE: "Maintenance",
}
CANCELLED = "cancelled"
"""Verb of the order that comes of such a dialog which was closed: the menu is drawn afresh."""
SUBMIT = "/dialog"
NEXT, ROOM_ONLY = UPDATE_FIELDS = ("next", "room-only")
"""Of a status update, beside its text (`chat.update_form`): options of the command."""
VALID_SECONDS = 3600
"""Seconds in which a dialog may be submitted: people are called away while they write."""
MAX_TITLE_CHARACTERS = 24
MAX_CHOSEN = 20
"""Of a list that takes several."""


def dialog(
    kind: str,
    incident_id: str,
    url: str,
    key: str,
    now: float,
    known: KnownLists,
    *,
    asker: str,
    channel: str = "",
    given: Mapping[str, str] = {},
    post_id: str = "",
    hook: str = "",
    origin: str = "",
    order: Sequence[str] = (),
    about_what: str = "",
) -> Dict[str, Any]:
    """As `open_dialog` takes it, but the trigger id. `known`: what its lists offer, and what the
    server can; `asker`: the user it is opened for, in `channel`; `given`: what stands in its
    fields already; `post_id`: the post that is declared, or the playbook post in whose menu it was
    chosen; `hook`: `Origin.hook` of the command that opened it, `origin` its `Origin.command`;
    `order`: the fields of a declaration; `about_what`: which incident it is about, as Markdown."""
    about = {
        "v": kind,
        "i": incident_id,
        "u": asker,
        "c": channel,
        **({"p": post_id} if post_id else {}),
        **({"h": hook} if hook else {}),
        **({"l": origin} if origin else {}),
        **({"s": 1} if known.abilities.pickers else {}),
    }
    shown = {
        "title": TITLES[kind],
        "elements": elements(kind, known, url, given, now, order),
        "submit_label": SUBMIT_LABELS[kind],
        **({"introduction_text": about_what} if about_what else {}),
        "notify_on_cancel": kind in FROM_MENU,
    }
    return signed(about, shown, url, key, now)


def signed(
    about: Mapping[str, Any],
    shown: Mapping[str, Any],
    url: str,
    key: str,
    now: float,
    *,
    valid_seconds: int = VALID_SECONDS,
) -> Dict[str, Any]:
    """A dialog as `open_dialog` takes it, but the trigger id. `about`: what stands in its signed
    state, its kind as "v" and its user as "u"; `shown`: the rest, as Mattermost
    takes it."""
    return {
        "url": url.rstrip("/") + SUBMIT,
        "dialog": {
            **shown,
            "callback_id": about["v"],
            "title": cut(shown["title"], MAX_TITLE_CHARACTERS),
            "state": sign(key, PURPOSE, about, int(now) + valid_seconds),
        },
    }


def confirmation(
    question: str, act: str, answer: Mapping[str, str], url: str, key: str, now: float
) -> Dict[str, Any]:
    """A dialog that asks before something is done, as `dialog` makes others: the act as its title
    and its button, Cancel beside it. `answer`: as `buttons.confirmation` takes it, with the
    channel as "c"; where it has an incident, its post's menu is drawn afresh after Cancel, too."""
    shown = {
        "title": act,
        "introduction_text": question,
        "elements": [],
        "submit_label": act,
        "notify_on_cancel": bool(answer.get("i")),
    }
    about = {**answer, "v": CONFIRMED}
    return signed(about, shown, url, key, now, valid_seconds=CONFIRM_SECONDS)


def details(title: str, text: str, user_id: str, url: str, key: str, now: float) -> Dict[str, Any]:
    """A dialog that shows something and asks for nothing: both its buttons close it."""
    shown = {
        "title": title,
        "introduction_text": text,
        "elements": [],
        "submit_label": "Close",
        "notify_on_cancel": False,
    }
    return signed({"v": DETAILS, "u": user_id}, shown, url, key, now)


NEEDED: Mapping[str, Tuple[str, ...]] = {
    DECLARE: ("title", "service"),
    OVERRIDE: ("schedule", "until"),
    MAINTENANCE: ("service", "until"),
    SNOOZE_UNTIL: ("until",),
    "reassign": ("user",),
    "responders": ("user",),
    "resolvenote": (),
    "escalate": (),
}
"""Fields without which a dialog is not taken, where it is not `text`."""
_FIELDS = (*DECLARED, *UPDATE_FIELDS, "user", "text", "schedule", "person", "from", "until")
_MISSING = {"text": "It needs words", "user": "Choose somebody"}


def fields(kind: str, submission: Mapping[str, Any]) -> Tuple[Dict[str, str], Dict[str, str]]:
    """What was filled in, and what is wrong with it by field. Of a list that takes several: all of
    them, with commas; what was typed beside a list stands with what was chosen there."""
    if kind == CONFIRMED:
        return {}, {}
    words = {name: word for name, word in _words(submission).items() if word}
    for name in ("room", ROOM_ONLY):
        if name in words and words.pop(name) != "false":  # some clients send texts
            words[name] = name
    given: Dict[str, str] = {}
    for name, word in words.items():
        to = name[: -len(OTHER)] if has_other(name) else name
        if to in _FIELDS:
            given[to] = ", ".join(filter(None, (given.get(to, ""), word)))
    needed = NEEDED.get(kind, ("text",))
    wrong = {name: _MISSING.get(name, "It needs a value") for name in needed if name not in given}
    return given, wrong


def _words(submission: Mapping[str, Any]) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for name, value in submission.items():
        if value is True:
            found[name] = "true"
        elif isinstance(value, list):
            chosen = [clean(one, 100).strip() for one in value[:MAX_CHOSEN]]
            found[name] = ", ".join(one for one in chosen if one)
        elif isinstance(value, str):
            found[name] = clean(value, MAX_TEXT_CHARACTERS).strip()
    return found


def element_of(kind: str, field: str) -> str:
    """The name of the element in which a command's field was filled in; empty where none was."""
    if kind == DECLARE:
        return {"text": "title"}.get(field, field if field in DECLARED else "")
    if kind in FORMS or kind == SNOOZE_UNTIL:
        return "person" if field == "text" and kind == OVERRIDE else ""
    if not field:
        return ""
    return "user" if kind in ("reassign", "responders") else "text"
