"""Every kind of key that the pack keeps in the datastore: what it is, how long it lives, and
whether it may leave. Pure.

The words of the keys come from the modules that own them, their constants `KEY` and `KEY_PREFIX`;
in `<…>` stands what differs from key to key. docs/architecture.md (Datastore keys) tells who
writes them, and a test holds that table to this one.
"""

from __future__ import annotations

from typing import Dict, Iterable, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards import held_cards, records, subscriptions
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.exercises import drills
from pagerduty_mattermost.gateways.mattermost import (
    kept_channels,
    operations_notices,
    post_once,
)
from pagerduty_mattermost.gateways.pagerduty import first_on_call, rate_brake
from pagerduty_mattermost.gateways.stackstorm import outage
from pagerduty_mattermost.gateways.stackstorm.datastore import QUARANTINE
from pagerduty_mattermost.gateways.stackstorm.kept_secrets import CHAT_TOKENS, WEBHOOK_SECRETS
from pagerduty_mattermost.incidents import state_store
from pagerduty_mattermost.noise import reminder_posts, storm_gate, storm_publisher
from pagerduty_mattermost.oncall import (
    directory,
    handover_notes,
    kept_pages,
    last_known,
    shift_acceptance,
    shift_messages,
    swaps,
    sync,
    targets,
    watch,
)
from pagerduty_mattermost.operations import (
    canary,
    dead_letters,
    ended_letters,
    reconcile_run,
    wanted_cards,
    watchdog,
)
from pagerduty_mattermost.people import identity, known_accounts
from pagerduty_mattermost.playbooks import kept as kept_playbooks
from pagerduty_mattermost.reviews import last_looks, retro_records, sealing
from pagerduty_mattermost.rooms import opening as room_opening
from pagerduty_mattermost.rooms import records as room_records
from pagerduty_mattermost.runs import records as run_records
from pagerduty_mattermost.sensor import (
    body_events,
    heartbeat,
    kept_health,
    leadership,
    webhook_health,
)

DAY_SECONDS = 86400.0


class StateKind(NamedTuple):
    """Keys that belong together."""

    name: str
    keys: Tuple[str, ...]
    """Relative names, `<…>` for what differs."""
    what: str
    kept_seconds: Optional[float] = None
    """How long one lives at most after it was written; None: until somebody takes it away, or it
    is written over (there are few of them)."""
    careful: bool = False
    """Deleted only when it is named: nobody could make it again."""
    secret: bool = False
    """Never exported."""

    def fits(self, name: str) -> int:
        """How much of that relative name is the beginning of a key of this kind, in characters: 0
        where it is of another kind."""
        found = (key.partition("<")[0] for key in self.keys if "<" in key or key == name)
        return max((len(one) for one in found if name.startswith(one)), default=0)


# Of chat, which stands above this package: a test holds them to chat's own constants.
AUDIT_KEYS, DROPPED_KEYS = "audit.<time>.<id>", "dropped.<order>"
BEGUN_KEYS, REFUSED_KEYS = "begun.<sha>", "refused.<day>.<sha>"
OUTCOME_KEYS = "outcome.<order>"
OLD_QUARANTINE_KEYS = "aside.<key>.<digest>"
"""As versions before called them: nobody writes them any more."""
# Of chatops, which stands above chat.
PHRASE_KEYS, PHRASE_KEPT_SECONDS = "alias.<order>", 7 * DAY_SECONDS
INQUIRY_KEYS, INQUIRY_KEPT_SECONDS = "inquiry.<id>", 30 * DAY_SECONDS

