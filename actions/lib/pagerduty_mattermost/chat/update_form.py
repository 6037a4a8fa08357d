"""The form in which a status update is written: with the playbook's template, or the text of the
last update, and the time until the next one as it was last.

    form(state, asker=user_id, ...)        # -> what `open_dialog` takes but the trigger id; pure
    run_of(store, log, incident, channel_id)   # -> the run, or None where it can't be read
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import cut
from pagerduty_mattermost.gateways.http.signed_tokens import sign
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.update_texts import first_seconds, first_text

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store
    from pagerduty_mattermost.runs.state import RunState

UPDATE = "update"
TEXT, NEXT, ROOM_ONLY = "text", "next", "room-only"
"""Names of its fields; but for the text they are the command's options."""
MAX_TEXT_CHARACTERS = 3000
SPANS = (("15m", 900), ("30m", 1800), ("1h", 3600), ("2h", 7200), ("4h", 14400), ("1d", 86400))
"""Choices of the time until the next one, and their seconds."""
NOT_READ = "What was written last could not be read in time: the form is empty."


def run_of(store: Store, log: Any, incident: str, channel_id: str) -> Optional[Run]:
    """The run of the incident that is meant, or of the room in which it was asked for; None where
    there is none, or it can't be told in time. `store`: one that is given up soon."""
    from pagerduty_mattermost.rooms.records import RoomRecords

    try:
        said = incident or RoomRecords(store, log).incident_in(channel_id)
        named = said.isalnum() and not said.isdecimal()
        return RunRecords(store, log).load(said) if named else None
    except PackError as error:
        log.warning("A form for a status update is empty: %s", error)
        return None


def form(
    run: Optional[Run],
    incident: str,
    url: str,
    submit_path: str,
    purpose: str,
    key: str,
    now: float,
    valid_seconds: int,
    *,
    asker: str,
    channel: str,
    hook: str,
) -> Dict[str, Any]:
    """`submit_path`, `purpose`, `valid_seconds`: as of all dialogs (`chat.dialogs`)."""
    state = run.state if run is not None else None
    about = {
        "v": UPDATE,
        "i": run.incident if run is not None else incident,
        "u": asker,
        "c": channel,
        **({"h": hook} if hook else {}),
    }
    return {
        "url": url.rstrip("/") + submit_path,
        "dialog": {
            "callback_id": UPDATE,
            "title": "Status update",
            "introduction_text": _where(state) if state is not None else NOT_READ,
            "elements": _elements(state),
            "submit_label": "Give update",
            "notify_on_cancel": False,
            "state": sign(key, purpose, about, int(now) + valid_seconds),
        },
    }


def _where(state: RunState) -> str:
    updates = state.plan.playbook.updates
    places = ["the room"]
    if updates.broadcast:
        count = len(updates.broadcast)
        places.append(f"{count} more channel{'s' if count > 1 else ''}")
    if updates.pagerduty and not state.plan.drill:
        places.append("PagerDuty's subscribers")
    *first, last = places
    return f"It goes to {', '.join(first)}{' and ' if first else ''}{last}."


def _elements(state: Optional[RunState]) -> List[Dict[str, Any]]:
    text = cut(first_text(state), MAX_TEXT_CHARACTERS) if state is not None else ""
    said: Dict[str, Any] = {
        "display_name": "What is so",
        "name": TEXT,
        "type": "textarea",
        "max_length": MAX_TEXT_CHARACTERS,
    }
    options = [{"text": f"in {span}", "value": span} for span, _ in SPANS]
    made: List[Dict[str, Any]] = [
        {**said, "default": text} if text else said,
        {
            "display_name": "Next update",
            "name": NEXT,
            "type": "select",
            "options": [*options, {"text": "no reminder", "value": "off"}],
            "default": _span(first_seconds(state)) if state is not None else "30m",
        },
    ]
    if state is None or state.plan.playbook.updates.broadcast:
        made.append(
            {
                "display_name": "Room only",
                "name": ROOM_ONLY,
                "type": "bool",
                "placeholder": "Post it in no other channel",
                "optional": True,
                "default": "false",
            }
        )
    return made


def _span(seconds: float) -> str:
    """The choice that comes nearest."""
    if not seconds:
        return "off"
    return min(SPANS, key=lambda one: abs(one[1] - seconds))[0]
