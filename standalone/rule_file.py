"""A rule's file: all that is wrong with its shape and its criteria at once, and the rule as it
would be if that were corrected, so that what is wrong beside it is found as well. Pure.

    data, lines = repaired(data, RULE)
    criteria, lines = criteria_in_place(rule.criteria)
    problems, refused = wrong_criteria(criteria)
    corrected(rule, triggers, actions)
"""

from __future__ import annotations

import copy
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from standalone.pack_model import Rule
from standalone.schemas import misfits, nearest, validate

CRITERION = ("type", "pattern", "condition")
"""What StackStorm reads of a criterion; it passes over the rest without a word."""
_PATHS = ("trigger.", "incident.", "item.")
"""How the name of a criterion begins, as people write it."""


def repaired(
    data: Mapping[str, Any], schema: Mapping[str, Any]
) -> Tuple[Optional[Dict[str, Any]], List[str]]:
    """(the data with the schema's defaults put in, one line for each mistake). Names that there
    are not are taken for the ones most like them, or left out. No data where what is wrong can't
    be read otherwise."""
    lines: List[str] = []
    fixed = copy.deepcopy(dict(data))
    _indent(fixed, lines)
    _rename(fixed, schema, "", lines)
    rest = misfits(fixed, schema)
    return (None if rest else validate(fixed, schema, "")), [*lines, *rest]


def _indent(rule: Dict[str, Any], lines: List[str]) -> None:
    """Criteria at the left are put below `criteria`."""
    for name in [name for name in rule if str(name).startswith(_PATHS)]:
        lines.append(f"there is no '{name}' at the left: it belongs below criteria:, indented")
        inner = rule.pop(name)
        if rule.get("criteria") is None:
            rule["criteria"] = {}
        if isinstance(rule["criteria"], dict):
            rule["criteria"].setdefault(name, inner)


def _rename(value: Dict[str, Any], schema: Mapping[str, Any], at: str, lines: List[str]) -> None:
    known = list(schema.get("properties") or {})
    unknown = [name for name in value if name not in known]
    if schema.get("additionalProperties") is False:
        for name in unknown:
            meant = nearest(str(name), known)
            said = f"; did you mean {meant}?" if meant else f"; there are {', '.join(known)}"
            lines.append(f"{at}there is no '{name}'{said}")
            inner = value.pop(name)
            if meant and value.get(meant) is None:
                value[meant] = inner
    for name in known:
        inner = value.get(name)
        if isinstance(inner, dict):
            _rename(inner, schema["properties"][name], f"{at}{name}: ", lines)


def criteria_in_place(criteria: Mapping[str, Any]) -> Tuple[Dict[str, Any], List[str]]:
    """(the criteria as they are meant, one line for each name in one that nobody reads)."""
    found: Dict[str, Any] = {}
    lines: List[str] = []
    for key, criterion in criteria.items():
        if not isinstance(criterion, Mapping):
            found[key] = criterion
            continue
        fixed = {name: criterion[name] for name in CRITERION if name in criterion}
        for name in [name for name in criterion if name not in CRITERION]:
            is_path = str(name).startswith(_PATHS)
            meant = "" if is_path else nearest(str(name), CRITERION)
            there_are = f"; there are {', '.join(CRITERION)}"
            said = f"; did you mean {meant}?" if meant else there_are
            said += " (is it indented too far?)" if is_path else ""
            lines.append(f"criterion on {key}: there is no '{name}'{said}")
            if is_path:
                found.setdefault(name, criterion[name])
            elif meant:
                fixed.setdefault(meant, criterion[name])
        if isinstance(fixed.get("pattern"), Mapping):
            fixed["pattern"], inner = criteria_in_place(fixed["pattern"])
            lines += inner
        found[key] = fixed
    return found, lines


def wrong_criteria(criteria: Mapping[str, Any]) -> Tuple[List[str], List[str]]:
    """(mistakes wherever the rule runs, what the embedded default can't do), a line each."""
    from pagerduty_mattermost.gateways.stackstorm import rule_criteria

    problems: List[str] = []
    refused: List[str] = []
    for key, criterion in _each(criteria):
        try:
            (finding,) = rule_criteria.check({key: criterion}, {})
        except rule_criteria.UnknownOperator as error:
            problems.append(str(error))
        except rule_criteria.Unsupported as error:
            refused.append(str(error))
        else:
            if not finding.operator:
                problems.append(f"the criterion on {key} has no type")
    return problems, refused


def _each(criteria: Mapping[str, Any]) -> Iterator[Tuple[str, Any]]:
    """Also those inside of a search."""
    for key, criterion in criteria.items():
        yield key, criterion
        inner = criterion.get("pattern") if isinstance(criterion, Mapping) else None
        if isinstance(inner, Mapping):
            yield from _each(inner)


def corrected(rule: Rule, triggers: Iterable[str], actions: Iterable[str]) -> Optional[Rule]:
    """With the trigger and the action that are most like those it names; None where no action
    is."""
    ref = rule.action["ref"]
    action = ref if ref in actions else nearest(ref, actions)
    if not action:
        return None
    kind = rule.trigger["type"]
    meant = kind if kind in triggers else nearest(kind, triggers) or kind
    return rule._replace(
        trigger={**rule.trigger, "type": meant}, action={**rule.action, "ref": action}
    )
