"""The default world: a team, its channels, a few people and the pack's bot; and a server that has
it."""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional

from ..clock import Clock
from ..journal import SandboxJournal
from ..server import Server
from .model import Channel, Team, User
from .service import MattermostService
from .versions import DEFAULT_VERSION

PEOPLE = (
    ("ada", "Ada", "Lovelace"),
    ("grace", "Grace", "Hopper"),
    ("linus", "Linus", "Example"),
    ("mei", "Mei", "Tanaka"),
    ("olu", "Olu", "Adeyemi"),
    ("radia", "Radia", "Perlman"),
)
"""User name, first and last name; the e-mail is <user name>@example.com, as in the PagerDuty
sandbox's seed."""

BOT_TOKEN = "botsandboxbotsandboxbot111"
"""The token of the bot `pagerduty`."""
ADMIN_TOKEN = "adminsandboxadminsandbox11"
"""The token of the system administrator `admin`."""
CHANNELS = (("incidents", "Incidents"), ("incidents-p1", "Incidents P1"), ("ops", "Ops"))


class World(NamedTuple):
    team: Team
    channels: Dict[str, Channel]
    """By name, town-square too."""
    users: Dict[str, User]
    """By user name."""
    admin_token: str
    bot: User
    bot_token: str


def seed(server: MattermostService) -> World:
    """Fill an empty server: the bot `pagerduty` is in the team and, but for town-square, in no
    channel yet."""
    team = server.add_team("ops", "Ops")
    admin = server.add_user("admin", "admin@example.com", team=team, admin=True)
    users = {
        name: server.add_user(
            name, name + "@example.com", team=team, first_name=first, last_name=last
        )
        for name, first, last in PEOPLE
    }
    channels = {
        name: server.add_channel(name, title, members=list(users.values()))
        for name, title in CHANNELS
    }
    channels["town-square"] = server.channel("town-square")
    server.add_token(admin, ADMIN_TOKEN)
    server.add_bot("pagerduty", "PagerDuty", team=team, token=BOT_TOKEN)
    return World(team, channels, users, ADMIN_TOKEN, server.user("pagerduty"), BOT_TOKEN)


class MattermostServer(Server):
    """A sandbox Mattermost on its own port, with its `account`; seeded, that is, with its
    `world`."""

    def __init__(
        self,
        journal: SandboxJournal,
        clock: Clock,
        port: int = 0,
        *,
        seeded: bool = True,
        version: str = DEFAULT_VERSION,
    ) -> None:
        self.account = MattermostService(clock, journal, version=version)
        self.world: Optional[World] = seed(self.account) if seeded else None
        super().__init__(self.account, journal, clock, port)
