"""Who can read the token of `/pd` can type in anybody's name: where every member of the team may,
the set-up and the health check say so, as measured on 5.37 and 11.6."""

from __future__ import annotations

from typing import Any, List

import pytest
import requests
from integrations_world import world

from pagerduty_mattermost.gateways.mattermost import token_readers

COMMAND, HOOK = "the slash command's token", "the outgoing webhook's token"
OWN, OTHERS = "manage_own_slash_commands", "manage_others_slash_commands"
OWN_HOOKS, OTHERS_HOOKS = "manage_own_outgoing_webhooks", "manage_others_outgoing_webhooks"
ROWS = [
    ("5.37", [], []),
    ("5.37", ["manage_slash_commands"], [COMMAND]),
    ("5.37", [OTHERS], []),
    ("5.37", ["manage_outgoing_webhooks"], []),
    ("5.37", ["manage_outgoing_webhooks", OTHERS_HOOKS], [HOOK]),
    ("11.6", [], []),
    ("11.6", ["manage_slash_commands", OTHERS], []),
    ("11.6", [OWN], []),
    ("11.6", [OTHERS], []),
    ("11.6", [OWN, OTHERS], [COMMAND]),
    ("11.6", [OWN_HOOKS], []),
    ("11.6", [OWN_HOOKS, OTHERS_HOOKS], [HOOK]),
]
"""The server's version, what all members are permitted beyond the usual, and what each of them can
read then."""


@pytest.mark.parametrize(("version", "granted", "readable"), ROWS, ids=str)
def test_the_rule_says_what_a_member_reads(
    version: str, granted: List[str], readable: List[str]
) -> None:
    with world(version=version) as at:
        at.command("pd")
        hook = {
            "team_id": at.world.team.id,
            "trigger_words": ["note:"],
            "callback_urls": [at.double.url + "/note"],
            "display_name": "note",
        }
        assert at.as_admin("POST", "/hooks/outgoing", hook).status_code == 201
        at.mm.grant("team_user", *granted)
        ada = at.mm.session("ada")
        seen = [
            what
            for what, path in (
                (COMMAND, f"/commands?team_id={at.world.team.id}&custom_only=true"),
                (HOOK, f"/hooks/outgoing?team_id={at.world.team.id}"),
            )
            if tokens(at.send("GET", path, None, ada))
        ]
        names = [*token_readers.EVERYBODY, "team_admin"]
        rows = at.send("POST", "/roles/names", names, ada).json()
        roles = {row["name"]: set(row["permissions"]) for row in rows}
        assert (seen, [what for what, _ in token_readers.readable(roles)]) == (readable, readable)


def tokens(answer: requests.Response) -> List[str]:
    rows: Any = answer.json() if answer.status_code == 200 else []
    return [row["token"] for row in rows if row.get("token")]
