"""Chat set up as an administrator does it: the slash commands `/pd` and `/incident`, where it is
asked for `/st2`, the webhook for notes, the section `chat`."""

from __future__ import annotations

from typing import Any, Dict, Sequence

import requests

from . import Sandbox
from .mattermost import ADMIN_TOKEN
from .ports import free_port

SIGNING_KEY = "s" * 32
TRIGGERS = ("pd", "incident")
PHRASES = "st2"
"""The command behind which phrases of aliases stand."""
COMMAND_HINT = "list | ack 1234 | resolve 1234 note | help"


def set_up_chat(sandbox: Sandbox, triggers: Sequence[str] = TRIGGERS) -> Dict[str, Any]:
    """The section of the pack's configuration, on a free port, with the tokens of what was made in
    Mattermost."""
    url = f"http://127.0.0.1:{free_port()}"
    world = sandbox.mattermost.world
    assert world is not None
    command = {
        "team_id": world.team.id,
        "method": "P",
        "url": url + "/command",
        "display_name": "PagerDuty",
        "auto_complete": True,
        "auto_complete_hint": COMMAND_HINT,
        "auto_complete_desc": "Incidents from here",
    }
    notes = {
        "team_id": world.team.id,
        "display_name": "Notes",
        "trigger_words": ["note:"],
        "trigger_when": 1,
        "callback_urls": [url + "/note"],
    }
    return {
        "port": int(url.rpartition(":")[2]),
        "public_url": url,
        "signing_keys": [SIGNING_KEY],
        "command_tokens": [
            _token(sandbox, "/commands", {**command, "trigger": trigger}) for trigger in triggers
        ],
        "webhook_tokens": [_token(sandbox, "/hooks/outgoing", notes)],
    }


def _token(sandbox: Sandbox, path: str, body: Dict[str, Any]) -> str:
    headers = {"Authorization": "Bearer " + ADMIN_TOKEN}
    answer = requests.post(
        f"{sandbox.mattermost.url}/api/v4{path}", json=body, headers=headers, timeout=60
    )
    answer.raise_for_status()
    return str(answer.json()["token"])
