"""What actions do: `retrospective.draft`, `.publish`, `.cancel`, `.get`, `.list`, `follow_up.add`,
`.edit`, `.done`, `.drop`, `.open`, `.list`. Each returns the action's result; all raise
RejectedInput for what does not read, and what the gateways raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import given_text
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.reviews import retro, retrospectives
from pagerduty_mattermost.reviews.retro import FollowUp, RetroState
from pagerduty_mattermost.reviews.retro_records import RetroRecords
from pagerduty_mattermost.runs.acts import Who

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

Result = Dict[str, Any]


def act(context: Context, name: str, given: Mapping[str, Any]) -> Result:
    """The action of that name with its parameters, and the `key` of what it does."""
    return _ACTS[name](context, given)


def facts(context: Context, state: RetroState) -> Result:
    """A retrospective as actions give it; times are ISO 8601."""
    return {
        "incident_id": state.incident,
        "status": state.status,
        "channel_id": state.channel,
        "post_id": state.post,
        "link": retrospectives.link_of(context, state),
        "drafted_at": times.iso(state.at) if state.at else "",
        "owner": state.owner.name,
        "follow_ups": [_follow_up(one) for one in state.follow_ups],
    }


def _follow_up(one: FollowUp) -> Result:
    return {
        "number": f"F{one.number}",
        "text": one.text,
        "owner": one.owner.name,
        "due": times.iso(one.due) if one.due else "",
        "state": one.state,
    }


def _draft(context: Context, given: Mapping[str, Any]) -> Result:
    made = retrospectives.make_draft(
        context,
        _incident(given),
        channel=given_text(given, "channel"),
        by=_who(context, given, "user"),
        order=str(given["key"]),
    )
    done = "It was drafted before" if made.already else "Drafted"
    left = "".join(f" Not in it: {line}." for line in made.warnings)
    return {**facts(context, made.state), "message": f"{done}: {made.link(context)}.{left}"}


def _publish(context: Context, given: Mapping[str, Any]) -> Result:
    by = _who(context, given, "user")
    state = retrospectives.publish(context, _incident(given), by, str(given["key"]))
    return {**facts(context, state), "message": "Published: nobody is reminded of it any more."}


def _cancel(context: Context, given: Mapping[str, Any]) -> Result:
    by, why = _who(context, given, "user"), given_text(given, "reason")
    state = retrospectives.cancel(context, _incident(given), by, why, str(given["key"]))
    return {**facts(context, state), "message": "Cancelled."}


def _get(context: Context, given: Mapping[str, Any]) -> Result:
    state = RetroRecords(context.store, context.log).load(_incident(given))
    return {**facts(context, state), "message": f"It is {state.status or 'not drafted'}."}


def _list(context: Context, given: Mapping[str, Any]) -> Result:
    found = RetroRecords(context.store, context.log).every()
    wanted = given_text(given, "status")
    rows = [facts(context, one) for one in found if not wanted or one.status == wanted]
    return {"retrospectives": rows, "count": len(rows), "message": f"{len(rows)} of them."}


def _add(context: Context, given: Mapping[str, Any]) -> Result:
    incident = retrospectives.incident_of(context, _incident(given))
    state = retrospectives.add_follow_up(
        context,
        incident.id,
        given_text(given, "text"),
        owner=_who(context, given, "owner"),
        due=retrospectives.read_due(context, given_text(given, "due")),
        by=_who(context, given, "user"),
        order=str(given["key"]),
    )
    number = len(state.follow_ups)
    return {**facts(context, state), "message": f"Follow-up F{number} of {incident.id}."}


def _changed(kind: str, done: str) -> Callable[[Context, Mapping[str, Any]], Result]:
    def change(context: Context, given: Mapping[str, Any]) -> Result:
        number = retrospectives.number_of(given_text(given, "number"))
        more: Dict[str, Any] = {}
        if kind == retro.FOLLOW_UP_EDITED:
            more = {"text": given_text(given, "text"), "person": _who(context, given, "owner")}
            due = given_text(given, "due")
            more["due"] = retrospectives.read_due(context, due) if due else None
            if not (more["text"] or more["person"].id or due):
                raise RejectedInput("what is new of it? Give text, owner or due")
        state = retrospectives.change_follow_up(
            context,
            _incident(given),
            number,
            kind,
            _who(context, given, "user"),
            str(given["key"]),
            **more,
        )
        return {**facts(context, state), "message": f"F{number} is {done}."}

    return change


def _follow_ups(context: Context, given: Mapping[str, Any]) -> Result:
    records, only = RetroRecords(context.store, context.log), given_text(given, "entity_id")
    states = [records.load(_incident(given))] if only else records.every()
    owner = _who(context, given, "owner")
    rows: List[Result] = []
    for state in states:
        for one in state.follow_ups:
            mine = not owner.id or one.owner.id == owner.id
            if mine and (one.is_open or given.get("closed")):
                rows.append({"incident_id": state.incident, **_follow_up(one)})
    return {"follow_ups": rows, "count": len(rows), "message": f"{len(rows)} follow-ups."}


def _incident(given: Mapping[str, Any]) -> str:
    said = given_text(given, "entity_id")
    if not said.isalnum():
        raise RejectedInput(f"entity_id: {said[:40]!r} is no id of an incident")
    return said


def _who(context: Context, given: Mapping[str, Any], name: str) -> Who:
    said = given_text(given, name)
    if not said:
        return Who()
    user = chat_user(context.mattermost, said)
    return Who(user.id, user.username)


_ACTS: Mapping[str, Callable[[Context, Mapping[str, Any]], Result]] = {
    "draft": _draft,
    "publish": _publish,
    "cancel": _cancel,
    "get": _get,
    "list": _list,
    "add": _add,
    "edit": _changed(retro.FOLLOW_UP_EDITED, "changed"),
    "done": _changed(retro.FOLLOW_UP_DONE, "done"),
    "drop": _changed(retro.FOLLOW_UP_DROPPED, "dropped"),
    "open": _changed(retro.FOLLOW_UP_OPENED, "open again"),
    "follow_ups": _follow_ups,
}
