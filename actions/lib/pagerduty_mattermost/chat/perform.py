"""One command carried out: allowed, recorded before and after, and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Answer, Said

if TYPE_CHECKING:
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
    """What changes something stands in the audit, also when it fails or is not allowed. `dry`:
    nothing is changed, and what would be sent first is told. Raises our own errors."""
    from pagerduty_mattermost.chat.verbs.registry import ACTS, answer

    if dry:
        return _dry(context, said)
    if said.verb not in ACTS:
        return answer(context, said)
    from pagerduty_mattermost.chat import permissions as chat_rights
    from pagerduty_mattermost.chat.audit import recorded

    told = {
        name: str(value or "")
        for name, value in said._asdict().items()
        if name not in ("verb", "user", "key")
    }
    with recorded(
        context.store, context.log, context.clock, chat_user=said.user, verb=said.verb, words=told
    ) as act:
        chat_rights.require(context, said)
        given = answer(context, said)
        act.person, act.incidents = given.person, given.incidents
    return given


def _dry(context: Context, said: Said) -> Answer:
    from pagerduty_mattermost.chat import permissions as chat_rights
    from pagerduty_mattermost.chat.dry_run import told
    from pagerduty_mattermost.chat.verbs.registry import ACTS, answer
    from pagerduty_mattermost.core.errors import WriteRefused
    from pagerduty_mattermost.gateways.reading_context import ReadingContext

    reading = ReadingContext.of(context)
    if said.verb in ACTS:
        chat_rights.require(reading, said)
    try:
        given = answer(reading, said)
    except WriteRefused as refused:
        return Answer(told(refused, _WOULD.get(said.verb, "")))
    if said.verb not in ACTS:
        return given
    return given._replace(message=f"Dry run: nothing would be changed. {given.message}")
