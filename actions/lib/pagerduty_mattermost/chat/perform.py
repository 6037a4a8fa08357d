"""One command: allowed, recorded in the audit before and after it, and run; or tried without
changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, ContextManager

from pagerduty_mattermost.chat.command import Answer, Said
from pagerduty_mattermost.core.errors import WriteRefused

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.audit import AuditedAct
    from pagerduty_mattermost.gateways.context import Context

_WOULD = {
    "connect": "It would change whether anything is done in your name.",
    "disconnect": "It would change whether anything is done in your name.",
    "notify": "It would change whether you are told of your shifts in private.",
    "oncall_picture": "It would post the picture in this channel.",
    "subscribe": "It would change what this channel is subscribed to.",
    "unsubscribe": "It would change what this channel is subscribed to.",
}


def perform(context: Context, said: Said, *, dry: bool = False) -> Answer:
    """Allowed and run; with `dry` nothing is changed, and what would be sent first is told. Raises
    a PackError of one line."""
    if dry:
        from pagerduty_mattermost.gateways.reading_context import ReadingContext

        return rehearse(ReadingContext.of(context), said)
    allow(context, said)
    return run(context, said)


def allow(context: Context, said: Said) -> None:
    """Raises RejectedInput for what this person may not do; that it was tried stands in the
    audit."""
    from pagerduty_mattermost.chat import permissions
    from pagerduty_mattermost.chat.verbs.registry import ACTS

    if said.verb not in ACTS:
        return
    try:
        permissions.require(context, said)
    except Exception:
        with _recorded(context, said):
            raise


def run(context: Context, said: Said) -> Answer:
    """What changes something stands in the audit, also when it fails."""
    from pagerduty_mattermost.chat.verbs.registry import ACTS, answer

    if said.verb not in ACTS:
        return answer(context, said)
    with _recorded(context, said) as act:
        result = answer(context, said)
        act.person, act.incidents = result.person, result.incidents
    return result


def rehearse(context: Context, said: Said) -> Answer:
    """What would be changed, where it is allowed. `context`: one that only reads."""
    from pagerduty_mattermost.chat import permissions
    from pagerduty_mattermost.chat.dry_run import told
    from pagerduty_mattermost.chat.verbs.registry import ACTS, answer

    if said.verb in ACTS:
        permissions.require(context, said)
    try:
        result = answer(context, said)
    except WriteRefused as refused:
        return Answer(told(refused, _WOULD.get(said.verb, "")))
    if said.verb not in ACTS:
        return result
    return result._replace(message=f"Dry run: nothing would be changed. {result.message}")


def _recorded(context: Context, said: Said) -> ContextManager[AuditedAct]:
    from pagerduty_mattermost.chat.audit import recorded

    words = {
        name: str(value or "")
        for name, value in said._asdict().items()
        if name not in ("verb", "user", "key")
    }
    return recorded(
        context.store,
        context.log,
        context.clock,
        chat_user=said.user,
        verb=said.verb,
        words=words,
    )
