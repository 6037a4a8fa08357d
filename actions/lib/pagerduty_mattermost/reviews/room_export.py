"""A room with its conversation as files: read page by page from Mattermost, and kept on disk
meanwhile, so that a room of any length takes little memory.

    made = write(context, room, incident, "md", open_part)    # open_part(1) -> where part 1 goes
    send(context, user, room, incident, "md", key)            # in a direct message

What was deleted is not in it: Mattermost does not list it.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.json_values import from_json, to_json
from pagerduty_mattermost.core.text import clean, counted, one_line
from pagerduty_mattermost.gateways.mattermost.values import User
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews.conversation import (
    MESSAGE,
    SYSTEM,
    RoomAbout,
    SaidPost,
    form_of,
)
from pagerduty_mattermost.reviews.gathering import EARLIER_SECONDS, room_of
from pagerduty_mattermost.rooms.links import label
from pagerduty_mattermost.rooms.records import RoomRecord

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

PART_BYTES = 8 * 1024 * 1024
"""After which a further file begins in a direct message: an upload is held in memory, and servers
take no files of any size."""
MAX_PARTS = 10
"""A post holds ten files."""
NO_MEMBER = "the room is private, and {} is no member of it"

OpenPart = Callable[[int], "IO[bytes]"]


class RoomExport(NamedTuple):
    """What an export of a room's conversation holds."""

    posts: int
    parts: int


class RoomReader(NamedTuple):
    """Whose names were read."""

    context: Context
    users: Dict[str, User]

    def user(self, user_id: str) -> User:
        if user_id not in self.users:
            try:
                self.users[user_id] = self.context.mattermost.user(user_id)
            except NotFound:
                self.users[user_id] = User(user_id)
        return self.users[user_id]

    def said(self, post: Dict[str, Any]) -> SaidPost:
        who = self.user(str(post.get("user_id") or ""))
        metadata, props = post.get("metadata"), post.get("props")
        rows = metadata.get("files") if isinstance(metadata, dict) else None
        props = props if isinstance(props, dict) else {}
        files = [
            one_line(clean(row.get("name"), 200)) for row in rows or () if isinstance(row, dict)
        ]
        marks = (props.get("from_bot"), props.get("from_webhook"))
        return SaidPost(
            str(post["id"]),
            int(post.get("create_at") or 0) / 1000,
            who.id,
            who.username,
            who.email,
            any(str(mark).lower() == "true" for mark in marks),
            clean(post.get("message")),
            str(post.get("root_id") or ""),
            SYSTEM if post.get("type") else MESSAGE,
            tuple(files),
        )


def need_room(context: Context, incident_id: str) -> RoomRecord:
    """The incident's room, also one that was put away. Raises RejectedInput."""
    room = room_of(context, incident_id)
    if room is None:
        raise RejectedInput(f"The incident {incident_id} has no room: there is nothing to export")
    return room


def require_reader(context: Context, room: RoomRecord, user: User) -> None:
    """A private room is its members' alone, any other one its team's. Raises RejectedInput."""
    mattermost = context.mattermost
    if room.private:
        if not mattermost.is_member(room.channel_id, user.id):
            raise RejectedInput(NO_MEMBER.format(f"@{user.username}"))
    elif room.team and not mattermost.is_in_team(room.team, user.id):
        raise RejectedInput(f"@{user.username} is not in the room's team")


def write(
    context: Context,
    room: RoomRecord,
    incident: Incident,
    form_name: str,
    open_part: OpenPart,
    part_bytes: int = 0,
) -> RoomExport:
    """All of the room, oldest first, into what `open_part` gives for each part; `part_bytes`: of
    one part, 0: one holds all. Raises RejectedInput for another form, and the gateway's errors.
    """
    form = form_of(form_name)
    zone = times.zone(context.settings.time_zone)
    number, posts, written = 1, 0, 0
    about = RoomAbout(
        incident.id, incident.number, incident.title, incident.url, label(room), zone
    )
    out = open_part(number)
    out.write(form.head(about).encode("utf-8"))
    first = True
    for post in _oldest_first(context, room, incident):
        if part_bytes and written > part_bytes:
            out.write(form.tail(about).encode("utf-8"))
            number, written, first = number + 1, 0, True
            about = about._replace(part=number)
            out = open_part(number)
            out.write(form.head(about).encode("utf-8"))
        text = form.message(about, post, first).encode("utf-8")
        out.write(text)
        posts, written, first = posts + 1, written + len(text), False
    out.write(form.tail(about).encode("utf-8"))
    return RoomExport(posts, number)


