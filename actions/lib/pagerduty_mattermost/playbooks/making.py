"""A `Playbook` of the values that stood in its YAML and fit the schema. Pure."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Tuple

from pagerduty_mattermost.playbooks.playbook import (
    ASSIGN,
    DECLARER,
    DUE,
    SHOW,
    ChosenFor,
    Condition,
    FieldValues,
    Playbook,
    PlaybookRights,
    PlaybookRoom,
    ReactionMeaning,
    Retrospective,
    Role,
    Stage,
    Task,
    Updates,
)
from pagerduty_mattermost.playbooks.schema import due_of, seconds_of

CRITERIA = ("priorities", "urgencies", "services", "incident_types", "custom_fields")


def playbook_of(value: Mapping[str, Any]) -> Playbook:
    """`value`: what fits the schema."""
    return Playbook(
        name=value["name"],
        title=value["title"],
        stages=tuple(
            Stage(stage["name"], tuple(_task(task) for task in stage["tasks"]))
            for stage in value["stages"]
        ),
        description=value.get("description", ""),
        teams=_texts(value, "teams"),
        who=_rights(value.get("who") or {}),
        choose=_chosen(value.get("choose") or {}),
        room=_room(value.get("room") or {}),
        commander=value.get("commander", DECLARER),
        roles=tuple(_role(role) for role in value.get("roles") or ()),
        end_on_resolve=value.get("end_on_resolve", True),
        triage=value.get("triage", False),
        updates=_updates(value.get("updates") or {}),
        retro=_retro(value.get("retro") or {}),
        reactions=tuple(
            ReactionMeaning(emoji, does) for emoji, does in (value.get("reactions") or {}).items()
        ),
    )


def _texts(value: Mapping[str, Any], name: str) -> Tuple[str, ...]:
    return tuple(value.get(name) or ())


def _task(value: Mapping[str, Any]) -> Task:
    due_seconds, due_at = due_of(value.get("due", ""))
    return Task(
        id=value["id"],
        text=value["text"],
        description=value.get("description", ""),
        due_seconds=due_seconds,
        due_at=due_at,
        assign=value.get("assign", ""),
        run=value.get("run", ""),
        mention=value.get("mention", False),
        when=tuple(one for written in value.get("when") or () for one in _conditions(written)),
        done_when=value.get("done_when", ""),
    )


def _conditions(value: Mapping[str, Any]) -> Iterator[Condition]:
    """One that names an owner and a due time is two."""
    base = Condition(
        SHOW,
        _texts(value, "priorities"),
        _texts(value, "urgencies"),
        _texts(value, "services"),
        _texts(value, "incident_types"),
        tuple(
            FieldValues(name, tuple(values))
            for name, values in (value.get("custom_fields") or {}).items()
        ),
    )
    if value.get("assign"):
        yield base._replace(then=ASSIGN, assign=value["assign"])
    if value.get("due"):
        due_seconds, due_at = due_of(value["due"])
        yield base._replace(then=DUE, due_seconds=due_seconds, due_at=due_at)
    if not value.get("assign") and not value.get("due"):
        yield base


def _role(value: Mapping[str, Any]) -> Role:
    return Role(
        value["name"],
        value.get("title") or value["name"].replace("_", " ").capitalize(),
        value.get("instructions", ""),
        value.get("default", ""),
    )


def _rights(value: Mapping[str, Any]) -> PlaybookRights:
    return PlaybookRights(_texts(value, "start"), _texts(value, "edit"))


def _chosen(value: Mapping[str, Any]) -> ChosenFor:
    return ChosenFor(
        _texts(value, "priorities"), _texts(value, "urgencies"), _texts(value, "services")
    )


def _room(value: Mapping[str, Any]) -> PlaybookRoom:
    return PlaybookRoom(
        create=value.get("create", True),
        private=value.get("private"),
        name=value.get("name", ""),
        title=value.get("title", ""),
        team=value.get("team", ""),
        invite=tuple(value["invite"]) if "invite" in value else None,
        feed=tuple(value["feed"]) if "feed" in value else None,
        archive=value.get("archive", ""),
    )


def _updates(value: Mapping[str, Any]) -> Updates:
    return Updates(
        value.get("template", ""),
        seconds_of(value.get("remind", "")),
        _texts(value, "broadcast"),
        value.get("pagerduty", False),
        value.get("pagerduty_template", ""),
    )


def _retro(value: Mapping[str, Any]) -> Retrospective:
    return Retrospective(
        value.get("channel", ""), _texts(value, "questions"), seconds_of(value.get("remind", ""))
    )
