"""Conditions of an export of Mattermost Playbooks, as conditions on PagerDuty's custom fields of
the same names. Pure.

An exported condition (server/app/condition.go, version 1) is `is` or `isNot` of one property, or
`and` or `or` of such; options stand there by id. `isNot` has no counterpart.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

from pagerduty_mattermost.core.text import clean, one_line

MAX_DEPTH = 3
"""Theirs is 1."""
_Fields = Dict[str, List[str]]


class _NoCounterpart(Exception):
    """What of a condition can't be carried over."""


class ExportedConditions:
    """`whole`: the export."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._fields: Dict[str, str] = {}
        self._options: Dict[str, str] = {}
        self._by_id: Dict[str, Mapping[str, Any]] = {}
        for row in _objects(whole.get("properties")):
            self._fields[str(row.get("id"))] = _name(row.get("name"))
            attrs = row.get("attrs")
            for option in _objects(attrs.get("options") if isinstance(attrs, dict) else None):
                self._options[str(option.get("id"))] = _name(option.get("name"))
        for row in _objects(whole.get("conditions")):
            self._by_id[str(row.get("id"))] = row

    def of_task(self, condition_id: str) -> Tuple[List[Dict[str, Any]], str]:
        """What `when` says for the condition of that id, and why nothing does; both empty where
        there is no id."""
        if not condition_id:
            return [], ""
        row = self._by_id.get(condition_id)
        if row is None:
            return [], "the export does not hold it"
        try:
            ways = self._ways(row.get("condition_expr"))
        except _NoCounterpart as error:
            return [], str(error)
        return [{"custom_fields": fields} for fields in ways][:10], ""

    def _ways(self, expression: Any, depth: int = 0) -> List[_Fields]:
        """Each way in which it holds."""
        if not isinstance(expression, dict) or depth > MAX_DEPTH:
            raise _NoCounterpart("its version is not known")
        if isinstance(expression.get("or"), list):
            return [way for one in expression["or"] for way in self._ways(one, depth + 1)]
        if isinstance(expression.get("and"), list):
            joined: _Fields = {}
            for one in expression["and"]:
                ways = self._ways(one, depth + 1)
                if len(ways) != 1 or set(ways[0]) & set(joined):
                    raise _NoCounterpart("it asks for too much at once")
                joined.update(ways[0])
            if not 0 < len(joined) <= 10:
                raise _NoCounterpart("it asks for too much at once")
            return [joined]
        if isinstance(expression.get("is"), dict):
            return [self._is(expression["is"])]
        raise _NoCounterpart("that a field is not something has no counterpart")

    def _is(self, comparison: Mapping[str, Any]) -> _Fields:
        field = self._fields.get(str(comparison.get("field_id")), "")
        value = comparison.get("value")
        values = value if isinstance(value, list) else [value]
        texts = [self._options.get(str(one)) or _name(one) for one in values]
        texts = [text for text in texts if text]
        if not field or not texts:
            raise _NoCounterpart("its field or value is not in the export")
        return {field: texts}


def _objects(value: Any) -> List[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _name(value: Any) -> str:
    return one_line(clean(value, 100)) if isinstance(value, (str, int)) else ""
