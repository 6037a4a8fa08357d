"""What `mattermost.setup` makes in Mattermost, field by field. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from pagerduty_mattermost.chat.requests import COMMAND, NOTE
from pagerduty_mattermost.core.errors import RejectedInput

TRIGGERS = ("pd", "incident", "pagerduty")
MARK = "StackStorm pack pagerduty"
"""In the description of what is made here: Mattermost keeps it, and people see whose it is."""


def checked(triggers: Sequence[str], of_stackstorm: str = "") -> List[str]:
    """The words in order, each once. `of_stackstorm`: the word before StackStorm's own aliases.
    Raises RejectedInput for one that is neither that nor one of `TRIGGERS`."""
    words = [word.strip().lower().lstrip("/") for word in triggers if word.strip()] or ["pd"]
    known = [*TRIGGERS, of_stackstorm] if of_stackstorm else list(TRIGGERS)
    for word in words:
        if word not in known:
            raise RejectedInput(f"triggers: {word[:30]!r} is none of {', '.join(known)}")
    return list(dict.fromkeys(words))


def command_fields(
    trigger: str, public_url: str, team_id: str, username: str, icon_url: str
) -> Dict[str, Any]:
    """A slash command as Mattermost takes it (API: POST /commands). `username`, `icon_url`: as
    whom its answers are shown; without them they look like the person's own."""
    hint = "[list | declare | ack 1234 | resolve 1234 note | oncall | help]"
    about = "PagerDuty: list, declare, acknowledge, resolve, page. /pd help lists all"
    name = "PagerDuty"
    if trigger not in TRIGGERS:
        hint, name = "[phrase | help]", "StackStorm"
        about = f"StackStorm: run an alias of any pack. /{trigger} help lists them"
    return {
        "team_id": team_id,
        "trigger": trigger,
        "url": public_url.rstrip("/") + COMMAND,
        "method": "P",
        "auto_complete": True,
        "auto_complete_hint": hint,
        "auto_complete_desc": about,
        "display_name": name,
        "description": MARK,
        "username": username,
        "icon_url": icon_url,
    }


def webhook_fields(word: str, public_url: str, team_id: str) -> Dict[str, Any]:
    """An outgoing webhook for a word at the beginning of a post of any public channel (API: POST
    /hooks/outgoing). Mattermost compares it letter by letter, and telephones write the first one
    large."""
    return {
        "team_id": team_id,
        "channel_id": "",
        "display_name": "PagerDuty notes",
        "description": MARK,
        "trigger_words": list(dict.fromkeys((word, word.capitalize(), word.upper()))),
        "trigger_when": 1,  # begins with the word
        "callback_urls": [public_url.rstrip("/") + NOTE],
        "content_type": "application/json",
    }
