"""The default world: a team, its channels, a few people and the pack's bot."""

from __future__ import annotations

from typing import Dict, NamedTuple

from .model import Channel, Team, User
from .service import Mattermost

PEOPLE = (
    ("ada", "Ada", "Lovelace"),
    ("grace", "Grace", "Hopper"),
    ("linus", "Linus", "Example"),
    ("mei", "Mei", "Tanaka"),
    ("olu", "Olu", "Adeyemi"),
    ("radia", "Radia", "Perlman"),
)
"""User name, first and last name; the e-mail is <user name>@example.com, as in the PagerDuty sandbox's seed."""

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


def seed(server: Mattermost) -> World:
    """Fill an empty server: the bot `pagerduty` is in the team and, but for town-square, in no channel yet."""
    team = server.add_team("ops", "Ops")
    admin = server.add_user("admin", "admin@example.com", team=team, admin=True)
    users = {
        name: server.add_user(name, name + "@example.com", team=team, first_name=first, last_name=last)
        for name, first, last in PEOPLE
    }
    channels = {name: server.add_channel(name, title, members=list(users.values())) for name, title in CHANNELS}
    channels["town-square"] = server.channel("town-square")
    bot_token = server.add_bot("pagerduty", "PagerDuty", team=team)
    return World(team, channels, users, server.add_token(admin), server.user("pagerduty"), bot_token)
