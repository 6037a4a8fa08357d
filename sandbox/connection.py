"""What the pack's configuration says to reach the sandbox's two servers."""

from __future__ import annotations

from typing import Any, Dict

from . import Sandbox


def connection(sandbox: Sandbox, **mattermost: Any) -> Dict[str, Any]:
    """Addresses and secrets of a seeded sandbox, to which everything else is added. `mattermost`:
    what that section says beside them, as `default_channel`."""
    from .pagerduty import API_KEY

    world = sandbox.mattermost.world
    assert world is not None
    return {
        "api_key": API_KEY,
        "api_url": sandbox.pagerduty.url,
        "events_url": sandbox.pagerduty.url,
        "mattermost": {
            "url": sandbox.mattermost.url,
            "token": world.bot_token,
            "team": world.team.name,
            **mattermost,
        },
    }
