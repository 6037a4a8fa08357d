"""`PackAction`: what every python action of the pack is built on.

An entry point defines one class and `act`:

    class GetChannel(PackAction):
        def act(self, channel: str) -> dict:
            return {"channel_id": ...}

StackStorm calls `run`; it calls `act` and turns what went wrong into `(False, one line)`: a
`PackError` into its own line, anything else into its type and place (the stack goes to the log at
debug level). What `act` returns is made fit for StackStorm (`results.fit`). The configuration's
secrets never leave in a message. `self.context` is what `act` works with.

An action that names itself in `kept_as` is kept as a dead letter when it fails on behalf of a
rule, so that it can be carried out again (operations/dead_letters.py, replay.py). Such a run has
not failed: it succeeds with `done: kept`, and no policy of StackStorm's tries it again. What a
person wrote wrong in a rule (`WrongParameter`) fails at once and is not kept (rule_mistakes.py).
While the datastore is down it waits for it, until StackStorm's time for the execution is over:
policies repeat only that (`retry_on: timeout`), so that no mistake of a person's is repeated.
"""

from __future__ import annotations

import os
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Tuple

from st2common.runners.base_action import Action

from pagerduty_mattermost.action_bases.results import fit
from pagerduty_mattermost.core.errors import (
    PackError,
    RetryLater,
    StoreForbidden,
    StoreUnreachable,
    WrongParameter,
)
from pagerduty_mattermost.gateways.context import Context

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable
    from pagerduty_mattermost.operations.dead_letters import DeadLetter

TRIES_OF_WHAT_IS_KEPT = 2
"""Of one call of Mattermost's: a hiccup is over by then."""
EXECUTION_VARIABLE = "ST2_ACTION_EXECUTION_ID"
"""In which StackStorm tells a Python action its execution's id (st2common.runners.base)."""
KEEP_AGAIN_SECONDS = (1.0, 2.0, 4.0, 8.0, *(15.0,) * 20)
"""Between tries to keep what failed while the datastore is down; longer than an execution may
take."""


