"""What the documents show, put into a sandbox: open incidents, a rotation of three people with its
escalation policy, channels for teams; and the configuration with which the pack runs on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

import yaml

from . import Sandbox
from .connection import connection
from .mattermost import ADMIN_TOKEN
from .pagerduty import API_KEY
from .pagerduty.seed import service
from .story import before

MARK = "# Of the sandbox, and gone with it.\n"
ADVICE = "# Change a copy of it, beside it; a copy is good while this sandbox runs.\n"
DAY_SECONDS = 86400
CHANNELS = (("checkout", "Checkout"), ("payments", "Payments"), ("canary", "Canary"))
ROTATION = "Checkout rotation"
POLICY = "Checkout escalation"
SERVICE = "Checkout"


def furnish(sandbox: Sandbox) -> None:
    """Before the pack runs: what is open then is posted as one summary."""
    world = sandbox.mattermost.world
    assert world is not None
    people = [*world.users.values(), sandbox.mattermost.account.user("admin")]
    for name, title in CHANNELS:
        sandbox.mattermost.account.add_channel(name, title, members=people)
    _phones(sandbox.pagerduty.account)
    _rotation(sandbox.pagerduty.account)
    _second_level(sandbox.pagerduty.account)
    before(sandbox)
    sandbox.pagerduty.account.trigger("Database", "Replica lags 40 s behind", priority="P2")


def _second_level(account: Any) -> None:
    """Nobody stands on two levels of a policy: PagerDuty tells no incident's level, so who is on
    both would have to be asked to which one to escalate."""
    rules = account.find("escalation_policies", "Platform escalation")["rules"]
    rules[1]["targets"] = [("user", account.find("users", "Grace Hopper")["id"])]


def _phones(account: Any) -> None:
    """Everybody can be called: nobody has to be warned of at the first start."""
    for number, user in enumerate(account.catalog["users"].values()):
        own = {"user_id": user["id"], "created_at": account.now()}
        phone = account.add(
            "contact_methods",
            "Mobile",
            type="phone_contact_method",
            address=f"{5550100 + number}",
            country_code=1,
            **own,
        )
        rule = account.add(
            "notification_rules",
            "0 minutes",
            start_delay_in_minutes=0,
            method_id=phone["id"],
            urgency="high",
            **own,
        )
        user["method_ids"] = [*user["method_ids"], phone["id"]]
        user["rule_ids"] = [*user["rule_ids"], rule["id"]]


def _rotation(account: Any) -> None:
    """Three people in daily turns, and the policy of a service that pages them."""
    names = ("Ada Lovelace", "Grace Hopper", "Mei Tanaka")
    user_ids = [account.find("users", name)["id"] for name in names]
    now = int(account.clock())
    start = now // DAY_SECONDS * DAY_SECONDS - 30 * DAY_SECONDS
    layer = {
        "id": account.new_id("P", 7),
        "name": "Layer 1",
        "start": start,
        "end": None,
        "virtual_start": start,
        "turn": DAY_SECONDS,
        "user_ids": user_ids,
    }
    rotation = account.add(
        "schedules",
        ROTATION,
        time_zone="UTC",
        description="Daily, by turns",
        team_ids=[account.find("teams", "Payments")["id"]],
        layers=[layer],
        overrides=[],
    )
    levels = [[("schedule", rotation["id"])], [("user", user_ids[1])]]
    rules = [{"id": account.new_id("P", 7), "delay": 30, "targets": level} for level in levels]
    account.add(
        "escalation_policies",
        POLICY,
        description="",
        num_loops=2,
        rules=rules,
        team_ids=[account.find("teams", "Payments")["id"]],
    )
    service(account, SERVICE, POLICY)


def configuration(sandbox: Sandbox, chat: Mapping[str, Any]) -> Dict[str, Any]:
    """Of the pack on this sandbox, with all that the scene has."""
    integration = sandbox.pagerduty.account.find("integrations", f"{SERVICE} Events API v2")
    return {
        **connection(sandbox, default_channel="incidents", operations_channel="ops"),
        "from_email": "ada@example.com",
        "oncall": {"channels": {ROTATION: "checkout"}},
        "watch": {"poll_interval": 4},
        "chat": dict(chat),
        "chatops": {"allow": {"*": ["*"]}},
        "events": {"routing_key": integration["key"]},
        "files": {"folders": ["/var/tmp"]},
    }


def write_scene(path: Path, sandbox: Sandbox, chat: Mapping[str, Any]) -> None:
    """The configuration as a file that only its owner reads, as one with keys in it should be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    text = yaml.safe_dump(configuration(sandbox, chat), sort_keys=False, allow_unicode=True)
    path.write_text(MARK + ADVICE + text, encoding="utf-8")


def legend(sandbox: Sandbox) -> List[Tuple[str, str]]:
    """What a newcomer needs to know of it."""
    account, mattermost = sandbox.pagerduty.account, sandbox.mattermost
    world = mattermost.world
    assert world is not None
    channels = mattermost.account.state.channels.values()
    names = [f"~{one.name}" for one in channels if one.name and one.type == "O"]
    people = ", ".join(f"@{name}" for name in world.users)

    def of(kind: str) -> str:
        return ", ".join(row["name"] for row in account.catalog[kind].values())

    is_open = [one for one in account.incidents.values() if one.status != "resolved"]
    return [
        (
            "Mattermost",
            f"{mattermost.url}/   (open it: buttons, menus, dialogs, /pd and /st2 work)",
        ),
        ("  team", world.team.name),
        ("  channels", ", ".join(dict.fromkeys(names))),
        ("  people", f"{people}; @admin may do everything; e-mail <name>@example.com"),
        ("  bot's token", world.bot_token),
        ("  admin's token", ADMIN_TOKEN),
        ("PagerDuty", f"{sandbox.pagerduty.url}   (its REST and Events API)"),
        ("  API key", API_KEY),
        ("  services", of("services")),
        ("  schedules", of("schedules")),
        ("  policies", of("escalation_policies")),
        ("  open incidents", ", ".join(f"#{one.number} {one.title}" for one in is_open)),
    ]
