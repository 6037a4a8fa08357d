"""Whether a value is what a key of its name holds, before it is imported. Pure."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Callable, Mapping

from pagerduty_mattermost.cards import held_cards, records, subscriptions
from pagerduty_mattermost.core.typed_actions import run_line
from pagerduty_mattermost.exercises import drills
from pagerduty_mattermost.incidents import state_store
from pagerduty_mattermost.noise import reminder_posts
from pagerduty_mattermost.oncall import handoffs
from pagerduty_mattermost.operations import dead_letters, ended_letters
from pagerduty_mattermost.operations.state_kinds import OTHER, kind_of
from pagerduty_mattermost.playbooks import kept as kept_playbooks
from pagerduty_mattermost.reviews import last_looks, retro_records, sealing
from pagerduty_mattermost.rooms import opening as room_opening
from pagerduty_mattermost.rooms import records as room_records
from pagerduty_mattermost.runs import records as run_records


def problem(name: str, data: Any) -> str:
    """Why the data is not what a key of that name holds; empty when it is."""
    kind = kind_of(name)
    if kind is OTHER:
        return "no key of this version of the pack"
    if kind.secret:
        return (
            f"a secret is not imported: run `{run_line('webhook.setup')}` or "
            f"`{run_line('mattermost.setup')}`"
        )
    check = _CHECKS.get(kind.name)
    return "" if check is None or check(name, data) else f"nothing that {kind.what} looks like"


def _is_incident(name: str, data: Any) -> bool:
    return bool(records.seen_from_json(data)) if ".state." in name else isinstance(data, dict)


def _is_dead_letter(name: str, data: Any) -> bool:
    if name == ended_letters.KEY:
        return isinstance(data, dict)
    id = name[len(dead_letters.KEY_PREFIX) :]
    return dead_letters.dead_letter_from(id, data) is not None


def _is_room(name: str, data: Any) -> bool:
    if ".chan." in name:
        return room_records.room_of(data) is not None
    return isinstance(data, int if name == room_opening.SEQUENCE_KEY else dict)


def _is_mapping(name: str, data: Any) -> bool:
    return isinstance(data, dict)


_CHECKS: Mapping[str, Callable[[str, Any], bool]] = {
    "sensor": state_store.fits,
    "incidents": _is_incident,
    "deadletters": _is_dead_letter,
    "held": lambda name, data: held_cards.held_of(name, data) is not None,
    "reminders": lambda name, data: reminder_posts.kept_of(name, data) is not None,
    "subscriptions": lambda name, data: subscriptions.subscription_of(data) is not None,
    "identities": _is_mapping,
    "audit": _is_mapping,
    "members": _is_mapping,
    "oncall": lambda name, data: handoffs.from_data(data) is not None,
    "notify": _is_mapping,
    "handover": _is_mapping,
    "pages": _is_mapping,
    "rooms": _is_room,
    "runs": run_records.fits,
    "drills": lambda name, data: drills.drill_of(data) is not None,
    "timelines": sealing.fits,
    "caughtup": last_looks.fits,
    "retrospectives": retro_records.fits,
    "playbooks": lambda name, data: kept_playbooks.kept_of(data) is not None,
}
"""By kind: whether the data is what a key of that name holds."""