class PackAction(Action):
    """Base of the pack's python actions. `clock`, `monotonic` and `sleep` are overridden by
    tests."""

    clock: Callable[[], float] = staticmethod(time.time)
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], None] = staticmethod(time.sleep)
    kept_as = ""
    """The action's name in `dead_letters.ACTIONS`; empty: its failures are not kept."""

    def __init__(self, config: Any = None, action_service: Any = None) -> None:
        super().__init__(config=config, action_service=action_service)
        self._context: Optional[Context] = None
        self._params: Dict[str, Any] = {}
        self._outage_known: Optional[bool] = None

    @classmethod
    def beside(cls, other: PackAction) -> PackAction:
        """One of this class that works with the context of another action."""
        made = cls(other.config, other.action_service)
        made.logger = other.logger
        made._context = other.context
        return made

    @property
    def context(self) -> Context:
        """What the action works with, made when it is first asked for."""
        if self._context is None:
            self._context = Context(
                dict(self.config),
                self.action_service,
                self.logger,
                clock=lambda: self.clock(),
                monotonic=lambda: self.monotonic(),
                sleep=lambda seconds: self.sleep(seconds),
                keep_failed=self._keep_failed,
                gives_up=self.gives_up,
                of_channel=self._notice_of_channel,
            )
        return self._context

    def own_key(self, kind: str, *parts: str) -> str:
        """32 hex digits for what this execution makes, the same when it is run again after it was
        killed; by chance where nobody tells which execution it is. `kind`, `parts`: which of the
        things that it makes."""
        own = getattr(self.action_service, "execution_id", "")
        id = own if isinstance(own, str) and own else os.environ.get(EXECUTION_VARIABLE, "")
        if id:
            from pagerduty_mattermost.core.post_keys import post_key

            return post_key(kind, id, *parts)
        import uuid

        return uuid.uuid4().hex

    @cached_property
    def rule_ref(self) -> str:
        """Reference of the rule that runs it; empty where none does, and where StackStorm does not
        show it. The embedded default says it, StackStorm is asked."""
        own = getattr(self.action_service, "rule_ref", None)
        if isinstance(own, str):
            return own
        id = os.environ.get(EXECUTION_VARIABLE, "")
        if not id:
            return ""
        from pagerduty_mattermost.gateways.stackstorm.executions_api import rule_of

        return rule_of(self.context.stackstorm(), id)

    def act(self, *args: Any, **params: Any) -> Any:
        """What the action does; returns its result or raises a PackError."""
        raise NotImplementedError(f"{type(self).__name__} has no act()")

    def run(self, **params: Any) -> Tuple[bool, Any]:
        """(True, result) or (False, one line for people)."""
        self._params = params
        try:
            result = fit(self.act(**params))
        except WrongParameter as error:
            return False, self._of_a_person(error, params)
        except Exception as error:  # noqa: BLE001 - StackStorm would not turn it into one line
            line, known = self.said_of(error), error if isinstance(error, PackError) else None
            why = line if known is None else self.context.line_in_chat(known)
            kept = self._keep(params, why, known)
            return (False, line) if kept is None else _kept_result(kept, line)
        left = self.unfinished(result)
        if left is not None:
            self._keep(params, self.context.line_in_chat(left), left)
        return True, result

    def said_of(self, error: BaseException) -> str:
        """What the result says of what went wrong."""
        return self.context.line_of(error)

    def unfinished(self, result: Any) -> Optional[PackError]:
        """Why a part of it is not done although the action succeeded; None when all is."""
        return None

    def to_keep(
        self, params: Dict[str, Any], error: Optional[PackError]
    ) -> Optional[Dict[str, Any]]:
        """The parameters it is carried out with again, None when this failure is not kept. `error`
        None: an exception that nobody foresaw."""
        from pagerduty_mattermost.operations.dead_letters import is_from_a_rule

        return params if is_from_a_rule(self.kept_as, params) else None

    def gives_up(self, error: RetryLater, attempt: int) -> bool:
        """Whether a failed try at Mattermost is the last: where the failure is kept, since the
        incident sensor knows sooner when it is back; the first, where others are known to wait
        already. A rate limit is waited for."""
        if not self.kept_as or error.status == 429 or self.to_keep(self._params, error) is None:
            return False
        if attempt >= TRIES_OF_WHAT_IS_KEPT:
            return True
        if self._outage_known is None:
            from pagerduty_mattermost.gateways.stackstorm.outage import is_waiting

            try:
                self._outage_known = is_waiting(self.context.store)
            except PackError:
                self._outage_known = False
        return self._outage_known

    def _is_typed(self, channel: str) -> bool:
        """Whether a person gave this channel for the run and reads what is wrong with it: no rule
        runs it, and none of the pack's jobs, which are given no channel."""
        from pagerduty_mattermost.action_bases import rule_mistakes
        from pagerduty_mattermost.operations.dead_letters import is_from_a_rule

        typed = str(self._params.get("channel") or "")
        if not typed or is_from_a_rule(self.kept_as, self._params):
            return False
        is_it = rule_mistakes.bare(typed) == rule_mistakes.bare(channel)
        entry_point = type(self).__module__
        return is_it and not rule_mistakes.name_channel(self.context, typed, entry_point)

    def _notice_of_channel(self, error: ChannelUnavailable) -> Optional[Tuple[str, str]]:
        """What the operations channel is told of a channel that can't be posted in, and what it is
        told about; None where whoever typed the channel reads what is wrong."""
        if self._is_typed(error.channel):
            return None
        from pagerduty_mattermost.action_bases import channel_notices, rule_mistakes

        given = str(self._params.get("channel") or "")
        names_it = error.setting or rule_mistakes.bare(given) == rule_mistakes.bare(error.channel)
        rule = self.rule_ref if given and names_it else ""
        return channel_notices.notice(error, rule, self._params)

    def _of_a_person(self, error: WrongParameter, params: Dict[str, Any]) -> str:
        """The line about a parameter that somebody wrote wrong, in a rule or for a run."""
        from pagerduty_mattermost.operations.dead_letters import ACTIONS, is_from_a_rule

        if not self.kept_as or not is_from_a_rule(self.kept_as, params):
            return self.context.line_of(error)
        from pagerduty_mattermost.action_bases import rule_mistakes

        action = ACTIONS[self.kept_as][2]
        return rule_mistakes.told(self.context, action, params, error)

    def not_configured(self) -> Optional[Dict[str, Any]]:
        """The result of a rule's action while Mattermost is not configured at all, else None: a
        pack upgraded from the Exchange's goes on as before, and no execution fails (and is
        retried) for each incident."""
        from pagerduty_mattermost.core.config.settings import is_mattermost_absent

        if not is_mattermost_absent(self.context.settings):
            return None
        return {
            "done": "not_configured",
            "message": "Nothing posted: the configuration says nothing of Mattermost.",
        }

    def _keep(
        self, params: Dict[str, Any], line: str, error: Optional[PackError]
    ) -> Optional[DeadLetter]:
        """None when it is not to be kept, or could not be."""
        given = self.to_keep(params, error) if self.kept_as else None
        if given is None:
            return None
        from pagerduty_mattermost.operations.dead_letters import COMMANDS

        waits = () if self.kept_as in COMMANDS else KEEP_AGAIN_SECONDS
        for pause in (*waits, None):
            try:
                return self._keep_failed(self.kept_as, given, error, line)
            except PackError as failed:
                problem = self.context.line_of(failed)
                self.context.log.warning("Not kept as a failed post: %s", problem)
                if pause is None or not may_pass(failed):
                    break
                self.sleep(pause)
        return None

    def _keep_failed(
        self, action: str, params: Mapping[str, Any], error: Optional[PackError], line: str
    ) -> DeadLetter:
        from pagerduty_mattermost.gateways.stackstorm.outage import note_waiting
        from pagerduty_mattermost.operations import dead_letters
        from pagerduty_mattermost.operations.place import place_of

        kind = dead_letters.ACT if action in dead_letters.COMMANDS else dead_letters.kind_of(error)
        context = self.context
        rule = self.rule_ref if dead_letters.is_from_a_rule(action, params) else ""
        kept = dead_letters.keep(
            context.store,
            action,
            params,
            kind,
            line,
            context.clock(),
            context.log,
            rule=rule if action == self.kept_as else "",
            place=place_of(context, params) if kind == dead_letters.BLOCKED else "",
        )
        if kind == dead_letters.RETRYABLE:
            try:
                note_waiting(context.store, line, context.clock())
            except PackError as failed:
                context.log.info("That it waits is not noted: %s", context.line_of(failed))
        return kept


def is_last_of_few(error: RetryLater, attempt: int) -> bool:
    """For `PackAction.gives_up` of what hears soon that Mattermost is away: as many tries as of
    what is kept, but a rate limit is waited for."""
    return error.status != 429 and attempt >= TRIES_OF_WHAT_IS_KEPT


def may_pass(failed: PackError) -> bool:
    """Whether the datastore may take it later."""
    return isinstance(failed, StoreUnreachable) and not isinstance(failed, StoreForbidden)


def _kept_result(kept: DeadLetter, line: str) -> Tuple[bool, Any]:
    """Of what failed and was kept: no failure of the execution, which nothing has to repeat. An
    act of a person is one: it was not done."""
    from pagerduty_mattermost.operations.dead_letter_view import kept_result
    from pagerduty_mattermost.operations.dead_letters import ACT

    return (False, line) if kept.kind == ACT else (True, kept_result(kept, line))
