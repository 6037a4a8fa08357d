"""The card of a storm: created once a channel, repainted in place, summed up at its end.

    show_everywhere(context, storm, channel)     # and in the channels subscribed to such incidents
    show(store, mattermost, channel_id, storm, zone, post_once)    # in one channel
    orphans(store, ongoing, now)                 # cards whose storm nobody remembers

`storm` is the payload of the trigger `pagerduty.storm`.

Any number of runs may do this at once and in any order, and be killed at any point. Who comes
writes down what it is going to paint, paints unless the card itself shows something newer, and
looks again: while something newer is written there it paints that, and where something older has
taken the place of its own it writes and paints once more. So the newest state is what the card
shows in the end.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import (
    TYPE_CHECKING,
    AbstractSet,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from pagerduty_mattermost.cards import subscriptions
from pagerduty_mattermost.cards.posting import make_mentions
from pagerduty_mattermost.cards.route import NOBODY
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError
from pagerduty_mattermost.core.post_keys import PROPS_KEY, post_key
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.incidents.incident import Incident, Person
from pagerduty_mattermost.noise import storm_card

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.values import ChannelRef

Buttons = Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]]
"""Of the payload of `pagerduty.storm`."""
KEY_PREFIX = "storm."
KEPT_SECONDS = 30 * 86400.0
MAX_ROUNDS = 8
"""Times that one run writes and paints, while others do."""
ORPHANED_SECONDS = 900.0
"""Since its last state after which a storm that nobody remembers counts as over."""

CREATED, REPAINTED, UNCHANGED, OLDER, GONE = (
    "created",
    "repainted",
    "unchanged",
    "older",
    "deleted_by_a_person",
)


class StormCard(NamedTuple):
    """A storm's card in one channel."""

    channel_id: str
    post_id: str
    done: str
    """created, repainted, unchanged, older or deleted_by_a_person."""


def sentence(storm: Mapping[str, Any], done: str) -> str:
    """What became of its first card, for people. Pure."""
    where = one_line(clean(storm.get("service") or storm.get("title") or "a service"), 80)
    count = storm.get("total")
    number = f" ({count} incidents)" if isinstance(count, int) and count else ""
    return f"Storm on {where}{number}: card {done.replace('_', ' ')}."


def show_everywhere(
    context: Context, storm: Mapping[str, Any], channel: str, mention: str = NOBODY
) -> List[StormCard]:
    """In `channel` first (empty: the default one of its service), where a new card mentions whom
    `mention` says (one of `cards.route.MENTIONS`), then in those that are subscribed. Raises what
    failed in one of them, once the others show it."""
    zone = times.zone(context.settings.time_zone)

    def mentioned() -> str:
        return make_mentions(context).of_incident(mention, as_incident(storm))

    def routed(ref: ChannelRef) -> StormCard:
        return shown(ref, mentioned)

    def shown(ref: ChannelRef, mentions: Callable[[], str] = lambda: "") -> StormCard:
        post_id, done = show(
            context.store,
            context.mattermost,
            ref.id,
            storm,
            zone,
            context.post_once,
            buttons=buttons_of(context),
            mentions=mentions,
        )
        return StormCard(ref.id, post_id, done)

    cards: List[StormCard] = []
    failed: Optional[PackError] = None
    service = (str(storm["service_id"]), str(storm["service"]))
    try:
        cards.append(context.channels.using(channel or ":default", routed, service))
    except PackError as error:
        failed = error
    for subscribed in subscriptions.matching(context.store, as_incident(storm), context.log):
        if subscribed not in [card.channel_id for card in cards]:
            try:
                cards.append(context.channels.using(subscribed, shown))
            except PackError as error:
                failed = failed or error
    if failed is not None:
        raise failed
    return cards


