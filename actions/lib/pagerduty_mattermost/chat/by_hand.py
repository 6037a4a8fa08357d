"""Commands that are actions of their own as well: `exercise.create`, `.create_many`, `.end`,
`.start_drill`, `.end_drill`, `incident.mitigate`. With the rights of the user for whom they are
run, and in the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.rooms.records import RoomRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def act(context: Context, name: str, given: Mapping[str, Any], key: str) -> Dict[str, Any]:
    """`key`: the same when the action is run again. Raises RejectedInput for a user who may not,
    and what the command raises."""
    user = _text(given, "user")
    if not user:
        raise RejectedInput("user is missing: in whose name is it done?")
    result = perform(context, _COMMANDS[name](context, given)._replace(user=user, key=key))
    return {"incident_ids": list(result.incidents), "message": result.message}


def _text(given: Mapping[str, Any], name: str) -> str:
    return one_line(clean(given.get(name))).strip()


def _test(context: Context, given: Mapping[str, Any]) -> Command:
    said = (_text(given, name) for name in ("playbook", "date", "title"))
    return Command("test", text=" ".join(word for word in said if word))


def _bulk(context: Context, given: Mapping[str, Any]) -> Command:
    said = [_text(given, name) for name in ("ongoing", "ended", "begin", "end", "seed")]
    playbook = _text(given, "playbook")
    options = {"playbook": playbook} if playbook else {}
    return Command("test_bulk", text=" ".join(said).strip(), options=options)


def _end_drill(context: Context, given: Mapping[str, Any]) -> Command:
    incident = _text(given, "incident_id")
    room = RoomRecords(context.store, context.log).open_of(incident) if incident else None
    if incident and room is None:
        raise RejectedInput(f"no exercise is under way for {incident}")
    return Command("drill_end", channel=room.channel_id if room is not None else "")


def _mitigate(context: Context, given: Mapping[str, Any]) -> Command:
    return Command("mitigate", incidents=_text(given, "entity_id"), text=_text(given, "text"))


_COMMANDS: Dict[str, Callable[[Context, Mapping[str, Any]], Command]] = {
    "exercise.create": _test,
    "exercise.create_many": _bulk,
    "exercise.end": lambda context, given: Command("test_end"),
    "exercise.start_drill": lambda context, given: Command("drill", text=_text(given, "playbook")),
    "exercise.end_drill": _end_drill,
    "incident.mitigate": _mitigate,
}
