"""`trigger` from chat while PagerDuty does not answer: kept, and sent once by itself when it does.

    carried_out(context, command, act)     # its result, or one that says that it is kept

Who may do it, and on which service it is, is looked up when it is sent where PagerDuty can't tell
now. The giver is told what became of it in the channel. What nobody could carry out at once of
other commands stays a failed command.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable, Iterator, Optional

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater, StoreUnreachable
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.core.text import clean, cut_at_word, one_line
from pagerduty_mattermost.gateways.mattermost.values import id_in
from pagerduty_mattermost.gateways.pagerduty import events_api
from pagerduty_mattermost.oncall import kept_pages, page_audience, page_texts
from pagerduty_mattermost.oncall.kept_pages import (
    COMMAND,
    EVENTS_SIDE,
    REST_SIDE,
    Audience,
    KeptPage,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

VERB = "create"
_CARRIED = ("details", "urgency")
"""Options that an event can carry."""
MAX_SUMMARY_CHARACTERS = 1024
"""Of an event."""


@contextmanager
def patient(context: Context, seconds: float) -> Iterator[None]:
    """Within this PagerDuty is tried for so long at most."""
    with context.pagerduty.patient_for(seconds), context.events.patient_for(seconds):
        yield


def is_kept(context: Context, command: Command) -> bool:
    """Whether this very command stands there as kept or begun: it may be carried on. Raises
    StoreUnreachable."""
    if command.verb != VERB or not command.key:
        return False
    return kept_pages.read(context.store, _id(context, command)) is not None


def said_of(context: Context, command: Command) -> str:
    """What is known of this very command, in Markdown, where it is or was kept; else empty. Raises
    StoreUnreachable."""
    if command.verb != VERB or not command.key:
        return ""
    id, now = _id(context, command), context.clock()
    over, zone = kept_pages.ended(context.store, id), times.zone(context.settings.time_zone)
    if over is not None:
        return f"{page_texts.what(over.page)}: {page_texts.short(over, zone, now)}"
    page = kept_pages.read(context.store, id)
    return page_texts.not_sent(page) if page is not None else ""


def carried_out(
    context: Context, command: Command, act: Callable[[], CommandResult]
) -> CommandResult:
    """What `act`, which does the command where it is allowed, gives; or the command kept where
    PagerDuty does not answer, be it who may do it. Raises what `act` raises."""
    if command.verb != VERB or not command.key:
        return act()
    page = _page(context, command)
    before = _begun(context, page)
    if before is not None:
        from pagerduty_mattermost.oncall.page_sending import made_of_it

        found = made_of_it(context, before)
        if found:
            kept_pages.forgotten(context, page)
            return CommandResult(f"Triggered already: {found}")
    try:
        with patient(context, kept_pages.PATIENCE_SECONDS):
            result = act()
    except StoreUnreachable:
        raise
    except RetryLater as error:
        sent = by_event(context, before or page, error)
        if sent is None:
            return _kept(context, page, error)
        kept_pages.forgotten(context, page)
        return sent
    except PackError:
        kept_pages.forgotten(context, page)
        raise
    kept_pages.forgotten(context, page)
    return result


def by_event(context: Context, page: KeptPage, error: RetryLater) -> Optional[CommandResult]:
    """It sent through the Events API, which may take it while the other API does not answer: where
    the configuration has an integration key of that service, nothing is said that an event can't
    carry, and whoever gave it was allowed to when PagerDuty last said so. None where it did not
    take it; that it may have is written down before. `error`: of the other API. Raises
    StoreUnreachable: then nothing is sent."""
    command = command_of(page)
    doubtful = error.maybe_done or page.maybe_taken
    if page.side != REST_SIDE or doubtful or set(command.options) - set(_CARRIED):
        return None
    key = page_audience.configured_key(context, page.on)
    if not key or not _may(context, command):
        return None
    details = {name: command.options[name] for name in _CARRIED if command.options.get(name)}
    given = {
        "summary": cut_at_word(page.title, MAX_SUMMARY_CHARACTERS),
        "source": "Mattermost",
        "severity": "warning" if details.get("urgency") == "low" else "critical",
        "custom_details": {"asked for by": page.by, "said": page.title, **details},
        "dedup_key": page.key,
    }
    kept_pages.save(context.store, page._replace(event_tried=True), context.clock())
    try:
        context.events.send_v2(events_api.alert(kept_pages.TRIGGER, key, given))
    except PackError as failed:
        context.log.info(
            "A trigger waits, and is not sent by the Events API: %s", context.line_of(failed)
        )
        return None
    why = page_texts.why(context.line_in_chat(error))
    return CommandResult(
        f":white_check_mark: {page_texts.what(page)} went to PagerDuty as an event, since its "
        f"other API takes nothing ({why}). It pages whoever is on call for the service.",
        public=True,
    )


def _may(context: Context, command: Command) -> bool:
    from pagerduty_mattermost.chat import acting_user, permissions
    from pagerduty_mattermost.chat.verbs.registry import TABLE

    verb = TABLE.get(VERB)
    try:
        acting_user.believe_last_known(context, command.user)
        if verb is not None:
            permissions.require(context, command, verb)
        return verb is not None
    except PackError as error:
        context.log.info(
            "A trigger waits, and is not sent by the Events API: %s", context.line_of(error)
        )
        return False


def _kept(context: Context, page: KeptPage, error: RetryLater) -> CommandResult:
    """What its giver is told. Raises the error where it can't be kept."""
    from pagerduty_mattermost.oncall.page_sending import keep, routing_key

    try:
        page = kept_pages.read(context.store, page.id) or page
        page = page._replace(attempts=page.attempts + 1)
        page, told = keep(context, page, routing_key(context, page), error)
    except StoreUnreachable as failed:
        context.log.warning("A page is not kept: %s", context.line_of(failed))
        raise error from None
    heard = page_texts.heard(page.audience or Audience(), told, context.clock())
    return CommandResult(
        f"{page_texts.not_sent(page)}\n{heard}\n`/pd kept` shows what waits, "
        f"`/pd kept drop {page.id}` withdraws it.",
        problem=f"kept until PagerDuty takes it: {page.reason}",
    )


