"""What would keep a rule from ever doing what it says, found without asking anybody, and which
names of PagerDuty's it relies on. Pure but for the datastore.

    faults(rule, pack, store.get)   # ["trigger.incident.servce is no field …", …]
    names_of(rule)                  # [PagerDutyName("service", "Checkout", …), …]
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import difflib
import re
from typing import (
    Any,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from standalone.pack_model import Pack, Rule
from standalone.parameters import RUNNER_PARAMETERS, BadParameters, cast
from standalone.schemas import Misfit, check
from standalone.templates import Lookup, holds_template, names_in, paths_in, wrong_template

VARIABLES = ("trigger", "st2kv", "action_context", "config_context")
"""What templates in a rule's parameters may name, beside other parameters."""
INCIDENT_TRIGGER = "pagerduty.incident"
POST_ACTION = "pagerduty.mattermost.post_incident"
CHANGE = "change"
"""The parameter of the card's actions that takes the whole trigger."""
ROUTE = ("start_on", "reply_on", "mention", "checklist", "reactions", "quiet")
_PATTERNS = ("regex", "iregex", "matchregex")
_EQUAL = ("equals", "eq", "nequals", "neq")
_ANY_CASE = ("iequals", "ieq")
_ORDERED = ("lessthan", "lt", "greaterthan", "gt")
_WITHIN = ("contains", "icontains", "ncontains", "incontains")
_ALONE = ("exists", "nexists")
EVENT_TYPES = "trigger.event_types"
_AMONG = ("inside", "in", "ninside", "nin")
_NAMES = {
    "trigger.incident.service": ("service", False),
    "trigger.incident.service_id": ("service", True),
    "trigger.incident.priority": ("priority", False),
    "trigger.incident.priority_id": ("priority", True),
    "trigger.incident.escalation_policy": ("escalation_policy", False),
    "trigger.incident.escalation_policy_id": ("escalation_policy", True),
    "trigger.incident.teams.name": ("team", False),
    "trigger.incident.teams.id": ("team", True),
    "trigger.incident.assignees.name": ("user", False),
    "trigger.incident.assignees.id": ("user", True),
}
"""Fields of the incident trigger that hold a name or, where True, an id of PagerDuty's."""


class PagerDutyName(NamedTuple):
    """A name or an id that a criterion compares with."""

    kind: str
    """service, team, user, priority or escalation_policy."""
    text: str
    key: str
    """The criterion it stands in."""
    by_id: bool
    any_case: bool


class _Compared(NamedTuple):
    """One comparison of a criterion: of a `search`, each of its patterns."""

    key: str
    field: str
    """The path without what picks items of lists: trigger.incident.teams.name."""
    operator: str
    pattern: Any


def faults(rule: Rule, pack: Pack, lookup: Lookup) -> List[str]:
    """One line for each mistake, with what to write; empty when the rule can run."""
    trigger = pack.triggers.get(rule.trigger["type"])
    schema = trigger.payload_schema if trigger is not None else None
    found = list(_criteria(rule, schema))
    found += _parameters(rule, pack, schema, lookup)
    return found


def faults_of_broken(pack: Pack, lookup: Lookup) -> List[str]:
    """What is wrong with rules that can't run beside why they can't (`pack.problems`)."""
    return [
        f"{broken.place}: {line}"
        for broken in pack.broken_rules
        for line in faults(broken.rule, pack, lookup)
    ]


def names_of(rule: Rule) -> List[PagerDutyName]:
    """Of a rule on the incident trigger."""
    if rule.trigger["type"] != INCIDENT_TRIGGER:
        return []
    found = []
    for one in _comparisons(rule.criteria):
        kind, by_id = _NAMES.get(one.field, ("", False))
        if kind:
            any_case = one.operator in _ANY_CASE
            found += [
                PagerDutyName(kind, text, one.key, by_id, any_case)
                for text in _compared_texts(one)
                if text
            ]
    return list(dict.fromkeys(found))


def _compared_texts(one: _Compared) -> List[str]:
    if one.field == EVENT_TYPES and one.operator in _WITHIN:
        return [one.pattern] if isinstance(one.pattern, str) else []
    if one.operator in (*_EQUAL, *_ANY_CASE):
        return [one.pattern] if isinstance(one.pattern, str) else []
    if one.operator in _AMONG and isinstance(one.pattern, list):
        return [text for text in one.pattern if isinstance(text, str)]
    return []