KINDS: Tuple[StateKind, ...] = (
    StateKind(
        "sensor",
        (
            state_store.HEAD_KEY,
            f"{state_store.SHARD_KEY_PREFIX}<NN>",
            state_store.HEARTBEAT_KEY,
            state_store.SUMMARY_KEY,
            storm_gate.KEY,
            leadership.KEY,
            f"{leadership.STANDBY_PREFIX}<name>",
        ),
        "where the sensor is in PagerDuty's log, and what it knows of incidents",
    ),
    StateKind(
        "incidents",
        (
            f"{records.KEY_PREFIX}<id>.state.<version>",
            f"{records.KEY_PREFIX}<id>.card.<channel_id>",
            f"{records.KEY_PREFIX}<id>.mark",
            f"{records.KEY_PREFIX}<id>.said.<post_id>",
        ),
        "cards and states of incidents",
        180 * DAY_SECONDS,
    ),
    StateKind(
        "rooms",
        (
            f"{room_records.KEY_PREFIX}<incident>.chan.<channel>",
            f"{room_records.KEY_PREFIX}<incident>.want",
            f"{room_records.OLD_PREFIX}<incident>.chan.<channel>",
            f"{room_records.INROOM_PREFIX}<channel>",
            f"{room_records.MEMBER_PREFIX}<incident>.<user>",
            room_opening.SEQUENCE_KEY,
            room_records.HEARD_KEY,
            room_records.OLD_HEARD_KEY,
        ),
        "rooms of incidents, and whom the pack put into them",
        180 * DAY_SECONDS,
        careful=True,
    ),
    StateKind(
        "runs",
        (
            f"{run_records.KEY_PREFIX}<incident>.{run_records.PLAN}<order>",
            f"{run_records.KEY_PREFIX}<incident>.{run_records.ACT}<act>",
            f"{run_records.KEY_PREFIX}<incident>.{run_records.PACKED}<digest>",
            f"{run_records.KEY_PREFIX}<incident>.{run_records.VOID}<order>",
            f"{run_records.KEY_PREFIX}<incident>.{run_records.POST}",
            f"{run_records.KEY_PREFIX}<incident>.{run_records.TOLD}",
            f"{run_records.CLOSED_PREFIX}<incident>",
        ),
        "runs of playbooks, and what was done in them",
        run_records.CLOSED_SECONDS,
        careful=True,
    ),
    StateKind(
        "timelines",
        (f"{sealing.KEY_PREFIX}<incident>.<sha>",),
        "sealed timelines",
        sealing.KEPT_SECONDS,
        careful=True,
    ),
    StateKind(
        "retrospectives",
        (f"{retro_records.KEY_PREFIX}<incident>.e.<act>",),
        "retrospectives and their follow-ups",
        retro_records.KEPT_SECONDS,
        careful=True,
    ),
    StateKind(
        "caughtup",
        (f"{last_looks.KEY_PREFIX}<incident>.<user>",),
        "when somebody caught up on an incident last",
        last_looks.KEPT_SECONDS,
    ),
    StateKind(
        "playbooks",
        (
            f"{kept_playbooks.KEY_PREFIX}<name>",
            f"{kept_playbooks.OLD_PREFIX}<name>.<number>.<digest>",
        ),
        "saved playbooks and their last versions",
        careful=True,
    ),
    StateKind(
        "drills",
        (f"{drills.KEY_PREFIX}<incident>",),
        "how fast drills were",
        drills.KEPT_SECONDS,
        careful=True,
    ),
    StateKind(
        "deadletters",
        (f"{dead_letters.KEY_PREFIX}<id>", ended_letters.KEY),
        "posts and acts that failed, and what became of them",
        30 * DAY_SECONDS,
    ),
    StateKind(
        "messages",
        (
            f"{post_once.KEY_PREFIX}<sha>",
            f"{storm_publisher.KEY_PREFIX}<sha>",
        ),
        "which messages were sent",
        30 * DAY_SECONDS,
    ),
    StateKind(
        "held",
        (f"{held_cards.KEY_PREFIX}<channel_id>.<incident_id>",),
        "cards that quiet hours hold back",
        38 * DAY_SECONDS,
    ),
    StateKind(
        "reminders",
        (f"{reminder_posts.KEY_PREFIX}<incident_id>",),
        "how often one was reminded of an incident",
        30 * DAY_SECONDS,
    ),
    StateKind(
        "subscriptions",
        (f"{subscriptions.KEY_PREFIX}<channel_id>.<sha>",),
        "what channels are subscribed to",
        careful=True,
    ),
    StateKind(
        "identities",
        (f"{identity.KEY_PREFIX}<user_id>",),
        "who is who at PagerDuty",
        careful=True,
    ),
    StateKind(
        "handover",
        (f"{handover_notes.KEY_PREFIX}<user>",),
        "what people noted for their next hand-off",
        handover_notes.KEPT_SECONDS,
    ),
    StateKind(
        "pages",
        (
            f"{kept_pages.KEY_PREFIX}<id>",
            f"{kept_pages.OLD_PREFIX}<id>",
            f"{kept_pages.TAKEN_PREFIX}<id>",
        ),
        "pages that PagerDuty has not taken yet, and what came of them",
        kept_pages.KEPT_SECONDS + kept_pages.REMEMBERED_SECONDS,
        careful=True,
    ),
    StateKind(
        "swaps",
        (f"{swaps.KEY_PREFIX}<key>",),
        "shifts that people ask others to take",
        swaps.KEPT_SECONDS,
    ),
    StateKind(
        "turns",
        (f"{shift_acceptance.KEY_PREFIX}<key>",),
        "hand-offs, and who said to have them",
        shift_acceptance.KEPT_SECONDS,
    ),
    StateKind("oncall", (watch.KEY,), "who was on call at the last poll"),
    StateKind(
        "notify",
        (f"{shift_messages.KEY_PREFIX}<user_id>",),
        "who wants no messages about shifts",
        careful=True,
    ),
    StateKind(
        "members",
        (
            f"{sync.KEY_PREFIX}{sync.CHANNEL}.<channel_id>.<user_id>",
            f"{sync.KEY_PREFIX}{sync.GROUP}.<group_id>.<user_id>",
        ),
        "whom the pack put into channels and user groups",
        careful=True,
    ),
    StateKind(
        "audit",
        (AUDIT_KEYS, REFUSED_KEYS),
        "what was done from chat, and what was refused",
        90 * DAY_SECONDS,
        careful=True,
    ),
    StateKind(
        "health",
        (
            webhook_health.KEY,
            webhook_health.OLD_KEY,
            kept_health.CHAT_KEY,
            watchdog.KEY,
            reconcile_run.KEY,
            wanted_cards.KEY,
            heartbeat.TIMER_KEY,
            heartbeat.RUN_KEY,
            *outage.POSTS.keys,
            *outage.PAGES.keys,
            rate_brake.KEY,
            f"{rate_brake.WAY_PREFIX}<job>",
        ),
        "how the webhook, the sensor, the reconciling and the catching up do",
    ),
    StateKind(
        "calls",
        (f"{body_events.KEY_PREFIX}<sha>",),
        "roles and tasks that a call of the webhook brought and that are not posted yet",
        body_events.KEPT_SECONDS,
    ),
    StateKind(
        "canary",
        (canary.KEY,),
        "the canary's round, and how long its steps took",
        canary.KEPT_SECONDS,
    ),
    StateKind(
        "secrets",
        (WEBHOOK_SECRETS.key, CHAT_TOKENS.key, f"{kept_pages.ROUTING_PREFIX}<id>"),
        "encrypted secrets and tokens",
        careful=True,
        secret=True,
    ),
    StateKind(
        "caches",
        (
            f"{kept_channels.NAMED_PREFIX}<sha>",
            f"{kept_channels.ID_PREFIX}<sha>",
            f"{known_accounts.KEY_PREFIX}<NN>",
            f"{known_accounts.OLD_PREFIX}<user_id>",
            f"{first_on_call.KEY_PREFIX}<policy_id>",
            f"{last_known.KEY_PREFIX}<sha>",
            directory.KEY,
        ),
        "names that were looked up, and who was on call when PagerDuty last said so",
        DAY_SECONDS,
    ),
    StateKind(
        "watched",
        (targets.KEY,),
        "ids of what the on-call watch is configured for",
        targets.KEPT_SECONDS,
    ),
    StateKind(
        "phrases",
        (PHRASE_KEYS,),
        "aliases of StackStorm's that people ran, until what came of it was shown",
        PHRASE_KEPT_SECONDS,
    ),
    StateKind(
        "inquiries",
        (INQUIRY_KEYS,),
        "questions of StackStorm's workflows, and who answered what",
        INQUIRY_KEPT_SECONDS,
    ),
    StateKind(
        "notices",
        (
            f"{operations_notices.KEY_PREFIX}<sha>",
            f"{operations_notices.OLD_KEY_PREFIX}<sha>",
            DROPPED_KEYS,
            BEGUN_KEYS,
            OUTCOME_KEYS,
        ),
        "what was posted, or taken back",
        90 * DAY_SECONDS,
    ),
    StateKind(
        "quarantine",
        (f"{QUARANTINE}<key>.<digest>", OLD_QUARANTINE_KEYS),
        "values that did not read",
        90 * DAY_SECONDS,
        careful=True,
    ),
)
OTHER = StateKind("other", (), "keys that this version does not know", careful=True)
NAMES = tuple(kind.name for kind in (*KINDS, OTHER))
FORMER_NAMES = {"complaints": "notices", "aside": "quarantine"}
"""As versions before called kinds."""


def kind_of(name: str) -> StateKind:
    """The kind of what a relative name holds: of two whose keys begin alike, the one of which
    more stands there."""
    found = max(KINDS, key=lambda kind: kind.fits(name))
    return found if found.fits(name) else OTHER


def chosen(names: Iterable[str]) -> Tuple[str, ...]:
    """The kinds that were named; of none all that are not `careful`. Raises RejectedInput for a
    word that is none."""
    wanted = tuple(dict.fromkeys(FORMER_NAMES.get(name, name) for name in names))
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
