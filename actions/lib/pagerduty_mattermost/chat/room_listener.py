"""What is said in rooms, private ones too, heard without a port that Mattermost could call.

One request a look tells whether anything was said in any room, however many there are; only rooms
with news are read, and those in which a note stands once in five minutes, since a deletion moves
no list. Notes go out as orders, as if Mattermost had called, and reactions that mean something in
the room's run (`chat.run_hearing`); of a channel that people changed, and of a run in which
something is due, the round over its room (`room.tend`). What could not be dispatched is heard
again.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.chat.orders import VALID_SECONDS
from pagerduty_mattermost.chat.run_hearing import HeardRuns, is_of_an_update, shows_a_run
from pagerduty_mattermost.core.config.settings import load, mattermost_missing
from pagerduty_mattermost.core.errors import NotFound, PackError, Unauthorized
from pagerduty_mattermost.core.text import clean
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.values import Channel
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.rooms.hearing import (
    CHANGED,
    DELETED,
    DUE,
    EDITED,
    NOTE,
    HeardPost,
    heard,
    latest,
)
from pagerduty_mattermost.rooms.opening import made_for, team_id
from pagerduty_mattermost.rooms.records import HEARD_KEY, OLD_HEARD_KEY, RoomRecords
from pagerduty_mattermost.sensor.health import fault

ORDER_TRIGGER, ROOM_TRIGGER = "pagerduty.chat_command", "pagerduty.room"
LOOK_SECONDS = 15.0
ROOMS_SECONDS = 300.0
"""How long it is believed which rooms there are; how long one with notes is left unread."""
WHOLE_EVERY_LOOKS = 4
"""Every so many looks the list is read whole: two posts of one moment have one ETag."""
MAX_READ = 40
"""Rooms that are read in one look, those that wait longest first."""
MAX_TEXT_CHARACTERS = 4000


class _Ears(NamedTuple):
    """What is remembered."""

    heard: Dict[str, int]
    """Channel id → up to when it was heard, milliseconds since the epoch."""
    noted: Dict[str, float]
    """Channel id → when a room in which a note stands was read last."""


class RoomListener:
    """Not for several threads at once."""

    def __init__(self, context: Context, dispatcher: Dispatcher, log: Any) -> None:
        """`context`: what it listens with (`gateways.context.Context`)."""
        self._context, self._dispatcher, self._log = context, dispatcher, log
        self._clock: Callable[[], float] = context.clock
        self._rooms: Dict[str, Tuple[str, int]] = {}
        """Channel id → its incident, and since when it is a room."""
        self._rooms_at = -ROOMS_SECONDS
        self._teams: Set[str] = set()
        self._etags: Dict[str, str] = {}
        self._ears: Optional[_Ears] = None
        self._looks = 0
        self._runs = HeardRuns(context, log)
        self._reacted: Dict[str, float] = {}
        """Channel id → when a room in which reactions mean something was read last."""
        self._waiting: Set[str] = set()
        """Rooms with news that were not read yet."""

    def look(self) -> int:
        """One look; how many things were dispatched. Raises the gateways' errors: the next look
        hears what this one did not."""
        if self._ears is None:
            self._ears = self._remembered()
        if self._context.monotonic() - self._rooms_at >= ROOMS_SECONDS:
            self._read_rooms()
        before = _Ears(dict(self._ears.heard), dict(self._ears.noted))
        whole = self._looks % WHOLE_EVERY_LOOKS == 0
        self._looks += 1
        for channel in self._listed(whole):
            self._notice(channel)
        count = self._dispatch_due()
        now = self._context.monotonic()
        due = {
            one
            for one, at in self._ears.noted.items()
            if one in self._rooms and now - at >= ROOMS_SECONDS
        } | {
            one
            for one, (incident, _) in self._rooms.items()
            if self._runs.listens_to_reactions(incident)
            and now - self._reacted.setdefault(one, now) >= ROOMS_SECONDS
        }
        order = sorted(self._waiting | due, key=lambda one: self._ears_at(one))
        try:
            for channel_id in order[:MAX_READ]:
                count += self._hear(channel_id)
        finally:
            if self._ears.heard != before.heard or set(self._ears.noted) != set(before.noted):
                value = {"heard": self._ears.heard, "noted": sorted(self._ears.noted)}
                self._context.store.write(HEARD_KEY, value)
        return count

    def _dispatch_due(self) -> int:
        """Runs in which something is due; how many."""
        channels = {incident: one for one, (incident, _) in self._rooms.items()}
        due = [one for one in self._runs.due(self._clock()) if one in channels]
        for incident in due:
            self._dispatch_room(DUE, incident, channels[incident], "")
        return len(due)

    def _dispatch_room(self, kind: str, incident: str, channel_id: str, post_id: str) -> None:
        payload = {"kind": kind, "incident": incident, "channel_id": channel_id}
        self._dispatcher.dispatch(
            ROOM_TRIGGER, {**payload, "post_id": post_id}, trace_tag=incident
        )

    def listen(self) -> None:
        """Look once, and raise nothing: what goes wrong is logged."""
        try:
            self.look()
        except PackError as error:
            self._log.warning("What is said in rooms is heard later: %s", error)
        except Exception as error:  # noqa: BLE001 - it would end the thread
            self._log.error("What is said in rooms is not heard: %s", fault(self._log, error))

    def _ears_at(self, channel_id: str) -> int:
        assert self._ears is not None
        since = self._rooms.get(channel_id, ("", 0))[1]
        return max(self._ears.heard.get(channel_id, 0), since)

    def _remembered(self) -> _Ears:
        try:
            store = self._context.store
            kept = store.read(HEARD_KEY) or store.read(OLD_HEARD_KEY)
        except BrokenValue:
            kept = None
        kept = kept if isinstance(kept, dict) else {}
        times = kept.get("heard")
        times = times if isinstance(times, dict) else {}
        noted = kept.get("noted")
        noted = noted if isinstance(noted, list) else []
        return _Ears(
            {str(one): int(at) for one, at in times.items() if isinstance(at, int)},
            {str(one): -ROOMS_SECONDS for one in noted},
        )

    def _read_rooms(self) -> None:
        rooms = RoomRecords(self._context.store, self._log).every()
        self._rooms = {
            room.channel_id: (room.incident, int(room.at * 1000)) for room in rooms if room.is_open
        }
        self._teams = {room.team for room in rooms if room.is_open and room.team}
        if self._rooms:
            self._runs.read()
        self._rooms_at = self._context.monotonic()
        assert self._ears is not None
        for one in [one for one in self._ears.heard if one not in self._rooms]:
            del self._ears.heard[one]
            self._ears.noted.pop(one, None)

    def _listed(self, whole: bool) -> List[Channel]:
        """The bot's channels where anything is new in any of them; none where nothing is."""
        if not self._rooms and not whole:
            return []
        found: List[Channel] = []
        for team in sorted({team_id(self._context), *self._teams}):
            found += self._listed_in(team, whole)
        return found

    def _listed_in(self, team: str, whole: bool) -> List[Channel]:
        etag = "" if whole else self._etags.get(team, "")
        mine = own_channels.mine(self._context.mattermost, team, etag)
        if mine is None:
            return []
        self._etags[team] = mine.etag
        unknown = [one for one in mine.channels if made_for(one) and one.id not in self._rooms]
        if unknown and self._context.monotonic() - self._rooms_at >= LOOK_SECONDS:
            self._read_rooms()
        return mine.channels

    def _notice(self, channel: Channel) -> None:
        if channel.id in self._rooms and channel.last_post_at > self._ears_at(channel.id):
            self._waiting.add(channel.id)

    def _hear(self, channel_id: str) -> int:
        """Read one room; how many things of it were dispatched."""
        assert self._ears is not None
        incident, _ = self._rooms[channel_id]
        since = self._ears_at(channel_id)
        mattermost = self._context.mattermost
        try:
            posts = own_channels.changed_posts(mattermost, channel_id, since)
        except (NotFound, Unauthorized) as error:
            if error.status == 401:
                raise
            self._waiting.discard(channel_id)  # the round over rooms sees what became of it
            return 0
        word = self._context.settings.chat.note_word
        found = heard(posts, since, mattermost.me().id, word)
        count = sum(self._dispatched(incident, channel_id, one, word) for one in found)
        for order in self._runs.reactions(incident, channel_id, posts, since, self._clock()):
            self._dispatcher.dispatch(ORDER_TRIGGER, order, trace_tag=incident)
            count += 1
        edited = [one for one in posts if is_of_an_update(one) and _is_changed(one, since)]
        if edited:
            self._dispatch_room(CHANGED, incident, channel_id, str(edited[-1]["id"]))
            count += 1
        if self._runs.is_known(incident) or any(map(shows_a_run, posts)):
            self._runs.read_one(incident)
        self._reacted[channel_id] = self._context.monotonic()
        self._ears.heard[channel_id] = latest(posts, since)
        if channel_id in self._ears.noted or any(one.kind == NOTE for one in found):
            self._ears.noted[channel_id] = self._context.monotonic()
        self._waiting.discard(channel_id)
        return count

    def _dispatched(self, incident: str, channel_id: str, one: HeardPost, word: str) -> bool:
        if one.kind == CHANGED:
            self._dispatch_room(one.kind, incident, channel_id, one.post_id)
            return True
        if one.kind in (EDITED, DELETED) and not self._is_of_a_note(incident, one, word):
            return False
        order = _order(incident, channel_id, one, self._clock())
        self._dispatcher.dispatch(ORDER_TRIGGER, order, trace_tag=incident)
        return True

    def _is_of_a_note(self, incident: str, one: HeardPost, word: str) -> bool:
        """Whether it was noted before, or would be now."""
        if one.kind == EDITED and one.text.lower().startswith(word.lower()):
            return True
        records = IncidentRecords(self._context.store, incident, self._log)
        return records.said(one.post_id) is not None


