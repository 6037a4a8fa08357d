"""The shape of each kind of metadata file, in StackStorm's dialect of JSON Schema
(`standalone.schemas`)."""

from __future__ import annotations

from typing import Any, Dict

_TEXT: Dict[str, Any] = {"type": "string"}
_NEEDED: Dict[str, Any] = {"type": "string", "required": True}
_OBJECT: Dict[str, Any] = {"type": "object"}
_TAGS: Dict[str, Any] = {"type": "array", "items": {"type": "object"}}


def _metadata(**properties: Any) -> Dict[str, Any]:
    common = {
        "id": _TEXT,
        "ref": _TEXT,
        "uid": _TEXT,
        "pack": _TEXT,
        "description": _TEXT,
        "metadata_file": _TEXT,
    }
    return {
        "type": "object",
        "properties": {**common, **properties},
        "additionalProperties": False,
    }


ACTION = _metadata(
    name=_NEEDED,
    enabled={"type": "boolean", "default": True},
    runner_type=_NEEDED,
    entry_point={"type": "string", "default": ""},
    parameters={
        "type": "object",
        "patternProperties": {r"^\w+$": {"type": "object"}},
        "additionalProperties": False,
        "default": {},
    },
    output_schema=_OBJECT,
    tags=_TAGS,
    notify=_OBJECT,
)

SENSOR = _metadata(
    class_name=_NEEDED,
    entry_point=_NEEDED,
    enabled={"type": "boolean", "default": True},
    poll_interval={"type": "number"},
    trigger_types={
        "type": "array",
        "default": [],
        "items": {
            "type": "object",
            "properties": {
                "name": _NEEDED,
                "pack": _TEXT,
                "description": _TEXT,
                "payload_schema": {"type": "object", "default": {}},
                "parameters_schema": {"type": "object", "default": {}},
                "tags": _TAGS,
            },
            "additionalProperties": False,
        },
    },
)

RULE = _metadata(
    name=_NEEDED,
    enabled={"type": "boolean", "default": False},
    type={"type": "object", "properties": {"ref": _TEXT, "parameters": _OBJECT}},
    trigger={
        "type": "object",
        "required": True,
        "properties": {
            "type": _NEEDED,
            "description": _TEXT,
            "parameters": {"type": "object", "default": {}},
        },
    },
    criteria={"type": "object", "default": {}},
    action={
        "type": "object",
        "required": True,
        "properties": {
            "ref": _NEEDED,
            "description": _TEXT,
            "parameters": {"type": "object", "default": {}},
        },
        "additionalProperties": False,
    },
    context=_OBJECT,
    tags=_TAGS,
)

RULE_SWITCH: Dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": _NEEDED,
        "pack": _TEXT,
        "enabled": {"type": "boolean", "required": True},
    },
    "additionalProperties": False,
}
"""A rule known already, switched on or off."""

_FORMAT = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {
                "display": _TEXT,
                "representation": {"type": "array", "items": {"type": "string"}},
            },
        },
    ]
}

ALIAS = _metadata(
    name=_NEEDED,
    enabled={"type": "boolean", "default": True},
    action_ref=_NEEDED,
    formats={"type": "array", "items": _FORMAT, "required": True},
    ack={
        "type": "object",
        "properties": {
            "enabled": {"type": "boolean"},
            "format": _TEXT,
            "extra": _OBJECT,
            "append_url": {"type": "boolean"},
        },
    },
    result={
        "type": "object",
        "properties": {"enabled": {"type": "boolean"}, "format": _TEXT, "extra": _OBJECT},
    },
    extra=_OBJECT,
    immutable_parameters=_OBJECT,
)

POLICY = _metadata(
    name=_NEEDED,
    enabled={"type": "boolean", "default": True},
    resource_ref=_NEEDED,
    policy_type=_NEEDED,
    parameters={"type": "object", "default": {}},
)

POLICIES = {
    "action.retry": {
        "type": "object",
        "properties": {
            "retry_on": {"type": "string", "required": True, "enum": ["failure", "timeout"]},
            "max_retry_count": {
                "type": "integer",
                "required": True,
                "minimum": 1,
                "maximum": 5,
                "default": 2,
            },
            "delay": {"type": "number", "minimum": 0, "maximum": 120},
        },
        "additionalProperties": False,
    }
}

_CRON: Dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "integer"}]}

TIMERS: Dict[str, Dict[str, Any]] = {
    "core.st2.IntervalTimer": {
        "type": "object",
        "properties": {
            "timezone": _TEXT,
            "unit": {"enum": ["weeks", "days", "hours", "minutes", "seconds"], "required": True},
            "delta": {"type": "integer", "required": True, "minimum": 1},
        },
        "additionalProperties": False,
    },
    "core.st2.DateTimer": {
        "type": "object",
        "properties": {"timezone": _TEXT, "date": {"type": "string", "required": True}},
        "additionalProperties": False,
    },
    "core.st2.CronTimer": {
        "type": "object",
        "properties": {
            "timezone": _TEXT,
            **dict.fromkeys(
                ("year", "month", "day", "week", "day_of_week", "hour", "minute", "second"), _CRON
            ),
        },
        "additionalProperties": False,
    },
}
"""Trigger types of StackStorm itself that the embedded default has, with the schema of their
parameters."""

SENSOR_EXIT = "core.st2.sensor.process_exit"
INQUIRY, NOTIFY = "core.st2.generic.inquiry", "core.st2.generic.notifytrigger"
"""Which never fire here: there are no inquiries, and no notify routes."""
SYSTEM_TRIGGERS = (SENSOR_EXIT, INQUIRY, NOTIFY)
"""Further ones, without parameters."""
