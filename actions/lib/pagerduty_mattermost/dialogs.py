"""The dialogs that a click or a choice opens, and what is submitted in them. Pure.

    dialog("note", incident_id, card, url, key, now) -> {"callback_id": ..., "title": ..., "elements": [...]}
    fields("note", {"text": " "}) -> ({}, {"text": "a note needs words"})

Mattermost sets only `user_id` of a submission itself, so `state` is signed and says what it is about.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .buttons import DIALOGS
from .signatures import sign
from .text import clean, cut

PURPOSE = "dialog"
SUBMIT = "/dialog"
LIFE = 3600
"""Seconds in which a dialog may be submitted: people are called away while they write."""
TEXT = 3000
TITLE = 24


def dialog(
    kind: str, incident_id: str, number: str, url: str, key: str, now: float, choices: Mapping[str, Sequence[str]]
) -> Dict[str, Any]:
    """As `open_dialog` takes it, but the trigger id. `choices`: names of priorities and workflows, where known."""
    state = sign(key, PURPOSE, {"v": kind, "i": incident_id}, int(now) + LIFE)
    return {
        "url": url.rstrip("/") + SUBMIT,
        "dialog": {
            "callback_id": kind,
            "title": cut(DIALOGS[kind], TITLE),
            "introduction_text": f"Incident {number}" if number else "",
            "elements": [_element(kind, choices)],
            "submit_label": "Send",
            "notify_on_cancel": False,
            "state": state,
        },
    }


def _element(kind: str, choices: Mapping[str, Sequence[str]]) -> Dict[str, Any]:
    if kind in ("reassign", "responders"):
        return {"display_name": "Who", "name": "user", "type": "select", "data_source": "users"}
    known = choices.get(kind) or ()
    if known:
        options = [{"text": cut(clean(name), 64), "value": clean(name)} for name in known[:100]]
        return {"display_name": DIALOGS[kind], "name": "text", "type": "select", "options": options}
    if kind in ("priority", "workflow"):
        return {"display_name": "Name", "name": "text", "type": "text", "max_length": 150}
    return {
        "display_name": "Text",
        "name": "text",
        "type": "textarea",
        "max_length": TEXT,
        "optional": kind == "resolvenote",
    }


def fields(kind: str, submission: Mapping[str, Any]) -> Tuple[Dict[str, str], Dict[str, str]]:
    """What was filled in, and what is wrong with it by field."""
    words = {name: clean(value, TEXT).strip() for name, value in submission.items() if isinstance(value, str)}
    wrong: Dict[str, str] = {}
    if kind in ("reassign", "responders"):
        if not words.get("user"):
            wrong["user"] = "Choose somebody"
    elif kind != "resolvenote" and not words.get("text"):
        wrong["text"] = "It needs words"
    return {name: words[name] for name in ("user", "text") if words.get(name)}, wrong


def names(rows: Sequence[Any]) -> List[str]:
    """Names for a choice."""
    return [str(row["name"]) for row in rows if isinstance(row, dict) and row.get("name")]
