"""A pack as values: its actions, sensors, trigger types, rules, aliases and policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, NamedTuple, Optional, Tuple

from standalone.alias_format import ActionAlias


class ActionMeta(NamedTuple):
    """An action: `actions/*.yaml`."""

    ref: str
    name: str
    description: str
    enabled: bool
    entry_point: Path
    parameters: Mapping[str, Mapping[str, Any]]


class TriggerType(NamedTuple):
    """A trigger type of a sensor."""

    ref: str
    name: str
    description: str
    payload_schema: Mapping[str, Any]


class SensorMeta(NamedTuple):
    """A sensor: `sensors/*.yaml`."""

    ref: str
    class_name: str
    description: str
    enabled: bool
    entry_point: Path
    poll_interval: Optional[float]
    trigger_types: Tuple[TriggerType, ...]


class Rule(NamedTuple):
    """A rule, under the names StackStorm's client has."""

    ref: str
    name: str
    pack: str
    description: str
    enabled: bool
    trigger: Mapping[str, Any]
    """`type`, and `parameters` of a timer."""
    criteria: Mapping[str, Any]
    action: Mapping[str, Any]
    """`ref` and `parameters`."""


class ActionRetryPolicy(NamedTuple):
    """`action.retry` of one action."""

    ref: str
    action_ref: str
    retry_on: str
    """`failure` or `timeout`."""
    max_retry_count: int
    delay: float
    """Seconds."""


class UnsupportedPart(NamedTuple):
    """What StackStorm can do and the embedded default can't: it is left out."""

    line: str
    is_packs: bool
    """It stands in the pack itself, and not in a folder of somebody's own rules."""


class BrokenRule(NamedTuple):
    """A rule that can't run as its file has it, as it would be if it were corrected: so that its
    other mistakes are found along with these."""

    place: str
    """Of its file, as people read it."""
    rule: Rule


class Pack(NamedTuple):
    """All that stands in a pack's folder."""

    ref: str
    path: Path
    version: str
    actions: Mapping[str, ActionMeta]
    sensors: Tuple[SensorMeta, ...]
    triggers: Mapping[str, TriggerType]
    rules: Mapping[str, Rule]
    aliases: Tuple[ActionAlias, ...]
    policies: Tuple[ActionRetryPolicy, ...]
    config_schema: Mapping[str, Any]
    problems: Tuple[str, ...]
    refused: Tuple[UnsupportedPart, ...]
    broken_rules: Tuple[BrokenRule, ...] = ()
    workflows: Mapping[str, str] = {}
    """Description by name of what is listed and needs StackStorm to run."""
