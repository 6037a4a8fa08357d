"""Starts actions of other packs by StackStorm's API.

    known = parameters_of(client, "ops.open_bridge")      # names that the action takes
    id = start(client, "ops.open_bridge", {"incident_id": "PT4KHLK"})

StackStorm renders templates in what it is given, so nothing that people wrote may be in it.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Mapping, NamedTuple

from pagerduty_mattermost.core.errors import NotFound, NotKnown, RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.api_calls import FailedCall, bounded

MAX_REASON_CHARACTERS = 200


class _Execution(NamedTuple):
    """As StackStorm's client takes one that is to be made."""

    action: str
    parameters: Mapping[str, Any]

    def serialize(self) -> Dict[str, Any]:
        return {"action": self.action, "parameters": dict(self.parameters)}


def parameters_of(client: Any, ref: str) -> FrozenSet[str]:
    """Raises NotFound where there is no such action, RejectedInput without StackStorm, and
    RetryLater."""
    manager = getattr(client, "actions", None)
    if manager is None:
        raise RejectedInput(f"{ref} is an action of StackStorm, which is not there")
    try:
        found = bounded(lambda: manager.get_by_ref_or_id(ref))
    except FailedCall as error:
        raise RetryLater(f"StackStorm does not show the action {ref} ({error})") from None
    if found is None:
        raise NotFound(f"StackStorm has no action {ref}")
    return frozenset(getattr(found, "parameters", None) or {})


def start(client: Any, ref: str, parameters: Mapping[str, Any]) -> str:
    """Id of the execution; nobody waits for its end. Raises RejectedInput with StackStorm's words
    where it refuses, NotKnown where it is not known whether it was started."""
    wanted = _Execution(ref, parameters)
    try:
        made = bounded(lambda: client.executions.create(wanted))
    except FailedCall as error:
        status = getattr(getattr(error.cause, "response", None), "status_code", None)
        if isinstance(status, int) and 400 <= status < 500:
            said = one_line(clean(str(error.cause)), MAX_REASON_CHARACTERS)
            raise RejectedInput(f"StackStorm does not start {ref}: {said}") from None
        raise NotKnown(
            f"Whether StackStorm started {ref} is not known ({error}): `st2 execution list` "
            "shows it"
        ) from None
    return str(getattr(made, "id", ""))
