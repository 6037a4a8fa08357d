"""What actions do: `incident.timeline`, `timeline.seal`, `timeline.verify`, `incident.catch_up`,
`report.incidents`, `room.export`. Each returns the action's result; all raise what the gateways
raise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import counted, listed
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.incidents.reader import read_incident
from pagerduty_mattermost.reviews import (
    analytics,
    last_looks,
    proof,
    report,
    reporting,
    room_export,
    sealing,
    showing,
)
from pagerduty_mattermost.reviews.gathering import gather
from pagerduty_mattermost.rooms.links import label

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

Result = Dict[str, Any]
NO_FORM = "json"
"""What the result is anyway."""


def act(context: Context, name: str, given: Mapping[str, Any]) -> Result:
    """The action of that name with its parameters, and the `key` of what it posts."""
    return _ACTS[name](context, given)


def _timeline(context: Context, given: Mapping[str, Any]) -> Result:
    with_room = given.get("room") is not False
    found = gather(context, _incident(given), lambda room: with_room)
    seal = sealing.of_entries(context, found.incident.id, found.entries)
    sealed_at = seal.at if seal is not None else 0.0
    form, text = str(given.get("form") or NO_FORM), ""
    if form != NO_FORM:
        zone = times.zone(context.settings.time_zone)
        text = showing.as_file(form, found.incident, found.entries, zone, sealed_at)
    document = proof.document_of(found.incident, found.entries, sealed_at)
    count = len(found.entries)
    left = "".join(f" Not in it: {line}." for line in found.left_out)
    return {
        **document,
        "text": text,
        "left_out": list(found.left_out),
        "message": f"{count} entries.{left}",
    }


def _seal(context: Context, given: Mapping[str, Any]) -> Result:
    email = str(given.get("from_email") or context.settings.pagerduty.from_email)
    if not email:
        raise RejectedInput(
            "from_email: whose note is it? Give it, or set it in the configuration"
        )
    made = sealing.seal(context, _incident(given), from_email=email)
    return {
        "incident_id": made.seal.incident,
        "head": made.seal.head,
        "entries": len(made.seal.entries),
        "sealed_at": times.iso(made.seal.at),
        "note_id": made.note_id,
        "already": made.already,
        "message": "Nothing was new: it is sealed already." if made.already else "Sealed.",
    }


def _verify(context: Context, given: Mapping[str, Any]) -> Result:
    found = sealing.verify(context, _incident(given), _document(given))
    intact = not found.changes
    return {
        "intact": intact,
        "changes": list(found.changes),
        "entries": found.entries,
        "sealed_at": times.iso(found.sealed_at),
        "head": found.head,
        "message": "All is as it was sealed." if intact else "; ".join(found.changes[:3]),
    }


def _catch_up(context: Context, given: Mapping[str, Any]) -> Result:
    name = str(given.get("user") or "").strip()
    user = chat_user(context.mattermost, name).id if name else ""
    with_room = given.get("room") is not False
    found = last_looks.catch_up(context, _incident(given), user, lambda room: with_room)
    return {
        "sentences": [dict(one._asdict()) for one in found.sentences],
        "since": times.iso(found.since) if found.since else "",
        "message": found.text,
    }


def _report(context: Context, given: Mapping[str, Any]) -> Result:
    services, teams = listed(given.get("services")), listed(given.get("teams"))
    span = reporting.span_of(
        str(given.get("since") or ""),
        str(given.get("until") or ""),
        now=context.clock(),
        zone=context.settings.time_zone,
    )
    made = reporting.make(context, span, services=services, teams=teams)
    about, channel = ", ".join([*services, *teams]), str(given.get("channel") or "").strip()
    picture = bool(given.get("picture"))
    if picture and not channel:
        raise RejectedInput("picture: it is posted with the report: name a channel")
    sent = reporting.send(context, made, channel, about, picture=picture) if channel else None
    count = made.report.total.incidents
    against = _against_analytics(context, made) if given.get("compare") else {}
    posted = "" if sent is None else " Posted before." if sent.already else " Posted."
    return {
        "since": times.iso(span.begin),
        "until": times.iso(span.end),
        "complete": not made.cut,
        **report.as_value(made.report),
        **against,
        "text": reporting.text_of(context, made, about),
        "post_id": sent.post_id if sent is not None else "",
        "message": "\n".join(
            [
                f"{counted(count, 'incident')}.{posted}",
                *([str(against["compared"])] if against else []),
            ]
        ),
    }


def _against_analytics(context: Context, made: reporting.MadeReport) -> Result:
    """The report's totals beside those of PagerDuty's analytics, and where they differ."""
    theirs = analytics.read(context, made.span, made.query)
    if theirs is None:
        return {
            "analytics": [],
            "compared": "PagerDuty's plan has no analytics: there is nothing to compare with.",
        }
    is_fresh = context.clock() - made.span.end < analytics.FRESH_SECONDS
    found = analytics.compared(made.report.total, theirs, is_fresh=is_fresh)
    return {
        "analytics": [dict(one._asdict()) for one in found],
        "compared": "\n".join(analytics.as_lines(found)),
    }


def _room_export(context: Context, given: Mapping[str, Any]) -> Result:
    incident_id, form = _incident(given), str(given.get("form") or "md")
    path, name = (str(given.get(key) or "").strip() for key in ("file", "user"))
    where = context.settings.files.checked(path) if path else ""
    room = room_export.need_room(context, incident_id)
    if not (path or name) or (room.private and not name):
        raise RejectedInput(
            "user: who is it for? It is sent to them, and a private room is its members' alone"
        )
    user = chat_user(context.mattermost, name) if name else None
    if user is not None:
        room_export.require_reader(context, room, user)
    incident = read_incident(context.pagerduty, incident_id)
    if incident is None:
        raise NotFound(f"There is no incident {incident_id} in PagerDuty")
    if where:
        made, to = room_export.to_file(context, room, incident, form, where), path
    else:
        assert user is not None
        key = str(given["key"])
        made, to = room_export.send(context, user, room, incident, form, key), f"@{user.username}"
    return {
        "incident_id": incident_id,
        "channel_id": room.channel_id,
        "posts": made.posts,
        "parts": made.parts,
        "file": path,
        "message": f"{counted(made.posts, 'message')} of {label(room)}: {to}.",
    }


def _document(given: Mapping[str, Any]) -> Any:
    text = str(given.get("document") or "").strip()
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise RejectedInput(f"document: it is no JSON ({error})") from None


def _incident(given: Mapping[str, Any]) -> str:
    name = "incident_id" if "incident_id" in given else "entity_id"
    said = str(given.get(name) or "").strip()
    if not said.isalnum():
        raise RejectedInput(f"{name}: {said[:40]!r} is no id of an incident")
    return said


_ACTS: Mapping[str, Callable[[Context, Mapping[str, Any]], Result]] = {
    "report": _report,
    "room_export": _room_export,
    "timeline": _timeline,
    "seal": _seal,
    "verify": _verify,
    "catch_up": _catch_up,
}
