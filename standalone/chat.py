"""`st2 action-alias execute`: a chat phrase to an execution, and its result in the words of the
alias."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from standalone.alias_format import ActionAlias, AmbiguousCommand, match
from standalone.errors import UserError
from standalone.journal import Execution
from standalone.pack_model import ActionMeta
from standalone.parameters import RUNNER_PARAMETERS, BadParameters, from_chat
from standalone.templates import Lookup, RenderError, datastore_context, render, render_value

NO_PHRASES = "This version has no phrases."


class AliasRequest(NamedTuple):
    """What a phrase asks for."""

    alias: ActionAlias
    parameters: Dict[str, Any]
    context: Dict[str, Any]
    """`api_user`, `action_alias_ref`, `source_channel`: becomes part of `action_context`."""


def understand(
    command: str,
    aliases: Sequence[ActionAlias],
    actions: Mapping[str, ActionMeta],
    pack: str,
    lookup: Lookup,
    user: str,
    channel: str = "cli",
) -> List[AliasRequest]:
    """What a phrase asks for, mostly one execution. `user` is who the chat says it is. Raises
    UserError."""
    if not any(alias.enabled for alias in aliases):
        raise UserError(NO_PHRASES)
    try:
        alias, matched = match(aliases, command)
    except AmbiguousCommand as error:
        raise UserError(str(error)) from None
    context: Dict[str, Any] = {
        "action_alias_ref": f"{pack}.{alias.name}",
        "api_user": user,
        "source_channel": channel,
    }
    rendering = {**context, "st2kv": datastore_context(lookup)}
    requests = []
    for texts in matched:
        overridden = sorted(set(alias.immutable_parameters) & set(texts))
        if overridden:
            raise UserError(f"{', '.join(overridden)} can't be set in this command")
        declared = {*actions[alias.action_ref].parameters, *RUNNER_PARAMETERS}
        for name in sorted(set(texts) - declared):
            raise UserError(
                f"'{name}=…' at the end is read as a parameter, and {alias.action_ref} has none "
                "of that name: write further words behind it, or leave out the ="
            )
        try:
            fixed = {
                name: render_value(value, rendering)
                for name, value in alias.immutable_parameters.items()
            }
            parameters = from_chat(actions[alias.action_ref].parameters, {**texts, **fixed})
        except (BadParameters, RenderError) as error:
            raise UserError(f"{alias.name}: {error}") from None
        requests.append(AliasRequest(alias, parameters, context))
    return requests


def acknowledgement(request: AliasRequest) -> str:
    """What is said before the action runs; empty when the alias says nothing of its own."""
    alias = request.alias
    if alias.ack.get("enabled", True) is False or not alias.ack.get("format"):
        return ""
    execution = {
        "id": "",
        "action": {"ref": alias.action_ref},
        "context": request.context,
        "parameters": request.parameters,
        "status": "requested",
    }
    return _format(alias.ack["format"], {"execution": execution, "actionalias": alias._asdict()})


def answer(alias: ActionAlias, execution: Mapping[str, Any]) -> str:
    """What is said when it has ended; empty when the alias wants no answer."""
    if alias.result.get("enabled", True) is False:
        return ""
    if alias.result.get("format"):
        return _format(alias.result["format"], {"execution": execution})
    result = execution["result"]
    value = result.get("result") if isinstance(result, dict) else result
    if execution["status"] != "succeeded":
        value = (result.get("stderr") or value) if isinstance(result, dict) else result
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def as_api(execution: Execution, parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """An execution as StackStorm's API gives it."""
    return {
        "id": execution.id,
        "action": {"ref": execution.action_ref},
        "context": {"user": execution.context.get("user"), "pack": execution.context.get("pack")},
        "parameters": dict(parameters),
        "status": execution.status,
        "start_timestamp": iso(execution.started_at),
        "end_timestamp": iso(execution.finished_at),
        "elapsed_seconds": round((execution.finished_at or 0) - (execution.started_at or 0), 3),
        "result": execution.result,
    }


def masked(parameters: Mapping[str, Any], action: ActionMeta) -> Dict[str, Any]:
    """The parameters that are set, secrets hidden."""
    return {
        name: "********" if action.parameters.get(name, {}).get("secret") else value
        for name, value in parameters.items()
        if value is not None
    }


def _format(template: str, context: Mapping[str, Any]) -> str:
    try:
        return render(template, context)
    except RenderError as error:
        return f"(the alias's format can't be rendered: {error})"


def iso(seconds: Any) -> Any:
    """Seconds since the epoch as StackStorm writes times; None stays None."""
    from datetime import datetime, timezone

    if seconds is None:
        return None
    return (
        datetime.fromtimestamp(seconds, timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def columns(rows: Sequence[Tuple[str, ...]]) -> str:
    """Rows as aligned columns; the last one is as long as it is."""
    widths = (
        [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
        if rows
        else []
    )
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)