def to_file(
    context: Context, room: RoomRecord, incident: Incident, form_name: str, path: str
) -> RoomExport:
    """Into a new file that only its owner reads; there is either all of it or none. Raises
    RejectedInput where it can't be made."""
    form_of(form_name)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RejectedInput(f"The file {path!r} can't be made: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as out:
            made = write(context, room, incident, form_name, lambda number: out)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        os.unlink(path)
        raise RejectedInput(f"The file {path!r} can't be written: {error.strerror}") from None
    except BaseException:
        os.unlink(path)
        raise
    return made


def send(
    context: Context, user: User, room: RoomRecord, incident: Incident, form_name: str, key: str
) -> RoomExport:
    """To somebody in a direct message, as one file or several. Raises RejectedInput where it
    would be too many."""
    mattermost = context.mattermost
    channel = mattermost.direct_channel(user.id)
    with tempfile.TemporaryDirectory(prefix="pagerduty-room-") as folder:
        names: List[str] = []
        files: List[IO[bytes]] = []

        def part(number: int) -> IO[bytes]:
            if number > MAX_PARTS:
                raise RejectedInput(
                    "the room is too long for a message: room.export file=… writes it below a "
                    "folder of files.folders"
                )
            if files:
                files[-1].close()
            names.append(_name(incident, number, form_name))
            files.append(open(os.path.join(folder, names[-1]), "wb"))  # noqa: SIM115 - closed below
            return files[-1]

        try:
            made = write(context, room, incident, form_name, part, PART_BYTES)
        finally:
            for one in files:
                one.close()
        ids = []
        for name in names:
            with open(os.path.join(folder, name), "rb") as source:
                ids.append(mattermost.upload_file(channel.id, name, source.read()))
    said = f"The room {label(room)} with {counted(made.posts, 'message')}"
    context.post_once(channel.id, said, key=key, file_ids=ids)
    return made


def in_one(context: Context, room: RoomRecord, incident: Incident) -> Tuple[str, bytes]:
    """Name and content of the one file that holds the room; empty content where it would take
    several. Raises the gateway's errors."""
    with tempfile.TemporaryFile(prefix="pagerduty-room-") as out, suppress(_TooLong):

        def part(number: int) -> IO[bytes]:
            if number > 1:
                raise _TooLong
            return out

        write(context, room, incident, "md", part, PART_BYTES)
        out.seek(0)
        return _name(incident, 1, "md"), out.read()
    return _name(incident, 1, "md"), b""


class _TooLong(Exception):
    """One file does not hold it."""


def _name(incident: Incident, number: int, form_name: str) -> str:
    part = f"-{number}" if number > 1 else ""
    return f"room-{incident.number or incident.id}{part}.{form_name}"


def _oldest_first(context: Context, room: RoomRecord, incident: Incident) -> Iterator[SaidPost]:
    """Mattermost lists the newest first: its pages are kept on disk and read backwards."""
    reader = RoomReader(context, {})
    with tempfile.TemporaryFile(prefix="pagerduty-room-") as spool:
        places: List[Tuple[int, int]] = []
        for page in _pages(context, room, incident):
            line = json.dumps([to_json(reader.said(post)) for post in page]).encode("utf-8")
            places.append((spool.tell(), len(line)))
            spool.write(line)
        for begin, length in reversed(places):
            spool.seek(begin)
            rows = json.loads(spool.read(length).decode("utf-8"))
            for row in reversed(rows):
                yield from_json(SaidPost, row)


def _pages(
    context: Context, room: RoomRecord, incident: Incident
) -> Iterator[List[Dict[str, Any]]]:
    """Newest first. An adopted channel is older than its incident: what was said long before it is
    not of it."""
    since = 0.0
    if room.adopted:
        since = ((times.seconds(incident.created_at) or room.at) - EARLIER_SECONDS) * 1000
    before = ""
    while True:
        page = context.mattermost.channel_posts(room.channel_id, before=before)
        wanted = [post for post in page if int(post.get("create_at") or 0) >= since]
        if wanted:
            yield wanted
        if not page or len(wanted) < len(page):
            return
        before = str(page[-1]["id"])
