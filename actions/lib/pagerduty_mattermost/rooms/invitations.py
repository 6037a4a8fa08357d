"""Who is brought into a room: whom the configuration names, each once. Who left, or was taken out,
is not pulled back; whom Mattermost does not know is named once in the room."""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, AbstractSet, Dict, Iterable, List, Optional, Set, Tuple

from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.mattermost import own_channels, user_groups
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
from pagerduty_mattermost.gateways.pagerduty.first_on_call import first_on_call
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall.membership import ADDED, ADDING, LEFT
from pagerduty_mattermost.people.accounts import Accounts
from pagerduty_mattermost.people.recipients import with_email
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.rooms.terms import terms_of

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident

ON_CALL, ASSIGNEES, RESPONDERS, SUBSCRIBERS, DECLARER = (
    "on_call",
    "assignees",
    "responders",
    "subscribers",
    "declarer",
)
MAX_INVITED = 200
"""Of one list: a team of hundreds that is subscribed is not brought in as a whole."""
GONE_RESPONDERS = ("declined", "cancelled", "user_cancelled")


def invite_all(context: Context, room: RoomRecord, incident: Incident) -> RoomRecord:
    """Everybody whom the configuration names. Raises RetryLater when some have to wait."""
    words = terms_of(context, room).invite
    people: List[Reference] = []
    if ON_CALL in words and incident.escalation_policy_id:
        people += first_on_call(context.pagerduty, context.store, incident.escalation_policy_id)
    if ASSIGNEES in words:
        people += assigned(incident)
    if RESPONDERS in words:
        people += responders(context, incident.id)
    if SUBSCRIBERS in words:
        people += subscribers(context, incident.id)
    users: Dict[str, str] = {}
    if DECLARER in words and room.by:
        users[room.by] = ""
    missing: List[str] = []
    for word in words:
        if word.startswith(("@", "group:")):
            users.update(_named(context, word, missing))
    return bring_in(context, room, people, users, missing)


def assigned(incident: Incident) -> List[Reference]:
    """Whom the incident is assigned to, and who acknowledged it. Pure."""
    both = {person.id: person for person in (*incident.assignees, *incident.acknowledgers)}
    return [Reference("user", person.id, person.name) for person in both.values() if person.id]


def responders(context: Context, incident_id: str) -> List[Reference]:
    """Who was asked for help and has not declined."""
    row = get_incident(context.pagerduty, incident_id)
    rows = row.get("incidents_responders")
    found = []
    for one in rows if isinstance(rows, list) else ():
        if not isinstance(one, dict) or one.get("state") in GONE_RESPONDERS:
            continue
        user = one.get("user")
        if isinstance(user, dict):
            found.append(Reference("user", str(user.get("id")), str(user.get("summary") or "")))
    return found


def subscribers(context: Context, incident_id: str) -> List[Reference]:
    """PagerDuty's subscribers of the incident: users, and the members of teams."""
    path = fill("/incidents/{id}/status_updates/subscribers", id=incident_id)
    try:
        rows = context.pagerduty.get(path).get("subscribers")
    except (NotFound, Unauthorized, RejectedInput):
        return []  # not every account has subscribers
    found: List[Reference] = []
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        id_, kind = str(row.get("subscriber_id") or ""), row.get("subscriber_type")
        if kind == "user":
            found.append(Reference("user", id_, ""))
        elif kind == "team":
            members = context.pagerduty.list_all(
                fill("/teams/{id}/members", id=id_), "members", None, MAX_INVITED
            ).items
            users = [one.get("user") for one in members if isinstance(one.get("user"), dict)]
            found += [
                Reference("user", str(one["id"]), str(one.get("summary") or ""))
                for one in users
                if one and one.get("id")
            ]
    return found


def _named(context: Context, word: str, missing: List[str]) -> Dict[str, str]:
    try:
        if word.startswith("@"):
            return {chat_user(context.mattermost, word).id: ""}
        group = user_groups.find(context.mattermost, word[len("group:") :])
        return dict.fromkeys(user_groups.members(context.mattermost, group), "")
    except RetryLater:
        raise
    except PackError:
        missing.append(word)
        return {}


def bring_in(
    context: Context,
    room: RoomRecord,
    people: Iterable[Reference],
    users: Optional[Dict[str, str]] = None,
    missing: Optional[List[str]] = None,
    *,
    again: bool = False,
) -> RoomRecord:
    """They become members of the room's channel; the room with those of PagerDuty marked as
    handled. `users`: Mattermost ids; `again`: also who left, since a person asks for it. Raises
    RetryLater when some have to wait; the others are in by then."""
    wanted, unknown, handled = _accounts(context, people, set(room.invited))
    wanted = {**(users or {}), **wanted}
    unknown = [*(missing or ()), *unknown]
    later: Optional[RetryLater] = None
    if wanted:
        later = _add(context, room, wanted, unknown, again=again)
    if unknown:
        _name(context, room, unknown)
    if later is not None:
        raise later
    return room._replace(invited=(*room.invited, *handled))


def _accounts(
    context: Context, people: Iterable[Reference], known: AbstractSet[str]
) -> Tuple[Dict[str, str], List[str], List[str]]:
    """Mattermost ids, the names of whom Mattermost does not know, and the PagerDuty ids of all."""
    accounts = Accounts(context.mattermost, context.store, log=context.log)
    users: Dict[str, str] = {}
    unknown: List[str] = []
    handled: List[str] = []
    for person in people:
        if not person.id or person.id in known or person.id in handled:
            continue
        handled.append(person.id)
        whole = with_email(context.pagerduty, person)
        account = accounts.of(whole)
        if account is None:
            unknown.append(whole.name or person.id)
        else:
            users[account.id] = account.username
    return users, unknown, handled


def _add(
    context: Context,
    room: RoomRecord,
    users: Dict[str, str],
    unknown: List[str],
    *,
    again: bool,
) -> Optional[RetryLater]:
    records = RoomRecords(context.store, context.log)
    known = records.members(room.incident)
    present: Set[str] = set(own_channels.members(context.mattermost, room.channel_id))
    later: Optional[RetryLater] = None
    for user in users:
        state = known.get(user, "")
        if user in present:
            if state == ADDING:
                records.save_member(room.incident, user, ADDED)
            continue
        if state in (ADDED, LEFT) and not again:
            if state == ADDED:
                records.save_member(room.incident, user, LEFT)
            continue
        records.save_member(room.incident, user, ADDING)
        try:
            context.mattermost.add_member(room.channel_id, user)
        except RetryLater as error:
            later = later or error
            continue
        except (NotFound, Unauthorized, RejectedInput) as error:
            if error.status == 401:
                raise
            records.save_member(room.incident, user, LEFT)
            unknown.append(_shown(context, user, users[user]))
            continue
        records.save_member(room.incident, user, ADDED)
    return later


def _shown(context: Context, user: str, username: str) -> str:
    if username:
        return f"@{username}"
    try:
        return f"@{context.mattermost.user(user).username}"
    except PackError:
        return user


def _name(context: Context, room: RoomRecord, unknown: List[str]) -> None:
    """Each is named once."""
    for name in dict.fromkeys(unknown):
        shown = escape(one_line(clean(name, 200), 80))
        context.post_once(
            room.channel_id,
            f"{shown} belongs here and could not be added: no active Mattermost account of this "
            "team is theirs.",
            key=post_key("room missing", room.incident, name),
        )
