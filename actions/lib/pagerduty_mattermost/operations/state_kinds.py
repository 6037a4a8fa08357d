"""Every kind of key that the pack keeps in the datastore: what it is, how long it lives, and
whether it may leave. Pure.

docs/architecture.md (Datastore keys) tells who writes them.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import RejectedInput

DAY = 86400.0


class Kind(NamedTuple):
    name: str
    prefixes: Tuple[str, ...]
    """Of relative names."""
    what: str
    ttl: Optional[float] = None
    """Seconds that one lives at most after it was written; None: until somebody takes it away, or
    it is written over (there are few of them)."""
    careful: bool = False
    """Deleted only when it is named: nobody could make it again."""
    secret: bool = False
    """Never exported."""


KINDS: Tuple[Kind, ...] = (
    Kind(
        "sensor",
        ("sensor.", "noise"),
        "where the sensor is in PagerDuty's log, and what it knows of incidents",
    ),
    Kind("incidents", ("incident.",), "cards and states of incidents", 180 * DAY),
    Kind("deadletters", ("deadletter.",), "posts and acts that failed", 30 * DAY),
    Kind(
        "messages",
        ("message.", "noted.", "storm."),
        "which messages and notes were sent",
        30 * DAY,
    ),
    Kind("held", ("held.",), "cards that quiet hours hold back", 38 * DAY),
    Kind("reminders", ("reminder.",), "how often one was reminded of an incident", 30 * DAY),
    Kind("subscriptions", ("subscription.",), "what channels are subscribed to", careful=True),
    Kind("identities", ("identity.",), "who is who at PagerDuty", careful=True),
    Kind("oncall", ("oncall.",), "who was on call when it was looked at last"),
    Kind("notify", ("notify.",), "who does not want to be told of shifts", careful=True),
    Kind("members", ("member.",), "whom the pack put into channels and user groups", careful=True),
    Kind("audit", ("audit.",), "what was done from chat", 90 * DAY, careful=True),
    Kind(
        "health",
        ("webhook.health", "webhook.bell", "watchdog", "reconcile."),
        "how the webhook, the sensor and the reconciling do",
    ),
    Kind(
        "secrets",
        ("webhook.secret", "chat.tokens"),
        "encrypted secrets and tokens",
        careful=True,
        secret=True,
    ),
    Kind(
        "caches", ("channel.", "mention.", "present.", "watched"), "names that were looked up", DAY
    ),
    Kind("complaints", ("complaint.", "dropped."), "what was told, or taken back", 90 * DAY),
    Kind("aside", ("aside.",), "values that did not read", 90 * DAY, careful=True),
)
OTHER = Kind("other", (), "keys that this version does not know", careful=True)
NAMES = tuple(kind.name for kind in (*KINDS, OTHER))


def kind_of(name: str) -> Kind:
    """Of a relative name."""
    return next((kind for kind in KINDS if name.startswith(kind.prefixes)), OTHER)


def chosen(names: Iterable[str]) -> Tuple[str, ...]:
    """The kinds that were named; of none all that are not `careful`. Raises RejectedInput for a
    word that is none."""
    wanted = tuple(dict.fromkeys(names))
    wrong = [name for name in wanted if name not in NAMES]
    if wrong:
        raise RejectedInput(
            f"There is no kind {', '.join(map(repr, wrong))}; there are {', '.join(NAMES)}"
        )
    return wanted or tuple(kind.name for kind in KINDS if not kind.careful)


def counts(names: Iterable[str]) -> Dict[str, int]:
    """How many keys there are of each kind."""
    found: Dict[str, int] = {}
    for name in names:
        kind = kind_of(name).name
        found[kind] = found.get(kind, 0) + 1
    return {name: found[name] for name in NAMES if name in found}


def problem(name: str, data: Any) -> str:
    """Why the data is not what a key of that name holds; empty when it is."""
    kind = kind_of(name)
    if kind is OTHER:
        return "no key of this version of the pack"
    if kind.secret:
        return "a secret is not imported: run webhook.setup or mattermost.setup"
    fits = {
        "sensor": _is_sensor,
        "incidents": _is_incident,
        "deadletters": _is_letter,
        "held": _is_held,
        "reminders": _is_reminder,
        "subscriptions": _is_subscription,
        "identities": _is_mapping,
        "audit": _is_mapping,
        "members": _is_mapping,
        "oncall": _is_oncall,
        "notify": _is_mapping,
    }.get(kind.name)
    return "" if fits is None or fits(name, data) else f"nothing that {kind.what} looks like"


def _is_sensor(name: str, data: Any) -> bool:
    from pagerduty_mattermost.incidents.state_store import fits

    return fits(name, data)


def _is_incident(name: str, data: Any) -> bool:
    from pagerduty_mattermost.cards.records import seen_from_json

    return bool(seen_from_json(data)) if ".state." in name else isinstance(data, dict)


def _is_letter(name: str, data: Any) -> bool:
    from pagerduty_mattermost.operations.dead_letters import KEY_PREFIX, dead_letter_from

    return dead_letter_from(name[len(KEY_PREFIX) :], data) is not None


def _is_held(name: str, data: Any) -> bool:
    from pagerduty_mattermost.cards.held_cards import held_of

    return held_of(name, data) is not None


def _is_reminder(name: str, data: Any) -> bool:
    from pagerduty_mattermost.noise.reminder_posts import kept_of

    return kept_of(name, data) is not None


def _is_oncall(name: str, data: Any) -> bool:
    from pagerduty_mattermost.oncall.handoffs import from_data

    return from_data(data) is not None


def _is_subscription(name: str, data: Any) -> bool:
    from pagerduty_mattermost.cards.subscriptions import subscription_of

    return subscription_of(data) is not None


def _is_mapping(name: str, data: Any) -> bool:
    return isinstance(data, dict)
