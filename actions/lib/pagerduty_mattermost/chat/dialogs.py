"""The dialogs that a click or a choice opens, and what is submitted in them. Pure.

    dialog("note", incident_id, url, key, now, {}, asker=user_id) -> {"url": ..., "dialog":
    {"elements": [...], ...}}
    fields("note", {"text": " "}) -> ({}, {"text": "a note needs words"})

Mattermost sets only `user_id` of a submission itself, so `state` is signed and says what it is
about, by whom and where it was opened: clients see it, and may reach us without Mattermost.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from pagerduty_mattermost.cards.buttons import DIALOGS
from pagerduty_mattermost.core.text import clean, cut
from pagerduty_mattermost.gateways.http.signed_tokens import sign

PURPOSE = "dialog"
SUBMIT = "/dialog"
DECLARE = "declare"
FIELDS = ("title", "service", "urgency", "priority", "assign", "details")
"""Of a declaration; the configuration picks and orders them."""
LIFE = 3600
"""Seconds in which a dialog may be submitted: people are called away while they write."""
TEXT = 3000
TITLE = 24


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
    order: Sequence[str] = (),
) -> Dict[str, Any]:
    """As `open_dialog` takes it, but the trigger id. `choices`: names of services, priorities and
    workflows, where known; `asker`: the user it is opened for, in `channel`; `text` and `details`:
    what stands in the fields already; `post_id`: the post that is declared; `order`: the fields of
    a declaration."""
    about = {
        "v": kind,
        "i": incident_id,
        "u": asker,
        "c": channel,
        **({"p": post_id} if post_id else {}),
    }
    state = sign(key, PURPOSE, about, int(now) + LIFE)
    given = {"title": text, "details": details}
    elements = (
        [_declared(name, choices, given) for name in order]
        if kind == DECLARE
        else [_element(kind, choices)]
    )
    return {
        "url": url.rstrip("/") + SUBMIT,
        "dialog": {
            "callback_id": kind,
            "title": cut("Declare an incident" if kind == DECLARE else DIALOGS[kind], TITLE),
            "elements": elements,
            "submit_label": "Send",
            "notify_on_cancel": False,
            "state": state,
        },
    }


def _element(kind: str, choices: Mapping[str, Sequence[str]]) -> Dict[str, Any]:
    if kind in ("reassign", "responders"):
        return {"display_name": "Who", "name": "user", "type": "select", "data_source": "users"}
    if kind in ("priority", "workflow"):
        return _choice("text", DIALOGS[kind], choices.get(kind) or (), optional=False)
    return {
        "display_name": "Text",
        "name": "text",
        "type": "textarea",
        "max_length": TEXT,
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
        default = cut(given["details"], TEXT)
        made = {
            "display_name": "Details",
            "name": name,
            "type": "textarea",
            "max_length": TEXT,
            "optional": True,
        }
        return {**made, "default": default} if default else made
    if name == "urgency":
        return _choice(name, "Urgency", ("high", "low"), optional=True)
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
        name: clean(value, TEXT).strip()
        for name, value in submission.items()
        if isinstance(value, str)
    }
    given = {
        name: word for name, word in words.items() if word and name in (*FIELDS, "user", "text")
    }
    if kind == DECLARE:
        wrong = {name: "It needs a value" for name in ("title", "service") if name not in given}
    elif kind in ("reassign", "responders"):
        wrong = {} if "user" in given else {"user": "Choose somebody"}
    else:
        wrong = {} if kind == "resolvenote" or "text" in given else {"text": "It needs words"}
    return given, wrong


def names(rows: Sequence[Any]) -> List[str]:
    """Names for a choice."""
    return [str(row["name"]) for row in rows if isinstance(row, dict) and row.get("name")]
