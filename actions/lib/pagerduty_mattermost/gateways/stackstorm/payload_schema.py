"""Whether a payload fits its trigger's schema: StackStorm drops one that does not without a
word.

    check = PayloadSchema(metadata["payload_schema"])
    check.misfit(payload)     # "", or "payload.incident.number is str, not integer"

jsonschema decides, by Draft 4 with `required: true` inside properties, as StackStorm reads its
metadata (st2common.util.schema). It works with jsonschema 3.2 and 4.x, and is imported when the
first payload is checked: sensors alone do.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, Mapping, Optional

from pagerduty_mattermost.core import yaml_text

MAX_SHOWN = 100
"""Characters of a rule that are shown."""


def payload_schemas(*sensors: Path) -> Dict[str, Any]:
    """Payload schemas by trigger reference, of the sensors of these metadata files."""
    return {
        f"pagerduty.{one['name']}": one["payload_schema"]
        for sensor in sensors
        for one in _trigger_types(sensor)
    }


@lru_cache(maxsize=None)
def _trigger_types(sensor: Path) -> Any:
    return yaml_text.loaded(sensor.read_text(encoding="utf-8"))["trigger_types"]


class PayloadSchema:
    """One trigger's schema, made ready once."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator: Optional[Any] = None

    def misfit(self, payload: Any) -> str:
        """Why StackStorm would drop the payload, with the place in it, or ""."""
        if self._validator is None:
            self._validator = _validator_class()(self._schema)
        error = next(self._validator.iter_errors(payload), None)
        return _told(error) if error is not None else _unsendable(payload, "payload")


@lru_cache(maxsize=1)
def _validator_class() -> Any:
    from jsonschema import Draft4Validator, ValidationError, validators

    def properties(
        validator: Any, properties: Mapping[str, Any], instance: Any, schema: Any
    ) -> Iterator[Any]:
        if not validator.is_type(instance, "object"):
            return
        for name, inner in properties.items():
            if name in instance:
                yield from validator.descend(instance[name], inner, path=name, schema_path=name)
            elif inner.get("required") is True:
                yield ValidationError(
                    name, validator="required", validator_value=name, instance=instance
                )

    rules = {name: rule for name, rule in Draft4Validator.VALIDATORS.items() if name != "required"}
    return validators.create(
        meta_schema={},
        validators={**rules, "properties": properties},
        type_checker=Draft4Validator.TYPE_CHECKER,
    )


def _told(error: Any) -> str:
    """A line without the payload's own values, which may be long."""
    where, value, rule = _place(error.absolute_path), error.instance, error.validator_value
    if error.validator == "type":
        return f"{where} is {type(value).__name__}, not {rule}"
    if error.validator == "required":
        return f"{where} lacks {rule}"
    if error.validator == "enum":
        return f"{where} is none of {rule}"
    if error.validator == "maxItems":
        return f"{where} has more than {rule} items"
    if error.validator == "additionalProperties" and rule is False:
        others = [name for name in value if name not in error.schema.get("properties", {})]
        return f"{where}.{others[0]} is not in the schema"
    return f"{where} does not keep to {error.validator}: {rule!r:.{MAX_SHOWN}}"


def _place(path: Iterable[Any]) -> str:
    return "payload" + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in path
    )


def _unsendable(value: Any, where: str) -> str:
    """What fits the schema and is dropped all the same by StackStorm's rules engine: integers over
    64 bits and lone surrogates."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return f"{where} is over 64 bits"
    if isinstance(value, str) and not _is_utf8(value):
        return f"{where} holds a lone surrogate"
    found: Iterable[str] = ()
    if isinstance(value, dict):
        found = (_unsendable(item, f"{where}.{name}") for name, item in value.items())
    elif isinstance(value, (list, tuple)):
        found = (_unsendable(item, f"{where}[{place}]") for place, item in enumerate(value))
    return next((problem for problem in found if problem), "")


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