def buttons_of(context: Context) -> Buttons:
    """The buttons of a storm's card while any of its incidents is open. What flaps has none: it is
    one alert, not a service's incidents."""
    from pagerduty_mattermost.cards.buttons import of_service

    chat, now = context.settings.chat, context.clock()

    def made(storm: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        if not chat.has_buttons or storm["kind"] != "storm" or not storm_card.left(storm):
            return ()
        key, triggered = chat.signing_keys[0].reveal(), bool(storm["triggered"])
        return of_service(str(storm["service_id"]), chat.public_url, key, now, triggered=triggered)

    return made


def as_incident(storm: Mapping[str, Any]) -> Incident:
    """What subscriptions and mentions go by, as far as the payload holds it: assigned to whom
    those incidents are that nobody has acknowledged, of high urgency where any of them is."""
    rows = storm["incidents"]
    high = any(one["urgency"] == "high" for one in rows)
    paged = [one for one in rows if one.get("status") == "triggered"]
    paged = [one for one in paged if one["urgency"] == "high"] if high else paged
    ids = (str(id) for one in paged for id in one.get("assignee_ids") or ())
    return Incident(
        "",
        status="triggered" if paged else "acknowledged",
        service_id=str(storm["service_id"]),
        service=str(storm["service"]),
        urgency="high" if high else "low",
        assignees=tuple(Person(id) for id in dict.fromkeys(ids)),
        escalation_policy_id=str(storm.get("escalation_policy_id") or "") if paged else "",
        teams=tuple(Person(str(id)) for id in storm.get("team_ids") or ()),
    )


def show(
    store: Store,
    mattermost: Mattermost,
    channel_id: str,
    storm: Mapping[str, Any],
    zone: tzinfo,
    post_once: Callable[..., Any],
    *,
    buttons: Buttons = lambda storm: (),
    mentions: Callable[[], str] = lambda: "",
) -> Tuple[str, str]:
    """`post_once`: `Context.post_once`; `buttons`: of the card, as `buttons_of` makes them;
    `mentions`: @names for a new card. Raises the gateways' errors; repeating it is harmless."""
    name = KEY_PREFIX + post_key("storm", channel_id, str(storm["key"]))
    key, done, post_id = f"storm-{storm['key']}", UNCHANGED, ""
    began = times.seconds(str(storm.get("started_at")))
    for number in range(MAX_ROUNDS):
        kept = _read(store, name)
        newest = int(kept["sequence"]) if kept else -1
        if newest > int(storm["sequence"]):
            if number == 0:
                return str(kept["post_id"]), OLDER
            storm = kept["storm"]
        elif newest == int(storm["sequence"]) and kept["painted"]:
            post_id = str(kept["post_id"])
            break
        claim = {
            "sequence": int(storm["sequence"]),
            "painted": False,
            "post_id": post_id,
            "storm": dict(storm),
            "channel_id": channel_id,
        }
        store.write(name, {**claim, "post_id": kept["post_id"] if kept else ""}, KEPT_SECONDS)
        message, attachment = storm_card.card(storm, zone, buttons(storm))
        marks: Dict[str, Any] = {"storm": str(storm["key"]), "sequence": int(storm["sequence"])}
        props = {"attachments": [attachment], PROPS_KEY: marks}
        mentioned = "" if kept and kept["post_id"] else mentions()
        said = f"{message} · {mentioned}" if mentioned else message
        sent = post_once(channel_id, said, key=key, props=props, not_before=began)
        post_id = sent.post_id
        if sent.already:
            # Patching a deleted one is 403, as if the bot were shut out.
            there = _post(mattermost, post_id)
            if there is None:
                store.write(name, {**claim, "painted": True, "post_id": post_id}, KEPT_SECONDS)
                return post_id, GONE
            if _sequence(there) > int(storm["sequence"]):
                return post_id, OLDER
            marks["key"] = post_key("message", channel_id, key)
            mattermost.patch_post(post_id, message=message, props=props)
        done = CREATED if done == CREATED or not sent.already else REPAINTED
        now = _read(store, name)
        if now and now["sequence"] == claim["sequence"]:
            store.write(name, {**claim, "painted": True, "post_id": post_id}, KEPT_SECONDS)
    if storm["state"] == "ended":
        post_once(channel_id, storm_card.summary(storm), key=key + "-over", root_id=post_id)
    return post_id, done


def orphans(
    store: Store, ongoing: AbstractSet[str], now: float
) -> List[Tuple[str, Dict[str, Any]]]:
    """Channel and last payload, as one that is over, of cards whose storm nobody remembers as
    going on: the sensor's memory was lost or overwritten by a second sensor; and of those whose
    end could not be shown. `ongoing`: keys of those that go on. Raises StoreUnreachable."""
    found = []
    for value in store.read_prefix(KEY_PREFIX, lambda error: None).values():
        kept = _kept(value)
        if kept is None or not kept.get("channel_id"):
            continue
        storm = kept["storm"]
        at = times.seconds(str(storm.get("at"))) or 0.0
        ended = storm.get("state") == "ended"
        settled = kept["painted"] if ended else str(storm.get("key")) in ongoing
        if settled or now - at < ORPHANED_SECONDS:
            continue
        over = {
            **storm,
            "state": "ended",
            "at": times.iso(now),
            "sequence": int(storm["sequence"]) + 1,
        }
        found.append((str(kept["channel_id"]), dict(storm) if ended else over))
    return found


def _sequence(post: Mapping[str, Any]) -> int:
    """The number of the state that the card shows."""
    try:
        return int(post["props"][PROPS_KEY]["sequence"])
    except (KeyError, TypeError, ValueError):
        return -1


def _post(mattermost: Mattermost, post_id: str) -> Optional[Mapping[str, Any]]:
    """None when a person has deleted it."""
    try:
        return mattermost.get_post(post_id) if post_id else None
    except NotFound:
        return None


def _read(store: Store, name: str) -> Any:
    """What is kept of the card. What does not read is put aside, and the card is found by its
    key."""
    try:
        return _kept(store.read(name))
    except BrokenValue as error:
        store.quarantine(error.name, error.raw, error.why)
        return None


def _kept(value: Any) -> Any:
    """A record of the right shape, else None."""
    if not isinstance(value, Mapping) or "post_id" not in value:
        return None
    storm, number = value.get("storm"), value.get("sequence")
    if not isinstance(storm, Mapping) or not isinstance(storm.get("sequence"), int):
        return None
    return value if isinstance(number, int) and isinstance(value.get("painted"), bool) else None
