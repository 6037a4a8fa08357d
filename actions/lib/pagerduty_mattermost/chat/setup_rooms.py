"""What `mattermost.setup` tells of rooms: what the bot may, and how full the team is."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from pagerduty_mattermost.chat.setup_steps import ADVICE, OK, SetupStep
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.rooms import rights

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def steps(context: Context) -> List[SetupStep]:
    """Nothing of it keeps the rest of the pack from working."""
    try:
        found = rights.read(context)
    except PackError as error:
        return [SetupStep(ADVICE, f"whether rooms can be made is not known: {error}")]
    made: List[SetupStep] = []
    if found.missing:
        made.append(
            SetupStep(
                ADVICE,
                f"for rooms the bot has to be allowed to {', '.join(found.missing)} (System "
                "Console > Permissions)",
            )
        )
    else:
        made.append(SetupStep(OK, "the bot may make and archive rooms"))
    if not found.restore:
        made.append(
            SetupStep(
                ADVICE,
                "archived rooms are not restored by the bot when an incident is reopened: only an "
                f"admin of the team {found.team} may. As one it could join any private channel of "
                "the team; without that right people read who can restore a room",
            )
        )
    state = ADVICE if found.is_nearly_full else OK
    return [*made, SetupStep(state, f"rooms: {found.fullness}")]
