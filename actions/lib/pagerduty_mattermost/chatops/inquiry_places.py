"""Where inquiries go in Mattermost, and by what they are asked: for the rule's action and for the
chat sensor."""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping, Tuple

from pagerduty_mattermost.chatops.inquiry import ROOM
from pagerduty_mattermost.chatops.inquiry_asking import InquiryAsking
from pagerduty_mattermost.chatops.inquiry_posts import InquiryButtons
from pagerduty_mattermost.chatops.inquiry_records import InquiryRecords
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.stackstorm.web_api import StackStormApi
from pagerduty_mattermost.rooms.records import RoomRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def asking_of(
    context: Callable[[], Context],
    api: Any,
    mattermost: Callable[[], Any],
    records: InquiryRecords,
    log: Any,
) -> InquiryAsking:
    """`context`: makes one for one look."""
    made = context()
    return InquiryAsking(
        api,
        lambda place: channel_of(context(), place),
        mattermost,
        records,
        inquiry_buttons(made.settings),
        made.clock,
        log,
    )


def api_of(context: Context) -> StackStormApi:
    """StackStorm's API, as the user of this run."""
    config = context.settings
    return StackStormApi(
        config.chatops,
        config.mattermost.http,
        lambda: account_of(context.stackstorm()),
        log=context.log if config.debug else None,
        clock=context.clock,
        monotonic=context.monotonic,
        sleep=context.sleep,
    )


def inquiry_buttons(config: Config) -> InquiryButtons:
    """Where clicks on a question go, and by what they are signed; without a signing key
    nowhere."""
    chat = config.chat
    key = chat.signing_keys[0].reveal() if chat.signing_keys else ""
    return InquiryButtons(chat.public_url if key else "", key, times.zone(config.time_zone))


def channel_of(context: Context, place: str) -> str:
    """Id of the channel that a route leads to: `~channel`, `@user`, or the room of an incident.
    Raises a PackError."""
    if place.startswith("@"):
        try:
            user = context.mattermost.user_by_username(place[1:])
        except NotFound:
            raise NotFound(f"Mattermost has no user {one_line(place, 40)}") from None
        return str(context.mattermost.direct_channel(user.id).id)
    if place.startswith(ROOM):
        incident = place[len(ROOM) :]
        room = RoomRecords(context.store, context.log).open_of(incident)
        if room is None:
            raise NotFound(f"the incident {one_line(incident, 40)} has no open room")
        return room.channel_id
    return context.channels.resolve(place).id


def account_of(client: Any) -> Tuple[str, str]:
    """The address of StackStorm's API and a token, of a client of it; empty texts where there is
    none."""
    endpoints: Mapping[str, Any] = getattr(client, "endpoints", None) or {}
    return str(endpoints.get("api") or ""), str(getattr(client, "token", "") or "")


def own_account(service: Any) -> Tuple[str, str]:
    """The address of StackStorm's API and a token of this process's own account; empty texts
    where it has none."""
    try:
        client = getattr(service, "datastore_service", service).get_api_client()
    except (AttributeError, NotImplementedError):
        return "", ""
    return account_of(client)
