"""The digest of what quiet hours held back: one post a channel once they are over, of what is
still open then.

    QuietDigest(context).post_due()        # for all channels
    due(held, quiet_until, now)            # pure: what is to be posted now, by channel
    message(open_ones, over, zone)         # pure: the post, in Markdown
"""

# flake8: noqa: W503

from __future__ import annotations

from datetime import tzinfo
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from pagerduty_mattermost.cards import held_cards, incident_lists
from pagerduty_mattermost.cards.held_cards import HeldCard
from pagerduty_mattermost.cards.mentions import MAX_MENTIONS
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, PermanentError, Unreadable
from pagerduty_mattermost.core.post_keys import PROPS_KEY, own_props
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.incidents.reader import read_incident

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.values import ChannelRef

SETTLE_SECONDS = 60.0
"""After the end of the quiet hours: runs that began before it write what they hold."""
MAX_INCIDENTS = 400
"""Of one post: their ids stand in its props, of which the oldest servers take 8,000 characters."""
MAX_POSTS = 20
"""Of one channel and end of quiet hours."""
MAX_LISTED = 30
"""Incidents that a post names; the others are counted."""
MAX_ASKED_BY_ID = 3
"""So many incidents or fewer are asked for by their ids; more by the time of their creation, 100
in a request."""
LATELY_SECONDS = 14 * 86400.0
"""Before the end of the quiet hours. Older ones are asked for by their ids, whatever their
number: an account has few that are so old and without a card, and many between."""


class DigestsPosted(NamedTuple):
    """What a run did."""

    post_ids: List[str]
    """New posts; empty where all that was due had been posted before."""
    incidents: int
    """Incidents that were held and are posted now, or are over."""
    due: bool

    @property
    def message(self) -> str:
        if not self.due:
            return "No digest is due."
        return f"Digests posted: {len(self.post_ids)}; incidents silenced: {self.incidents}."


class HeldByFate(NamedTuple):
    """The held incidents of a channel, by what becomes of them."""

    still_open: List[HeldCard]
    over: List[HeldCard]
    with_card: List[HeldCard]
    """Open ones that have got a card meanwhile: the digest leaves them out."""


def due(
    held: Iterable[HeldCard], quiet_until: Callable[[str], Optional[float]], now: float
) -> Dict[str, List[HeldCard]]:
    """What is to be posted now, by channel id. `quiet_until`: when the quiet hours of a route are
    over, None when there are none now."""
    found: Dict[str, List[HeldCard]] = {}
    for one in held:
        waits = one.why != held_cards.QUIET or now < one.until + SETTLE_SECONDS
        if not waits and quiet_until(one.route.quiet) is None:
            found.setdefault(one.channel_id, []).append(one)
    return found


def by_fate(
    group: Iterable[HeldCard],
    states: Mapping[str, Optional[Incident]],
    has_card: Callable[[HeldCard], bool],
) -> HeldByFate:
    """`states`: as `present` gives them, what is not in them has no fate yet; `has_card` is
    asked for open ones alone."""
    found = HeldByFate([], [], [])
    for one in group:
        if one.incident_id not in states:
            continue  # it waits for a digest that can read it
        state = states[one.incident_id]
        if state is None or not state.is_open:
            found.over.append(one)
        elif has_card(one):
            found.with_card.append(one)
        else:
            found.still_open.append(one)
    return found


def present(
    pagerduty: PagerDuty,
    held: Iterable[HeldCard],
    unreadable: Callable[[str, PackError], Any] = lambda incident_id, error: None,
) -> Dict[str, Optional[Incident]]:
    """The incidents as PagerDuty has them now; None for one that it has no longer, and those left
    out that do not read, of which `unreadable` is told. Raises the gateway's errors.

    GET /incidents takes no ids. Rows can be skipped while the account changes between two pages,
    so what is in no page is asked for by its id before it counts as over.
    """
    wanted = {one.incident_id: one for one in held}
    found: Dict[str, Optional[Incident]] = {}
    created = [
        at
        for at, until in ((times.seconds(one.created_at), one.until) for one in wanted.values())
        if at is not None and at > until - LATELY_SECONDS
    ]
    if len(created) > MAX_ASKED_BY_ID:
        span = {"since": times.iso(min(created)), "until": times.iso(max(created) + 1)}
        for row in pagerduty.list_all("/incidents", "incidents", span).items:
            incident = incident_from_rest(row) if row.get("id") in wanted else None
            if incident is not None:
                found[incident.id] = incident
    for incident_id in wanted:
        if incident_id not in found:
            try:
                found[incident_id] = read_incident(pagerduty, incident_id)
            except Unreadable as error:
                unreadable(incident_id, error)
    return found


def message(open_ones: Sequence[Incident], over: int, zone: tzinfo) -> str:
    """What is still open, in the order of every list, and how many are over."""
    ordered = incident_lists.in_order(open_ones)
    counted = incident_lists.counted(ordered).replace(" open", " of low urgency still open", 1)
    lines = [
        f"**Quiet hours are over**: {counted}"
        + (f"; {over} more {'was' if over == 1 else 'were'} resolved." if over else ".")
    ]
    lines += [f"- {incident_lists.line(one, zone)}" for one in ordered[:MAX_LISTED]]
    if len(ordered) > MAX_LISTED:
        lines.append(f"- … and {len(ordered) - MAX_LISTED} more.")
    return "\n".join(lines)