def _is_changed(post: Mapping[str, Any], since: int) -> bool:
    """Whether somebody edited or deleted it after that, milliseconds since the epoch."""
    return any(int(post.get(name) or 0) > since for name in ("edit_at", "delete_at"))


def _order(incident: str, channel_id: str, one: HeardPost, now: float) -> Mapping[str, Any]:
    """As the listener makes one of Mattermost's call."""
    return {
        "id": f"heard{one.post_id}{one.kind}",
        "kind": "note",
        "verb": one.kind,
        "incident": incident,
        "text": clean(one.text, MAX_TEXT_CHARACTERS).strip(),
        "user_id": one.user_id,
        "user_name": "",
        "channel_id": channel_id,
        "root_id": one.root_id,
        "post_id": one.post_id,
        "values": "",
        "hook": "",
        "valid_until": now + VALID_SECONDS,
    }


def open_room_listener(
    raw: Any, service: Any, schemas: Mapping[str, Any], log: Any
) -> Optional[RoomListener]:
    """One where rooms are to be listened to and Mattermost is configured, else None. `raw`: the
    pack's configuration; `service`: the sensor's. Raises ConfigError."""
    config = load(raw)
    if not config.rooms.listen or mattermost_missing(config):
        return None
    context = Context(dict(raw), service, log)
    return RoomListener(context, Dispatcher(service, schemas, log), log)
