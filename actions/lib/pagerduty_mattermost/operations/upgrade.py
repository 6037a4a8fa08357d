"""`upgrade.plan` and `upgrade.apply`: what an upgrade leaves to do, from the Exchange's pack or an
older version of this one, and that done.

    found = Upgrade(context).plan()     # [Finding(about, text, done_by), ...]
    Upgrade(context).apply()            # the same; what is APPLY's is done

Values in the datastore need nothing: older ones are read as today's and written so with their next
change (gateways.stackstorm.migrations).
"""

# flake8: noqa: E501

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Tuple

from pagerduty_mattermost.core.config.settings import is_mattermost_absent, mattermost_missing
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.stackstorm import migrations, overrides_file, registered
from pagerduty_mattermost.operations import lasting, overrides_setup, uses_of_actions

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

APPLY, BY_HAND, NOBODY = "upgrade.apply", "by hand", "nobody"
RESTART = "restart st2sensorcontainer, or the sensors go on as they were before the upgrade"


class Finding(NamedTuple):
    """One thing that an upgrade leaves to do, or changes."""

    about: str
    text: str
    done_by: str
    """APPLY, BY_HAND, or NOBODY: it only is so."""


class Upgrade:
    """Reads StackStorm, PagerDuty, the datastore and the configuration."""

    def __init__(self, context: Context) -> None:
        self._context = context
        client = context.stackstorm()
        self._client = client if getattr(client, "managers", None) is not None else None

    def plan(self) -> List[Finding]:
        """Changes nothing. A part that can't be read is a finding."""
        return self._gone_through(do=False)

    def apply(self) -> List[Finding]:
        """Does what is APPLY's; its findings say what was done."""
        return self._gone_through(do=True)

    def _gone_through(self, *, do: bool) -> List[Finding]:
        found: List[Finding] = []
        for about, part in (
            ("leftovers", self._leftovers),
            ("enabled by hand", self._by_hand),
            ("rules and aliases of yours", self._uses),
            ("webhook", self._webhook),
            ("Mattermost", self._mattermost),
            ("datastore", self._datastore),
            ("sensors", self._sensors),
        ):
            try:
                found += [Finding(about, text, by) for text, by in part(do)]
            except PackError as error:
                found.append(Finding(about, f"can't be read: {error}", BY_HAND))
            except Exception as error:  # noqa: BLE001 - StackStorm's client raises whatever it likes
                line = self._context.line_of(error)
                found.append(Finding(about, f"can't be read: {line}", BY_HAND))
        return found

    def _leftovers(self, do: bool) -> Iterator[Tuple[str, str]]:
        for kind in registered.KINDS if self._client is not None else ():
            rows = registered.leftovers(self._client, kind)
            for row in rows if do else ():
                registered.delete(self._client, kind, row)
            if rows:
                names = ", ".join(sorted(str(row.name) for row in rows))
                done = "deleted" if do else "of an older version, which StackStorm still runs"
                yield f"{kind} {names}: {done}", APPLY

    def _by_hand(self, do: bool) -> Iterator[Tuple[str, str]]:
        folder = overrides_file.folder()
        if self._client is None or folder is None:
            return
        told = overrides_setup.set_up(self._client, folder, write=do)
        if do and told["written"]:
            yield str(told["message"]), APPLY
        elif not told["nothing_to_do"]:
            yield f"the next install undoes: {lasting.named(told['states'])}", APPLY

    def _uses(self, do: bool) -> Iterator[Tuple[str, str]]:
        if self._client is not None:
            for line in uses_of_actions.wrong(self._client):
                yield line, BY_HAND

    def _webhook(self, do: bool) -> Iterator[Tuple[str, str]]:
        from pagerduty_mattermost.sensor import webhook_subscription

        context = self._context
        if not context.settings.webhook.port:
            return
        terms = (context.pagerduty, context.store, context.settings)
        status = webhook_subscription.status(*terms)
        if not (status["subscribed"] and status.get("events_missing")):
            return
        if do:
            yield str(webhook_subscription.setup(*terms)["message"]), APPLY
            return
        count = len(status["events_missing"])
        yield f"{count} event types of this version are not subscribed to", APPLY

    def _mattermost(self, do: bool) -> Iterator[Tuple[str, str]]:
        from pagerduty_mattermost.gateways.stackstorm import kept_secrets

        settings = self._context.settings
        if is_mattermost_absent(settings):
            yield (
                "not configured: incidents are read, nothing is posted. Nothing is lost by that: "
                "once it is, one summary shows what was open before, and each incident that came "
                "since gets its card",
                NOBODY,
            )
        elif mattermost_missing(settings):
            yield f"{', '.join(mattermost_missing(settings))} is not set", BY_HAND
        elif kept_secrets.read_or_none(self._context.store, kept_secrets.CHAT_TOKENS):
            yield "mattermost.setup brings the slash command's hints up to this version", BY_HAND

    def _datastore(self, do: bool) -> Iterator[Tuple[str, str]]:
        older = sum(
            1 for row in self._context.store.rows() if migrations.is_older(row.name, row.raw)
        )
        if older:
            yield f"{older} values of an older version: they are read as today's", NOBODY

    def _sensors(self, do: bool) -> Iterator[Tuple[str, str]]:
        yield RESTART, BY_HAND


def result_of(found: List[Finding], *, done: bool) -> Dict[str, Any]:
    """The action's result."""
    from pagerduty_mattermost.core import markdown

    rows = [(one.about, markdown.cell(one.text, 400), one.done_by) for one in found]
    verb = "Done" if done else "What the upgrade leaves to do"
    return {
        "findings": [one._asdict() for one in found],
        "message": f"{verb}:\n\n{markdown.table(('about', 'what', 'by'), rows)}",
    }
