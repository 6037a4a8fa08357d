"""Events of v2 that page, sent or kept: what `event.trigger`, `.acknowledge` and `.resolve` do.

    send(context, "trigger", routing_key, given, dedup_key=key, keep=True)
    # PagerDuty's answer, or {"done": "kept", ...}

A trigger is written down before it is sent, and deleted once PagerDuty took or refused it. What
follows a trigger that is kept, under the same dedup key, goes behind it: a resolution that came
first would leave the page open for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence

from pagerduty_mattermost.core.config.connections import PagerDutyConfig
from pagerduty_mattermost.core.config.settings import is_mattermost_absent
from pagerduty_mattermost.core.errors import PackError, RejectedInput, RetryLater, StoreUnreachable
from pagerduty_mattermost.gateways.pagerduty import events_api
from pagerduty_mattermost.oncall import kept_pages
from pagerduty_mattermost.oncall.kept_pages import (
    BEGUN,
    EVENT,
    EVENTS_SIDE,
    REFUSED,
    TRIGGER,
    WAITING,
    KeptPage,
    PagedPerson,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

SENDER = "StackStorm"


def send(
    context: Context,
    action: str,
    routing_key: str,
    given: Mapping[str, Any],
    *,
    dedup_key: str,
    keep: bool,
) -> Dict[str, Any]:
    """`action`: trigger, acknowledge or resolve; `dedup_key`: of a trigger that brings none;
    `keep`: whether a trigger that PagerDuty does not take is kept. Raises as `Events.send_v2`."""
    event = events_api.alert(action, routing_key, {"dedup_key": dedup_key, **given})
    keep = keep and not is_mattermost_absent(context.settings)
    page = _page(context, action, routing_key, event) if keep else None
    before = _before(context, page) if page is not None else None
    if page is None or before is None:
        return context.events.send_v2(event)
    if [one for one in before if one.state != BEGUN] or (before and action != TRIGGER):
        return _behind(context, page, before, event)
    if before and _is_made(context, before[-1]):
        # The run before this one was killed after PagerDuty took it.
        kept_pages.forgotten(context, page)
        return _answer(page)
    if action != TRIGGER or not _begun(context, page, routing_key):
        return context.events.send_v2(event)
    try:
        with context.events.patient_for(kept_pages.PATIENCE_SECONDS):
            answer = context.events.send_v2(event)
    except RetryLater as error:
        return _kept(context, page, routing_key, error)
    except PackError:
        kept_pages.forgotten(context, page)
        raise
    kept_pages.forgotten(context, page)
    return answer


def _page(context: Context, action: str, routing_key: str, event: Mapping[str, Any]) -> KeptPage:
    """As it is kept: the integration key by its name in the configuration, where it has one."""
    lane = kept_pages.lane_of(EVENTS_SIDE, routing_key)
    name = _configured(context.settings.pagerduty, routing_key)
    body = {key: value for key, value in event.items() if key != "routing_key"}
    given: Dict[str, Any] = {"action": action, "event": body, "key_name": name or ""}
    if name is None:
        given["has_own_key"] = True
    payload = event.get("payload") or {}
    return KeptPage(
        kept_pages.page_id(lane, event["dedup_key"]),
        EVENT,
        given,
        event["dedup_key"],
        lane,
        str(payload.get("summary") or f"{action} {event['dedup_key']}"),
        SENDER,
        context.clock(),
    )


def _configured(config: PagerDutyConfig, routing_key: str) -> Optional[str]:
    """Its name among events.routing_keys, empty for events.routing_key; None where it was
    typed."""
    if config.routing_key and config.routing_key.reveal() == routing_key:
        return ""
    names = (name for name, key in config.routing_keys.items() if key.reveal() == routing_key)
    return next(names, None)


def _before(context: Context, page: KeptPage) -> Optional[List[KeptPage]]:
    """What is kept under the same key; None where the datastore can't tell: then it is sent as if
    nothing could be kept."""
    try:
        return kept_pages.with_key(context.store_soon, page.lane, page.key)
    except PackError as error:
        context.log.warning("A page that PagerDuty does not take would not be kept: %s", error)
        return None


def _is_made(context: Context, page: KeptPage) -> bool:
    from pagerduty_mattermost.oncall.page_sending import made_of_it

    return bool(made_of_it(context, page))


def _begun(context: Context, page: KeptPage, routing_key: str) -> bool:
    """Whether it is written down."""
    store = context.store_soon
    try:
        if kept_pages.is_full(store):
            context.log.warning("A page is not kept: %d are kept already", kept_pages.MAX_PAGES)
            return False
        if page.given.get("has_own_key"):
            name = kept_pages.ROUTING_PREFIX + page.id
            store.write(name, routing_key, kept_pages.KEPT_SECONDS, encrypt=True)
        kept_pages.save(store, page, context.clock())
        return True
    except PackError as error:
        context.log.warning("A page that PagerDuty does not take would not be kept: %s", error)
        return False


def _behind(
    context: Context, page: KeptPage, before: Sequence[KeptPage], event: Mapping[str, Any]
) -> Dict[str, Any]:
    """Kept behind what waits under the same key, and all of that tried now, in order."""
    last = before[-1]
    if last.given.get("action") == page.given["action"] and last.state == WAITING:
        page = last._replace(given=page.given, title=page.title)
    else:
        number = 1 + max(kept_pages.number_of(one.id) for one in before)
        page = page._replace(id=kept_pages.page_id(page.lane, page.key, number), state=WAITING)
    if not _begun(context, page, event["routing_key"]):
        raise StoreUnreachable(
            "PagerDuty has not taken what was sent before under this dedup_key, and the datastore "
            "takes nothing: not sent, not kept"
        )
    from pagerduty_mattermost.oncall.page_sending import send_waiting

    send_waiting(context, _no_command, by_hand=True, only_lane=page.lane)
    over = kept_pages.ended(context.store, page.id)
    if over is not None and over.end == REFUSED:
        raise RejectedInput(over.said)
    if over is not None:
        return _answer(page)
    left = kept_pages.read(context.store, page.id) or page
    return _result(left)


def _no_command(context: Context, page: KeptPage) -> str:
    raise RejectedInput("an integration key's lane holds events alone")


def _kept(context: Context, page: KeptPage, routing_key: str, error: RetryLater) -> Dict[str, Any]:
    """Raises the error where it can't be kept."""
    from pagerduty_mattermost.oncall.page_sending import keep

    try:
        page, _ = keep(context, page._replace(attempts=1), routing_key, error)
    except StoreUnreachable as failed:
        context.log.warning("A page is not kept: %s", context.line_of(failed))
        raise error from None
    return _result(page)


def _answer(page: KeptPage) -> Dict[str, Any]:
    """As PagerDuty answers an event that it takes."""
    return {"status": "success", "message": "Event processed", "dedup_key": page.key}


def _result(page: KeptPage) -> Dict[str, Any]:
    audience = page.audience
    people: Sequence[PagedPerson] = audience.people if audience is not None else ()
    names = ", ".join(one.name for one in people)
    heard = f"On call, and notified meanwhile: {names}." if names else "Nobody was notified."
    heard = f" {heard}" if page.is_told else ""
    return {
        "done": "kept",
        "status": "kept",
        "message": f"Not sent yet, and kept until PagerDuty takes it: {page.reason}.{heard}",
        "dedup_key": page.key,
        "page": page.id,
        "notified": [one.name for one in people] if page.is_told else [],
    }
