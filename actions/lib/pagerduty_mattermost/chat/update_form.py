"""The form in which a status update is written: with the playbook's template, or the text of the
last update, and the time until the next one as it was last.

    run_of(store, log, wanted)           # -> the run, or None where it can't be read
    form(wanted, run, chat, now)         # -> what `open_dialog` takes but the trigger id; pure
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from pagerduty_mattermost.chat import dialogs
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import cut
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.runs.controls import UPDATE
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.update_texts import first_seconds, first_text

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.calls import DialogWanted
    from pagerduty_mattermost.core.config.chat import ChatConfig
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store
    from pagerduty_mattermost.runs.state import RunState

SPANS = (("15m", 900), ("30m", 1800), ("1h", 3600), ("2h", 7200), ("4h", 14400), ("1d", 86400))
"""Choices of the time until the next one, and their seconds."""
NOT_READ = "What was written last could not be read in time: the form is empty."


def run_of(store: Store, log: Any, wanted: DialogWanted) -> Optional[Run]:
    """The run of the incident that is meant, or of the room in which it was asked for; None where
    there is none, or it can't be told in time. `store`: one that is given up soon."""
    try:
        said = wanted.incident or RoomRecords(store, log).incident_in(wanted.channel_id)
        named = said.isalnum() and not said.isdecimal()
        return RunRecords(store, log).load(said) if named else None
    except PackError as error:
        log.warning("A form for a status update is empty: %s", error)
        return None


def form(wanted: DialogWanted, run: Optional[Run], chat: ChatConfig, now: float) -> Dict[str, Any]:
    """The dialog for a status update as `open_dialog` takes it, but for the trigger id."""
    state = run.state if run is not None else None
    about = {
        "v": UPDATE,
        "i": run.incident if run is not None else wanted.incident,
        "u": wanted.user_id,
        "c": wanted.channel_id,
        **({"h": wanted.hook} if wanted.hook else {}),
    }
    shown = {
        "title": "Status update",
        "introduction_text": _where(state) if state is not None else NOT_READ,
        "elements": _elements(state),
        "submit_label": "Give update",
        "notify_on_cancel": False,
    }
    return dialogs.signed(about, shown, chat.public_url, chat.signing_keys[0].reveal(), now)


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
    text = cut(first_text(state), dialogs.MAX_TEXT_CHARACTERS) if state is not None else ""
    said: Dict[str, Any] = {
        "display_name": "What is so",
        "name": "text",
        "type": "textarea",
        "max_length": dialogs.MAX_TEXT_CHARACTERS,
    }
    options = [{"text": f"in {times.duration(long)}", "value": span} for span, long in SPANS]
    made: List[Dict[str, Any]] = [
        {**said, "default": text} if text else said,
        {
            "display_name": "Next update",
            "name": dialogs.NEXT,
            "type": "select",
            "options": [*options, {"text": "no reminder", "value": "off"}],
            "default": _span(first_seconds(state)) if state is not None else "30m",
        },
    ]
    if state is None or state.plan.playbook.updates.broadcast:
        made.append(
            {
                "display_name": "Room only",
                "name": dialogs.ROOM_ONLY,
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
