"""What is asked of StackStorm's API about executions: one is started, and which rule started one.

    known = parameters_of(client, "ops.open_bridge")      # names that the action takes
    id = start(client, "ops.open_bridge", {"incident_id": "PT4KHLK"})
    taken = alias_of(client, "open bridge")               # which alias takes the phrase
    id = run_alias(client, taken, kept)                   # a phrase, and who asks
    ref = rule_of(client, "6565...")                      # "my_company.checkout"

StackStorm renders templates in what it is given, so nothing that people wrote may be in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, Mapping, NamedTuple, Optional

from pagerduty_mattermost.core.errors import (
    NotFound,
    NotKnown,
    PackError,
    RejectedInput,
    RetryLater,
)
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.api_calls import FailedCall, bounded

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.stackstorm.embedded_api import EmbeddedApi
    from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase, PhraseRecords

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
    made = _started(lambda: client.executions.create(wanted), ref)
    return str(getattr(made, "id", ""))


def _started(call: Callable[[], Any], ref: str) -> Any:
    try:
        return bounded(call)
    except FailedCall as error:
        status = _status(error)
        if isinstance(status, int) and 400 <= status < 500:
            raise RejectedInput(f"StackStorm does not start {ref}: {_reason(error)}") from None
        raise NotKnown(
            f"Whether StackStorm started {ref} is not known ({error}): `st2 execution list` "
            "shows it"
        ) from None


class TakenPhrase(NamedTuple):
    """Which alias takes a phrase, and by which of its formats."""

    ref: str
    name: str
    representation: str
    action: str = ""
    """Reference of what it runs."""
    private: bool = False
    """Whether only who asks is to see what comes of it."""


class _Asked(NamedTuple):
    """What StackStorm's client sends."""

    body: Mapping[str, Any]

    def serialize(self) -> Dict[str, Any]:
        return dict(self.body)


def alias_of(client: Any, phrase: str) -> TakenPhrase:
    """Raises NotFound where no alias takes it, RejectedInput where several do or nothing runs
    aliases, and RetryLater."""
    own = _own_aliases(client)
    if own is not None:
        return _own_alias_of(own, phrase)
    manager = (getattr(client, "managers", None) or {}).get("ActionAlias")
    if manager is None:
        raise RejectedInput("a phrase is run by StackStorm, which is not there")
    try:
        alias, representation = bounded(lambda: manager.match(_Asked({"command": phrase})))
    except FailedCall as error:
        if _status(error) == 400:
            said = _reason(error)
            raise NotFound(f"StackStorm has no one alias for {phrase!r}: {said}") from None
        raise RetryLater(f"StackStorm does not say which alias takes a phrase ({error})") from None
    pack, name = (str(getattr(alias, field, "")) for field in ("pack", "name"))
    action, result = (getattr(alias, field, None) for field in ("action_ref", "result"))
    return TakenPhrase(
        f"{pack}.{name}", name, str(representation), str(action or ""), _is_private(result)
    )


def _is_private(result: Any) -> bool:
    """By what an alias says of its result."""
    extra = result.get("extra") if isinstance(result, Mapping) else None
    said = extra.get("mattermost") if isinstance(extra, Mapping) else None
    return isinstance(said, Mapping) and said.get("ephemeral") is True


def run_alias(client: Any, taken: TakenPhrase, kept: KeptPhrase) -> str:
    """Id of the execution; nobody waits for its end here. It is labelled with who asks. Raises as
    `start`."""
    own = _own_aliases(client)
    body = {
        "name": taken.name,
        "format": taken.representation,
        "command": kept.phrase,
        "user": kept.user_name or "pagerduty",
        "source_channel": kept.mark,
    }
    if own is not None:
        return str(own.call("POST", "/aliasexecution", body)["execution"]["id"])
    manager = client.managers["ActionAliasExecution"]
    made = _started(lambda: manager.create(_Asked(body)), taken.ref)
    found = getattr(made, "execution", None)
    given = found.get("id") if isinstance(found, Mapping) else getattr(made, "id", "")
    return str(given or "")


def run_kept(
    client: Any,
    kept: KeptPhrase,
    refusal: Callable[[str], str],
    records: PhraseRecords,
    log: Any,
) -> str:
    """Has the alias run that takes the phrase; the id of its execution. What is not known to run
    is left for the chat sensor, which finds it by its mark. `refusal`: why the alias of a
    reference may not be run. Raises RejectedInput with that, and as `alias_of` and `run_alias`."""
    found = alias_of(client, kept.phrase)
    why = refusal(found.ref)
    if why:
        raise RejectedInput(why)
    kept = kept._replace(alias=found.ref, action=found.action, private=found.private)
    records.write(kept)
    try:
        execution = run_alias(client, found, kept)
    except NotKnown:
        raise
    except PackError:
        try:
            records.delete(kept)
        except PackError as error:
            log.warning("The record of a phrase that does not run stays: %s", error)
        raise
    try:
        records.write(kept._replace(execution=execution))
    except PackError as error:
        log.warning("Execution %s is found by its mark later: %s", execution, error)
    return execution


def _own_aliases(client: Any) -> Optional[EmbeddedApi]:
    """Of the embedded default, which runs the pack's own aliases; None of StackStorm."""
    answered = getattr(client, "own_aliases", None)
    if answered is None:
        return None
    from pagerduty_mattermost.gateways.stackstorm.embedded_api import EmbeddedApi

    return EmbeddedApi(answered)


def _own_alias_of(own: EmbeddedApi, phrase: str) -> TakenPhrase:
    try:
        found = own.call("POST", "/actionalias/match", {"command": phrase})
    except RejectedInput as error:
        raise NotFound(
            f"this runs without StackStorm, with the pack's own aliases alone: {error}"
        ) from None
    alias = found["actionalias"]
    return TakenPhrase(
        str(alias["ref"]),
        str(alias["name"]),
        str(found["representation"]),
        str(alias.get("action_ref") or ""),
        _is_private(alias.get("result")),
    )


def _reason(error: FailedCall) -> str:
    """StackStorm's own words, where its client tells them between its own and the address."""
    said = str(error.cause).partition("MESSAGE: ")[2] or str(error.cause)
    return one_line(clean(said.partition(" for url: ")[0]), MAX_REASON_CHARACTERS)


def _status(error: FailedCall) -> Any:
    return getattr(getattr(error.cause, "response", None), "status_code", None)


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
