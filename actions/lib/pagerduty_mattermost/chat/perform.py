"""One command: allowed, recorded in the audit before and after it, and run; or tried without
changing anything.

All take the table of verbs, which is this pack's but in tests.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ContextManager, Iterator, Optional

from pagerduty_mattermost.chat import dry_run, kept_triggers
from pagerduty_mattermost.chat.command import Command, CommandResult, HalfDone
from pagerduty_mattermost.chat.command_table import CommandTable
from pagerduty_mattermost.chat.verb import PAGERDUTY, Verb
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import RejectedInput, RetryLater, WriteRefused
from pagerduty_mattermost.gateways.mattermost.values import id_in
from pagerduty_mattermost.runs.controls import TASK_RUN

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.audit import AuditedAct
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.oncall.kept_pages import KeptPage

PATIENCE_SECONDS = 10.0
"""For one of those that are kept: it is tried again soon."""


def perform(
    context: Context, command: Command, *, dry: bool = False, table: CommandTable = TABLE
) -> CommandResult:
    """Allowed and run; with `dry` nothing is changed, and what would be sent first is told. Raises
    a PackError of one line."""
    if dry:
        from pagerduty_mattermost.gateways.reading_context import ReadingContext

        return rehearse(ReadingContext.of(context), command, table)
    if command.verb == TASK_RUN:
        from pagerduty_mattermost.chat.task_commands import task_command

        allow(context, command, table)
        task = task_command(context, command)
        if task is not None:
            result = perform(context, task.command, table=table)
            task.ran(context)
            return result

    def act() -> CommandResult:
        allow(context, command, table)
        _refuse_long(context, command)
        return run(context, command, table)

    return kept_triggers.carried_out(context, command, act)


def _refuse_long(context: Context, command: Command) -> None:
    """What lasts more than a week is asked about, which a phrase to a chat bot can't be."""
    from pagerduty_mattermost.chat.orders import long_span
    from pagerduty_mattermost.core.typed_times import span_in_words

    zone = context.settings.time_zone
    span = long_span(command, context.clock(), zone)
    if span is not None:
        raise RejectedInput(
            f"that would last {span_in_words(span, zone)}: for more than a week say it with /pd, "
            "where it is confirmed"
        )


def allow(
    context: Context, command: Command, table: CommandTable = TABLE, *, entry_name: str = ""
) -> None:
    """Raises RejectedInput for what this person may not do; that it was tried stands in the
    audit. `entry_name`: of the order there."""
    from pagerduty_mattermost.chat import permissions

    verb = table.get(command.verb)
    if verb is None:
        return
    try:
        permissions.require(context, command, verb)
    except Exception:
        if not verb.is_act:
            raise
        with _recorded(context, command, entry_name):
            raise


def run(
    context: Context, command: Command, table: CommandTable = TABLE, *, entry_name: str = ""
) -> CommandResult:
    """What changes something stands in the audit, also when it fails. `entry_name`: of the order
    there, in which each request to PagerDuty is written down before it is sent."""
    verb = table.get(command.verb)
    if verb is None or not verb.is_act:
        return table.answer(context, command)
    with _recorded(context, command, entry_name) as act:
        try:
            with _watched(context, act, verb, written=command.written):
                result = table.answer(context, command)
        except HalfDone as half:
            act.person, act.incidents = half.result.person, half.result.incidents
            raise
        act.person, act.incidents = result.person, result.incidents
        act.problem = result.problem
    return result


@contextmanager
def _watched(context: Context, act: AuditedAct, verb: Verb, *, written: bool) -> Iterator[None]:
    """The act is written as begun before its first effect. What changes chat alone changes the
    datastore, which nobody watches. `written`: it stands there by itself already."""
    if verb.changes != PAGERDUTY:
        if not written:
            act.begin()
        yield
        return
    gateways = (context.pagerduty, context.events)
    for gateway in gateways:
        gateway.before_write = act.before_write
    try:
        yield
    finally:
        for gateway in gateways:
            gateway.before_write = None


def send_kept(context: Context, page: KeptPage) -> str:
    """A trigger that was kept, carried out as if it was given now; a line of Markdown about it.
    Raises as `perform` does."""
    command = kept_triggers.command_of(page)
    try:
        with kept_triggers.patient(context, PATIENCE_SECONDS):
            allow(context, command)
            return run(context, command).message
    except RetryLater as error:
        sent = kept_triggers.by_event(context, page, error)
        if sent is None:
            raise
        return sent.message


def rehearse(context: Context, command: Command, table: CommandTable = TABLE) -> CommandResult:
    """What would be changed, where it is allowed. `context`: one that only reads."""
    from pagerduty_mattermost.chat import permissions

    verb = table.get(command.verb)
    if verb is not None:
        permissions.require(context, command, verb)
    try:
        result = table.answer(context, command)
    except WriteRefused as refused:
        words = _in_words(context, command, verb)
        return CommandResult(dry_run.explain(refused, words, verb.dry_run if verb else ""))
    if verb is None or not verb.is_act:
        return result
    return result._replace(message=f"Dry run: nothing would be changed. {result.message}")


def _in_words(context: Context, command: Command, verb: Optional[Verb]) -> str:
    """All that it would do."""
    from pagerduty_mattermost.chat.in_words import in_words

    if verb is None or not verb.says:
        return ""
    return in_words(context, command, verb).sentence


def _recorded(context: Context, command: Command, entry_name: str) -> ContextManager[AuditedAct]:
    from pagerduty_mattermost.chat.audit import recorded

    words = {
        name: str(value or "")
        for name, value in command._asdict().items()
        if name not in ("verb", "user", "key", "user_name", "at", "written", "hook")
    }
    return recorded(
        context.store,
        context.log,
        context.clock,
        chat_user=command.user_name or id_in(command.user) or command.user,
        verb=command.verb,
        words=words,
        entry_name=entry_name,
    )
