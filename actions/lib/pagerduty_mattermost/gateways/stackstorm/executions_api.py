"""What is asked of StackStorm's API about executions: one is started, and which rule started one.

    known = parameters_of(client, "ops.open_bridge")      # names that the action takes
    id = start(client, "ops.open_bridge", {"incident_id": "PT4KHLK"})
    ref = rule_of(client, "6565...")                      # "my_company.checkout"

StackStorm renders templates in what it is given, so nothing that people wrote may be in it.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Mapping, NamedTuple

from pagerduty_mattermost.core.errors import NotFound, NotKnown, RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.api_calls import FailedCall, bounded

MAX_REASON_CHARACTERS = 200
SOON_SECONDS = 5.0
"""For what is only said along with something else."""


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


def rule_of(client: Any, execution_id: str) -> str:
    """Reference of the rule that started an execution; empty where none did, and where StackStorm
    does not show it. Raises nothing."""
    manager = getattr(client, "executions", None)
    if manager is None or not execution_id:
        return ""
    try:
        found = bounded(lambda: manager.get_by_id(execution_id), SOON_SECONDS)
    except FailedCall:
        return ""
    rule = getattr(found, "rule", None)
    if not isinstance(rule, Mapping) or not rule.get("name"):
        return ""
    return one_line(clean(rule.get("ref") or f"{rule.get('pack')}.{rule['name']}"), 200)
