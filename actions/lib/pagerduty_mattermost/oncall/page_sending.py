"""Pages that are kept, sent once PagerDuty takes them.

    send_waiting(context, send_command)     # one run over all that wait -> SendingReport(...)

Each try is written down before it is made. Where an earlier one may have been taken although no
answer came, PagerDuty is asked first whether an incident bears the key; where it can't say, the
page is sent again under the same key, which makes no second incident while the first is open. What
came of a page is written before it is told, and told before the page is deleted: killed between
any two of these, the next run goes on from there.
"""

from __future__ import annotations

import random as _random
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater, StoreUnreachable
from pagerduty_mattermost.core.text import clean, escape, markdown_link, one_line
from pagerduty_mattermost.gateways.pagerduty import event_outcome, events_api
from pagerduty_mattermost.gateways.pagerduty.rows import link_of
from pagerduty_mattermost.gateways.stackstorm import outage
from pagerduty_mattermost.oncall import kept_pages, page_notices, page_texts
from pagerduty_mattermost.oncall.kept_pages import (
    BEGUN,
    COMMAND,
    KEPT_SECONDS,
    REFUSED,
    SENT,
    TRIGGER,
    WAITING,
    EndedPage,
    KeptPage,
    SendingOrder,
)
from pagerduty_mattermost.oncall.shift_messages import ShiftMessenger

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

RUN_SECONDS = 240.0
"""After this long the rest waits for the next run."""
PAUSE_SECONDS = 2.0
"""Before the first try, at random up to so long: many installations come back at once."""
CLOCK_MARGIN_SECONDS = 60.0
"""How much this machine's clock and PagerDuty's may differ."""

BUSY: Mapping[str, Any] = {"done": "unchanged", "message": "Another run is sending."}
"""Result of the action beside another one."""

SendCommand = Callable[["Context", KeptPage], str]
"""Carries a command from chat out again; a line of Markdown about what came of it. Raises as
commands do."""


class SendingReport(NamedTuple):
    """What one run came to."""

    sent: int
    refused: int
    waiting: int

    def as_result(self, remembered: bool) -> Dict[str, Any]:
        """The action's result. `remembered`: whether the run read anew who is on call."""
        counts = f"Sent: {self.sent}, refused: {self.refused}, waiting: {self.waiting}"
        more = "; who is on call is remembered" if remembered else ""
        is_idle = not (self.sent or self.refused or remembered)
        return {
            "done": "unchanged" if is_idle else "done",
            **self._asdict(),
            "remembered": remembered,
            "message": f"{counts}{more}.",
        }


def send_in_one_run(
    context: Context, send_command: SendCommand, *, by_hand: bool = False
) -> Optional[SendingReport]:
    """All that wait, by one run at a time; None beside another one. `by_hand`: as `send_waiting`
    has it. Raises StoreUnreachable."""
    if not kept_pages.waiting(context.store):
        return SendingReport(0, 0, 0)
    run = outage.begin_run(context.store, context.clock, outage.PAGES)
    if run is None:
        return None
    report = send_waiting(context, send_command, by_hand=by_hand, beat=run.beat)

    def sides() -> List[str]:
        return sorted({page.side for page in kept_pages.waiting(context.store)})

    run.end(report.sent + report.refused, sides)
    return report


def send_waiting(
    context: Context,
    send_command: SendCommand,
    *,
    by_hand: bool = False,
    only_lane: str = "",
    random: Callable[[], float] = _random.random,
    beat: Callable[[], None] = lambda: None,
) -> SendingReport:
    """`by_hand`: also those whose time has not come; `only_lane`: of one lane alone; `beat` is
    called before each. Raises StoreUnreachable."""
    kept = kept_pages.waiting(context.store, aside=True)
    pages = [one for one in kept if only_lane in ("", one.lane)]
    order = SendingOrder(pages, context.clock(), by_hand=by_hand)
    began, ends, quiet = context.monotonic(), {SENT: 0, REFUSED: 0}, []
    while context.monotonic() - began <= RUN_SECONDS:
        beat()
        page = order.next()
        if page is None:
            break
        if not by_hand and not sum(ends.values()):
            context.sleep(random() * PAUSE_SECONDS)
        try:
            end = _one(context, page, send_command, random)
        except RetryLater as error:
            if isinstance(error, StoreUnreachable):
                raise
            order.failed(page, error)
            continue
        ends[end] += 1
        if page.is_quiet and end == SENT:
            quiet.append(page)
    left = len(kept_pages.waiting(context.store)) if pages else 0
    if quiet:
        _tell_quiet(context, quiet, left)
    return SendingReport(ends[SENT], ends[REFUSED], left)


def _one(
    context: Context, page: KeptPage, send_command: SendCommand, random: Callable[[], float]
) -> str:
    """How it ended. Raises RetryLater, once the page is written so that it waits on."""
    over = kept_pages.ended(context.store, page.id)
    if over is None:
        over = _tried(context, page, send_command, random)
    page_notices.tell_ended(context, over)
    kept_pages.forget(context.store, page)
    return over.end if over.end in (SENT, REFUSED) else REFUSED