def _comparisons(criteria: Mapping[str, Any], within: str = "") -> Iterator[_Compared]:
    from pagerduty_mattermost.gateways.stackstorm import rule_criteria

    for key, criterion in criteria.items():
        if not isinstance(criterion, Mapping):
            continue
        operator = str(criterion.get("type", "")).lower()
        try:
            steps = rule_criteria.steps(key.split("#", 1)[0])
        except rule_criteria.Unsupported:
            continue
        if within:
            steps = [within, *steps[1:]]
        field = ".".join(step for step in steps if not re.fullmatch(r"\[.*\]|\.\*", step))
        if operator == rule_criteria.SEARCH and isinstance(criterion.get("pattern"), Mapping):
            yield from _comparisons(criterion["pattern"], field)
        else:
            yield _Compared(key, field, operator, criterion.get("pattern"))


def _criteria(rule: Rule, schema: Optional[Mapping[str, Any]]) -> Iterator[str]:
    from pagerduty_mattermost.gateways.stackstorm import rule_criteria

    for key, criterion in rule.criteria.items():
        if not key.strip().startswith("trigger"):
            path = (
                key.strip() if key.strip().startswith("incident.") else f"incident.{key.strip()}"
            )
            yield f"the criterion on {key} never holds: write trigger.{path}"
            continue
        if criterion.get("pattern") is None and _wants_pattern(criterion):
            yield f"the criterion on {key} has no pattern to compare with"
            continue
        search = str(criterion.get("type", "")).lower() == rule_criteria.SEARCH
        if search and criterion.get("condition") not in rule_criteria.CONDITIONS:
            yield (
                f"the criterion on {key} searches without a condition; write condition: one of "
                + ", ".join(rule_criteria.CONDITIONS)
            )
    for one in _comparisons(rule.criteria):
        if schema is not None and one.field.startswith("trigger."):
            problem, inner = _walk(one.field.split(".")[1:], schema)
            if problem:
                yield problem
                continue
            yield from _value(rule, one, inner)
        if one.operator in _PATTERNS:
            try:
                re.compile(str(one.pattern))
            except re.error as error:
                yield f"the criterion on {one.key}: {one.pattern!r} is no pattern ({error})"


def _wants_pattern(criterion: Mapping[str, Any]) -> bool:
    """Whether its operator compares with something: a comparison with nothing in particular
    (`equals: null`) is written with the key."""
    operator = str(criterion.get("type", "")).lower()
    return operator not in _ALONE and "pattern" not in criterion


def _value(rule: Rule, one: _Compared, schema: Mapping[str, Any]) -> Iterator[str]:
    """What a field can never be equal to."""
    number = schema.get("type") in ("integer", "number")
    if (
        number
        and isinstance(one.pattern, str)
        and one.operator in (*_EQUAL, *_ANY_CASE, *_ORDERED)
    ):
        how = f": write {one.pattern} without quotes" if one.pattern.strip().isdecimal() else ""
        yield f"{one.key} is a number, and '{one.pattern}' is text{how}"
        return
    items = schema.get("items") if schema.get("type") == "array" else None
    if isinstance(items, Mapping) and items.get("type") == "object" and one.operator in _WITHIN:
        yield (
            f"{one.key} is a list of things with {', '.join(items.get('properties') or {})}: "
            "write type: search, condition: any, pattern: {item.name: {type: equals, pattern: "
            f"{one.pattern}}}}}"
        )
        return
    is_text = one.operator in _EQUAL and schema.get("type") == "string"
    if is_text and one.pattern is not None and not isinstance(one.pattern, str):
        yield (
            f"{one.key} is text and never equals {one.pattern!r}: write it in quotes, "
            f'"{one.pattern}"'
        )
        return
    if rule.trigger["type"] != INCIDENT_TRIGGER:
        return
    allowed = _allowed(one.field)
    for text in _compared_texts(one) if allowed else []:
        known = [word.lower() for word in allowed] if one.operator in _ANY_CASE else allowed
        if (text.lower() if one.operator in _ANY_CASE else text) not in known:
            near = difflib.get_close_matches(text.lower(), allowed, n=1)
            meant = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(allowed)}"
            yield f"{one.key} is never '{text}'; {meant}"


def _allowed(field: str) -> Sequence[str]:
    if field == "trigger.incident.urgency":
        return ("high", "low")
    if field == "trigger.incident.status":
        return ("triggered", "acknowledged", "resolved", "merged")
    if field in ("trigger.events.event_type", EVENT_TYPES):
        from pagerduty_mattermost.cards.route import KNOWN_EVENTS

        return KNOWN_EVENTS
    return ()


