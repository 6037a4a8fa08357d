"""What people type after `/pd` about rooms of incidents, retrospectives and follow-ups
(command_rows.py)."""

from __future__ import annotations

from typing import Tuple

from embedded_room import text_of
from typed_effects import (
    Row,
    archived_room,
    direct_text,
    notes,
    plain_bot,
    room_of,
    with_follow_up,
    with_retrospective,
    with_room,
)

ROOMS: Tuple[Row, ...] = (
    Row("room [id]", "room {one}", "Opened the room", lambda room, one: room_of(room, one)),
    Row("rooms", "rooms", "inc-", prepare=lambda room, one: with_room(room, one)),
    Row("rooms ended", "rooms ended", "No room of an incident that is over"),
    Row("info [id]", "info {one}", "It has no room"),
    Row(
        "invite [id] <@people>",
        "invite {one} @mei",
        "mei",
        lambda room, one: room.mattermost.user("mei").id in room_of(room, one).members,
        prepare=lambda room, one: with_room(room, one),
    ),
    Row(
        "announce [id] <~channels>",
        "announce {one} ~ops",
        "is announced in",
        lambda room, one: any(one.title in text_of(p) for p in room.mattermost.posts("ops")),
    ),
    Row("room adopt [id]", "room adopt {one}", "is the room of", channel="incidents-p1"),
    Row(
        "room archive [id]",
        "room archive {one}",
        "is archived",
        lambda room, one: room_of(room, one).delete_at,
        prepare=lambda room, one: with_room(room, one),
    ),
    Row(
        "room restore [id]",
        "room restore {one}",
        "open again",
        lambda room, one: not room_of(room, one).delete_at and plain_bot(room),
        prepare=lambda room, one: (archived_room(room, one), plain_bot(room, False)),
    ),
    Row(
        "room rename [id] <name>",
        'room rename {one} "War room {one}"',
        "is called",
        lambda room, one: room_of(room, one).name == f"war-room-{one.number}",
        prepare=lambda room, one: with_room(room, one),
    ),
    Row(
        "room private [id]",
        "room private {one}",
        "is private now",
        lambda room, one: room_of(room, one).type == "P" and plain_bot(room),
        prepare=lambda room, one: (with_room(room, one), plain_bot(room, False)),
    ),
    Row(
        "room export [id] [md|html|csv|json]",
        "room export {one} html",
        "was sent to you",
        lambda room, one: "The room" in direct_text(room, "ada"),
        prepare=lambda room, one: with_room(room, one),
    ),
    Row(
        "retrospective [id] [~channel]",
        "retrospective {one} ~incidents",
        "is posted",
        lambda room, one: any(
            "Retrospective of" in post.message for post in room.mattermost.posts("incidents")
        ),
    ),
    Row(
        "retrospective publish [id]",
        "retrospective publish {one}",
        "is published",
        prepare=lambda room, one: with_retrospective(room, one),
    ),
    Row(
        'retrospective cancel [id] ["<why>"]',
        'retrospective cancel {one} "known cause"',
        "There will be no retrospective",
        prepare=lambda room, one: with_retrospective(room, one),
    ),
    Row("retrospective status [id]", "retrospective status {one}", "has no retrospective"),
    Row(
        "followup add [id] <what> [@who] [by <when>]",
        "followup add {one} Raise the pool size @grace by friday",
        "Raise the pool size",
    ),
    Row(
        "followup done [id] F<n>",
        "followup done {one} F1",
        "done",
        prepare=lambda room, one: with_follow_up(room, one),
    ),
    Row(
        "followup drop [id] F<n>",
        "followup drop {one} F1",
        "dropped",
        prepare=lambda room, one: with_follow_up(room, one),
    ),
    Row("followups [mine]", "followups", "follow-up"),
    Row(
        'convert "<title>" on <service>',
        'convert "Checkout is odd" on Billing Jobs',
        "is the room of",
        channel="ops",
        public=True,
    ),
    Row(
        "cancel [id] [why]",
        "cancel {one} it was a test",
        "Cancelled and resolved",
        lambda room, one: one.status == "resolved" and "Cancelled: it was a test" in notes(one),
    ),
)