def _tried(
    context: Context, page: KeptPage, send_command: SendCommand, random: Callable[[], float]
) -> EndedPage:
    store, now = context.store, context.clock()
    maybe_before = page.maybe_taken or page.state == BEGUN  # whoever began it was killed
    doubtful = maybe_before or page.event_tried
    key = ""
    try:
        key = routing_key(context, page)
        if now - page.at > KEPT_SECONDS:
            days = int(KEPT_SECONDS // 86400)
            said = f"PagerDuty did not take it for {days} days. Trigger it anew where it still is."
            return kept_pages.end(store, page, REFUSED, said, now)
        page = page._replace(state=WAITING, attempts=page.attempts + 1, maybe_taken=True)
        kept_pages.save(store, page, now)
        found = made_of_it(context, page) if doubtful and page.is_page else ""
        tried = page._replace(maybe_taken=maybe_before)
        said = found or _send(context, tried, key, send_command)
        return kept_pages.end(store, page, SENT, said, context.clock())
    except StoreUnreachable:
        raise
    except RetryLater as error:
        page = kept_pages.read(store, page.id) or page
        keep(context, page._replace(maybe_taken=maybe_before), key, error, random)
        raise
    except Exception as error:  # noqa: BLE001 - it must not hold up those behind it
        line = escape(context.line_in_chat(error))
        return kept_pages.end(store, page, REFUSED, line, context.clock())


def keep(
    context: Context,
    page: KeptPage,
    key: str,
    error: RetryLater,
    random: Callable[[], float] = _random.random,
) -> Tuple[KeptPage, Tuple[str, ...]]:
    """After a try that failed: it waits for the next one, and who is on call hears, once. Gives
    the page and a line for each of them. Raises StoreUnreachable: then it is not kept."""
    now = context.clock()
    page = page._replace(
        maybe_taken=page.maybe_taken or error.maybe_done, reason=context.line_in_chat(error)
    )
    page = kept_pages.after(page, error, now, random())
    kept_pages.save(context.store, page, now)
    try:
        outage.note_waiting(context.store, page.reason, now, outage.PAGES, page.side)
    except PackError as failed:
        context.log.info("That a page waits is not noted: %s", context.line_of(failed))
    if page.is_told or not page.is_page:
        return page, ()
    return page_notices.tell_kept(context, page, key)


def _send(context: Context, page: KeptPage, key: str, send_command: SendCommand) -> str:
    if page.what == COMMAND:
        return send_command(context, page)
    context.events_soon.send_v2({**page.given["event"], "routing_key": key})
    if not page.is_told or page.is_quiet or page.given.get("action") != TRIGGER:
        return ""
    found = event_outcome.came_of(context.pagerduty_soon, page.key, key, sleep=context.sleep)
    return shown(found.row) if found.row else f"No incident came of it: {escape(found.why)}."


def made_of_it(context: Context, page: KeptPage) -> str:
    """The incident that bears the key, made since the page was given; empty where there is none,
    and where PagerDuty can't say."""
    asked = {"incident_key": page.key, "date_range": "all", "sort_by": "created_at:desc"}
    try:
        rows = context.pagerduty_soon.page("/incidents", "incidents", asked).items
    except PackError as error:
        context.log.info("Whether PagerDuty took a page before is not known: %s", error)
        return ""
    for row in rows:
        made_at = times.seconds(str(row.get("created_at")))
        is_new = made_at is not None and made_at >= page.at - CLOCK_MARGIN_SECONDS
        if row.get("incident_key") in (page.key, None) and is_new:
            return shown(row)
    return ""


def shown(row: Any) -> str:
    """The incident of a row of PagerDuty's, as Markdown."""
    title = one_line(
        clean(row.get("title") or row.get("summary")), page_texts.MAX_TITLE_CHARACTERS
    )
    number = f"#{row['incident_number']} " if row.get("incident_number") else ""
    return markdown_link(f"{number}{title}", link_of(row))


def routing_key(context: Context, page: KeptPage) -> str:
    """The integration key that a page goes to; empty for one that names a service. Raises
    ConfigError or RejectedInput where the configuration has it no more."""
    config = context.settings.pagerduty
    if page.what == COMMAND:
        return "" if page.on else config.service_key.reveal()
    if page.given.get("has_own_key"):
        return str(context.store.read_secret(kept_pages.ROUTING_PREFIX + page.id))
    named: Dict[str, Any] = {"routing_key_name": page.given.get("key_name") or ""}
    return events_api.choose_key(config, named)


def _tell_quiet(context: Context, sent: List[KeptPage], left: int) -> None:
    """Those that have no message of their own, by channel."""
    messenger = ShiftMessenger(context)
    by_channel: Dict[str, List[KeptPage]] = {}
    for page in sent:
        if page.audience is not None:
            by_channel.setdefault(page.audience.channel, []).append(page)
    for channel, pages in by_channel.items():
        text = page_texts.sent_quietly(len(pages), left)
        messenger.channel(channel, text, f"pages sent {pages[0].id} {len(pages)}")
