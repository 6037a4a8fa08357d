"""`uninstall`: what the pack made in Mattermost, at PagerDuty and in the datastore, taken away;
first it is shown, with a token that confirms it.

    leaving = Uninstall(context, delete_commands)
    leaving.run()                        # shows
    leaving.run(confirm="5da381d2")      # does it

Its order: the sensors are disabled, so that they write nothing anew; then the other servers, for
which what the datastore keeps is needed; then the datastore. What fails stops it, and it may be
run again: what is gone already is well.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Sequence, Tuple

from pagerduty_mattermost.core.errors import PackError, RejectedInput, StoreForbidden
from pagerduty_mattermost.gateways.stackstorm import bulk_delete, kept_secrets, registered
from pagerduty_mattermost.operations import state_kinds
from pagerduty_mattermost.sensor import webhook_subscription

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MATTERMOST, PAGERDUTY = "mattermost", "pagerduty"
SIDES = (MATTERMOST, PAGERDUTY)
DELETE_ROUNDS = 3
"""Of deleting keys: what was under way may still write some."""
PEOPLES = ("subscriptions", "identities", "playbooks", "notify", "handover", "swaps")
"""Kinds of keys that people made: a new one since it was shown has to be shown first."""
STAYS = (
    "posts, threads and rooms in Mattermost; members and headers that oncall.sync set; its bot",
    "incidents, notes and everything else at PagerDuty",
    "your own keys of the datastore, such as pagerduty_api_key and mattermost_token",
    "/opt/stackstorm/configs/pagerduty.yaml and /opt/stackstorm/overrides/pagerduty.yaml",
    "executions and trigger instances, until StackStorm's garbage collector takes them",
    "the pack itself: `st2 pack remove pagerduty`",
)


STAYS_EMBEDDED = (
    *STAYS[:3],
    "the configuration file given with --config, and the data folder (--data), which holds this "
    "datastore and what ran",
    "the pack's own folder: delete it",
)
"""Without StackStorm."""


class Uninstall:
    """`delete_commands`: takes away the slash commands and outgoing webhooks that setup made, and
    gives what is wrong with that, a line each. `without`: sides that are left as they are,
    because they are not there any more."""

    def __init__(
        self,
        context: Context,
        delete_commands: Callable[[], Sequence[str]],
        without: Sequence[str] = (),
    ) -> None:
        wrong = sorted(set(without) - set(SIDES))
        if wrong:
            raise RejectedInput(f"without: {wrong[0][:40]!r} is none of {', '.join(SIDES)}")
        self._context, self._delete_commands, self._without = context, delete_commands, without
        self._store = context.store
        self._embedded = getattr(context.stackstorm(), "managers", None) is None
        self._stays = STAYS_EMBEDDED if self._embedded else STAYS

    def run(self, confirm: str = "") -> Dict[str, Any]:
        """The action's result. Raises RejectedInput for a token that stands for something else,
        StoreForbidden where this user is shown only part of the keys, and the gateways' errors:
        then nothing of the datastore is deleted."""
        hidden = self._store.hidden()
        if hidden:
            raise StoreForbidden(hidden)
        names = [row.name for row in self._store.rows()]
        commands = self._commands()
        subscriptions = self._subscriptions()
        token = _token([*commands, *subscriptions, *_of_people(names)])
        found: Dict[str, Any] = {
            "commands": commands,
            "subscriptions": subscriptions,
            "keys": state_kinds.counts(names),
            "stays": list(self._stays),
        }
        if not confirm:
            return {
                **found,
                "deleted": 0,
                "confirm": token,
                "message": _shown(found, names, token, self._embedded),
            }
        if confirm != token:
            raise RejectedInput(
                "confirm does not fit what would go now: run it without confirm and check again"
            )
        disabled = self._disable_sensors()
        if commands:
            problems = list(self._delete_commands())
            if problems:
                raise RejectedInput(
                    f"Nothing of the datastore is deleted yet: {' | '.join(problems)} (lend "
                    "admin_token_key, or leave it there with without=mattermost)"
                )
        if subscriptions:
            context = self._context
            webhook_subscription.teardown(context.pagerduty, self._store, context.settings)
        deleted, left = self._delete_keys()
        return {
            **found,
            "deleted": deleted,
            "confirm": "",
            "message": _done(found, deleted, left, disabled, self._embedded),
        }

    def _commands(self) -> List[str]:
        """Ids of what setup made in Mattermost, with what each is."""
        if MATTERMOST in self._without:
            return []
        kept = kept_secrets.read_or_none(self._store, kept_secrets.CHAT_TOKENS)
        return [f"{one.kind} {one.id}" for one in kept]

    def _subscriptions(self) -> List[str]:
        context = self._context
        if PAGERDUTY in self._without:
            return []
        try:
            return webhook_subscription.subscriptions(
                context.pagerduty, self._store, context.settings
            )
        except PackError as error:
            raise RejectedInput(
                f"Whether PagerDuty calls this pack can't be read: {context.line_of(error)} (if "
                "PagerDuty is not used any more: without=pagerduty)"
            ) from None

    def _disable_sensors(self) -> bool:
        """Whether they are: not in the embedded default, nor where this user may not."""
        if self._embedded:
            return False
        try:
            client = self._context.stackstorm()
            registered.disable_sensors(client)
        except Exception as error:  # noqa: BLE001 - the rest is done, and the result says so
            self._context.log.warning("Sensors: %s", self._context.line_of(error))
            return False
        return True

    def _delete_keys(self) -> Tuple[int, int]:
        deleted = 0
        for _ in range(DELETE_ROUNDS):
            names = [row.name for row in self._store.rows()]
            if not names:
                return deleted, 0
            bulk_delete.delete_all(self._store, names)
            deleted += len(names)
        left = len(self._store.rows())
        return deleted - left, left


def _of_people(names: Sequence[str]) -> List[str]:
    return [name for name in names if state_kinds.kind_of(name).name in PEOPLES]


def _token(parts: Sequence[str]) -> str:
    """Confirms that these are meant."""
    return hashlib.sha256("\n".join(sorted(parts)).encode("utf-8")).hexdigest()[:8]


def _named(found: Dict[str, Any]) -> str:
    return (
        f"{', '.join(found['commands']) or 'no slash command'} in Mattermost; webhook "
        f"subscriptions at PagerDuty: {', '.join(found['subscriptions']) or 'none'}"
    )


def _shown(found: Dict[str, Any], names: Sequence[str], token: str, embedded: bool) -> str:
    first = "End `serve` first. Would" if embedded else "Would disable both sensors and"
    kinds = ", ".join(f"{name} {number}" for name, number in found["keys"].items())
    return (
        f"{first} delete {_named(found)}; {len(names)} keys of the "
        f"datastore ({kinds or 'none'}). What stays: {'; '.join(found['stays'])}. "
        f"Nothing is deleted yet: repeat it with confirm={token}."
    )


def _done(found: Dict[str, Any], deleted: int, left: int, disabled: bool, embedded: bool) -> str:
    sensors = "" if disabled else " The sensors were not disabled: end them, or they begin anew."
    if embedded:
        sensors = " A `serve` that still runs begins anew: end it."
    again = (
        f" {left} keys were written meanwhile: run it again once nothing of the pack runs."
        if left
        else ""
    )
    return (
        f"Deleted {_named(found)}; {deleted} keys of the datastore.{sensors}{again} What stays: "
        f"{'; '.join(found['stays'])}."
    )