def named(props: Mapping[str, object]) -> List[str]:
    """The incidents that a digest's post is about, by its props."""
    return str(props.get("incidents") or "").split()


class QuietDigest:
    """One run, for all channels. Everything may be repeated: a post is known by its key, and names
    in its props the incidents it is about."""

    def __init__(self, context: Context) -> None:
        from pagerduty_mattermost.cards.posting import make_mentions
        from pagerduty_mattermost.cards.quiet_hours import QuietHours

        self._context = context
        self._mentions = make_mentions(context)
        settings = context.settings
        self._hours = QuietHours(settings.quiet_hours, settings.time_zone, context.clock)
        self._zone = times.zone(settings.time_zone)

    def post_due(self) -> DigestsPosted:
        """Raises what failed in one channel, once the others have theirs."""
        context = self._context
        held = held_cards.every(context.store, context.log)
        groups = due(held, self._hours.until, context.clock())
        posted: List[str] = []
        told = 0
        failed: Optional[PackError] = None
        if groups:
            everything = [one for group in groups.values() for one in group]
            states = present(
                context.pagerduty,
                everything,
                lambda incident_id, error: context.tell_stumble(
                    f"the digest of {incident_id}", error
                ),
            )
            for group in groups.values():
                try:
                    posted += self._channel(group, states)
                    told += sum(one.incident_id in states for one in group)
                except PackError as error:
                    failed = failed or error
                except Exception as error:  # noqa: BLE001 - the other channels' digests go on
                    line = context.tell_stumble("a digest", error)
                    failed = failed or PermanentError(line)
        if failed is not None:
            raise failed
        return DigestsPosted(posted, told, bool(groups))

    def _channel(
        self, group: List[HeldCard], states: Mapping[str, Optional[Incident]]
    ) -> List[str]:
        """Posts of one channel; ids of those that are new. What is held goes once a post names
        it."""
        store = self._context.store
        fates = by_fate(group, states, self._has_card)
        for one in fates.with_card:
            held_cards.drop(store, one)
        posted: List[str] = []
        end = max(one.until for one in group)
        still = fates.still_open
        for part in range(MAX_POSTS):
            if not still:
                break
            over = 0 if part else len(fates.over)
            told, new = self._post(f"digest:{end:.0f}:{part}", still[:MAX_INCIDENTS], over, states)
            posted += new
            for one in still:
                if one.incident_id in told:
                    now = self._context.clock()
                    held_cards.save(store, one._replace(why=held_cards.DIGEST), now)
            still = [one for one in still if one.incident_id not in told]
        for one in fates.over:
            self._forget(one)
        return posted

    def _post(
        self,
        key: str,
        still: List[HeldCard],
        over: int,
        states: Mapping[str, Optional[Incident]],
    ) -> Tuple[List[str], List[str]]:
        """Ids of the incidents that the post is about, and its own id where it is new. It may be
        an earlier run's: then the post itself names its incidents, and what came too late for it
        goes into the next part."""
        found = (states.get(one.incident_id) for one in still)
        shown = [state for state in found if state is not None]
        ids = [one.id for one in shown]
        text = message(shown, over, self._zone)
        routes = {one.incident_id: one.route.mention for one in still}
        listed = incident_lists.in_order(shown)[:MAX_LISTED]
        mentioned = self._mentioned(listed, routes)
        text += f"\n{mentioned}" if mentioned else ""
        first = still[0]
        new: List[str] = []

        def send(channel: ChannelRef) -> List[str]:
            sent = self._context.post_once(
                channel.id, text, key=key, props={PROPS_KEY: {"incidents": " ".join(ids)}}
            )
            if not sent.already:
                new.append(sent.post_id)
            if not sent.post_id:  # a person has deleted it
                return ids
            try:
                props = self._context.mattermost.get_post(sent.post_id).get("props")
            except NotFound:  # a person has deleted it
                return ids
            return named(own_props(props))

        return self._context.channels.using(first.channel_id, send, known_as=first.label), new

    def _mentioned(self, shown: Sequence[Incident], mention: Mapping[str, str]) -> str:
        """Whom the routes of the incidents mention that the post names; each once."""
        found = (
            self._mentions.of_incident(mention[one.id], one)
            for one in shown
            if one.status == "triggered"
        )
        names = dict.fromkeys(name for names in found for name in names.split())
        return " ".join(list(names)[:MAX_MENTIONS])

    def _has_card(self, one: HeldCard) -> bool:
        records = IncidentRecords(self._context.store, one.incident_id, self._context.log)
        return one.channel_id in records.load().cards

    def _forget(self, one: HeldCard) -> None:
        """It is over and was counted: only that is kept."""
        records = IncidentRecords(self._context.store, one.incident_id, self._context.log)
        memory = records.load()
        if not memory.cards:
            for version in memory.versions:
                records.forget_state(version)
        held_cards.save(
            self._context.store, one._replace(why=held_cards.OVER), self._context.clock()
        )