def _walk(steps: Sequence[str], schema: Mapping[str, Any]) -> Tuple[str, Mapping[str, Any]]:
    """(what is wrong, the schema at the end of a path). Where a schema says nothing of what is
    inside, everything may be."""
    at: Mapping[str, Any] = schema
    here = "trigger"
    for step in steps:
        while isinstance(at.get("items"), Mapping):
            at = at["items"]
        properties = at.get("properties")
        if not properties:
            return "", {}
        if step not in properties and not step.isdigit():
            if at.get("additionalProperties") is not False:
                return "", {}
            near = difflib.get_close_matches(step, list(properties), n=1)
            meant = f"did you mean {here}.{near[0]}?" if near else _there_are(properties)
            return f"{here}.{step} is no field of the trigger; {meant}", {}
        at, here = properties.get(step, at), f"{here}.{step}"
    return "", at


def _there_are(names: Iterable[str]) -> str:
    return f"there are {', '.join(sorted(names))}"


def _parameters(
    rule: Rule, pack: Pack, schema: Optional[Mapping[str, Any]], lookup: Lookup
) -> Iterator[str]:
    given = rule.action["parameters"]
    declared = pack.actions[rule.action["ref"]].parameters
    wrong: Set[str] = set()
    for name, value in given.items():
        if name not in declared and name not in RUNNER_PARAMETERS:
            continue  # said when the rule is read
        own = {**RUNNER_PARAMETERS.get(name, {}), **declared.get(name, {})}
        found = (
            list(_template(name, value, given, schema, lookup))
            if holds_template(value)
            else list(_constant(name, value, own))
        )
        wrong.update([name] if found else [])
        yield from found
    for name, inner in declared.items():
        if inner.get("required") and given.get(name) is None and inner.get("default") is None:
            yield f"{rule.action['ref']} needs {name}: {_line(inner)}"
    instead = {CHANGE, "incident_id"}
    if instead <= set(declared) and not any(given.get(name) for name in instead):
        yield f'{rule.action["ref"]} needs {CHANGE}: "{{{{ trigger }}}}", else it posts nothing'
    if rule.action["ref"] == POST_ACTION:
        yield from _route({name: given.get(name) for name in ROUTE if name not in wrong})


def _line(schema: Mapping[str, Any]) -> str:
    return " ".join(str(schema.get("description") or schema.get("type") or "").split())


def _constant(name: str, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    if value is None:
        return
    if schema.get("immutable"):
        yield f"{name} can't be set"
        return
    try:
        check(cast(value, schema, name), schema, name)
    except (BadParameters, Misfit) as error:
        yield str(error)


def _template(
    name: str,
    value: Any,
    given: Mapping[str, Any],
    schema: Optional[Mapping[str, Any]],
    lookup: Lookup,
) -> Iterator[str]:
    problem = wrong_template(value)
    if problem:
        yield f"{name}: {problem}"
        return
    if name == CHANGE and "change" in given and str(value).replace(" ", "") != "{{trigger}}":
        yield f'{name}: must be exactly "{{{{ trigger }}}}": the action reads all of the trigger'
        return
    for variable in names_in(value):
        if variable not in VARIABLES and variable not in given:
            yield f"{name}: there is no '{variable}' in a rule; write trigger.… or st2kv.system.…"
    for path in paths_in(value, "trigger") if schema is not None else ():
        problem, _ = _walk(path, schema or {})
        if problem:
            yield f"{name}: {problem}"
    defaulted = "default" in str(value)
    for path in paths_in(value, "st2kv") if not defaulted else ():
        keys = [".".join(path[1 : end + 1]) for end in range(1, len(path))]
        if path[0] == "system" and not any(lookup(one) for one in keys):
            key = keys[-1]
            yield f"{name}: the datastore has no key '{key}' (`key set {key}` stores one)"


def _route(given: Mapping[str, Any]) -> Iterator[str]:
    """What the action would refuse of a route; each of its parameters by itself."""
    from pagerduty_mattermost.cards.route import make_route
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.core.text import listed

    for name, value in given.items():
        if value is None or holds_template(value):
            continue
        lists = ("start_on", "reply_on", "reactions")
        one: Any = {name: listed(value) if name in lists else value}
        try:
            make_route(**one)
        except PackError as error:
            line = str(error)
            yield line if line.startswith(name) else f"{name}: {line}"