def command_of(page: KeptPage) -> Command:
    """The command of a page that is kept."""
    return record_or_none(Command, page.given.get("command")) or Command(VERB)


def _page(context: Context, command: Command) -> KeptPage:
    return KeptPage(
        _id(context, command),
        COMMAND,
        # Without where its answer goes: whoever has that posts in the name of who typed.
        {"command": to_json(command._replace(hook=""))},
        command.key,
        _lane(context, command),
        one_line(clean(command.text, 1000)),
        _giver(context, command),
        context.clock(),
        _service(command),
        command.channel,
    )


def _id(context: Context, command: Command) -> str:
    return kept_pages.page_id(_lane(context, command), command.key)


def _lane(context: Context, command: Command) -> str:
    if _service(command):
        return REST_SIDE
    return kept_pages.lane_of(EVENTS_SIDE, context.settings.pagerduty.service_key.reveal())


def _service(command: Command) -> str:
    return one_line(clean(command.service, 200))


def _giver(context: Context, command: Command) -> str:
    """As people call who gave it: @name, or the address that was said."""
    if command.from_email:
        return one_line(clean(command.from_email, 200))
    from pagerduty_mattermost.chat.acting_user import account

    try:
        return f"@{account(context, command.user).username}" if command.user else "somebody"
    except PackError:
        return "somebody" if id_in(command.user) else f"@{one_line(clean(command.user, 60))}"


def _begun(context: Context, page: KeptPage) -> Optional[KeptPage]:
    """Written down; what stood there of it before. A datastore that is down stops nobody: then it
    is not kept."""
    try:
        before = kept_pages.read(context.store_soon, page.id)
        if before is None and not kept_pages.is_full(context.store_soon):
            kept_pages.save(context.store_soon, page, context.clock())
        return before
    except PackError as error:
        context.log.warning("A page that PagerDuty does not take would not be kept: %s", error)
        return None
