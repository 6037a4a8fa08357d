"""Which of a task's conditions hold for an incident, and which playbook is taken for it. Pure.

    facts = facts_of(incident, custom_fields)
    holding(task, DUE, facts)       # the conditions that bring its due time forward
    choose(playbooks, facts)        # Playbook, or None

Names are compared without case. Custom fields cost a request: `asks_custom_fields` says whether a
playbook needs them.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import (
    Any,
    Container,
    FrozenSet,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.playbooks.playbook import (
    ACKNOWLEDGED,
    OF_INCIDENT,
    PRIORITY,
    RESOLVED,
    ChosenFor,
    Condition,
    Playbook,
    Task,
)


class IncidentFacts(NamedTuple):
    """What conditions ask of an incident."""

    priority: str = ""
    urgency: str = ""
    service: str = ""
    service_id: str = ""
    incident_type: str = ""
    custom_fields: Tuple[Tuple[str, Tuple[str, ...]], ...] = ()
    """Name and values, as text."""
    done: Tuple[str, ...] = ()
    """Words of `Task.done_when` that are so; of those only that the playbook has."""


def facts_of(
    incident: Incident,
    custom_fields: Tuple[Tuple[str, Tuple[str, ...]], ...] = (),
    wanted: Container[str] = (),
) -> IncidentFacts:
    """`wanted`: words of `done_when` that are asked for."""
    return IncidentFacts(
        incident.priority,
        incident.urgency,
        incident.service,
        incident.service_id,
        incident.incident_type,
        custom_fields,
        tuple(word for word in OF_INCIDENT if word in wanted and _is_so(word, incident)),
    )


def _is_so(word: str, incident: Incident) -> bool:
    """What was resolved nobody has to acknowledge any more."""
    return {
        ACKNOWLEDGED: incident.status != "triggered",
        PRIORITY: bool(incident.priority),
        RESOLVED: not incident.is_open,
    }[word]


def wanted_of(playbook: Playbook) -> FrozenSet[str]:
    """The words of `done_when` in it."""
    return frozenset(task.done_when for task in playbook.tasks)


def custom_field_values(
    rows: Iterable[Mapping[str, Any]],
) -> Tuple[Tuple[str, Tuple[str, ...]], ...]:
    """`IncidentFacts.custom_fields` of what PagerDuty answers; a field is found by its name and by
    how it is shown."""
    found: List[Tuple[str, Tuple[str, ...]]] = []
    for row in rows:
        value = row.get("value")
        values = value if isinstance(value, list) else [] if value is None else [value]
        texts = tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in values)
        names = dict.fromkeys(str(row.get(key) or "") for key in ("name", "display_name"))
        found += [(name, texts) for name in names if name]
    return tuple(found)


def asks_custom_fields(playbook: Playbook) -> bool:
    """Whether any condition of it is about a custom field."""
    return any(one.custom_fields for task in playbook.tasks for one in task.when)


def holding(task: Task, then: str, facts: IncidentFacts) -> Tuple[Condition, ...]:
    """Those of the task's conditions that do this and hold."""
    return tuple(one for one in task.when if one.then == then and holds(one, facts))


def holds(condition: Condition, facts: IncidentFacts) -> bool:
    """Whether each of its lists that is not empty has an entry that the incident has."""
    fields: List[Tuple[str, Tuple[str, ...]]] = [
        (_same(name), values) for name, values in facts.custom_fields
    ]
    return (
        _fits_lists(condition, facts)
        and _among(condition.incident_types, facts.incident_type)
        and all(
            any(
                _among(field.values, value)
                for name, values in fields
                if name == _same(field.name)
                for value in values
            )
            for field in condition.custom_fields
        )
    )


def choose(playbooks: Sequence[Playbook], facts: IncidentFacts) -> Optional[Playbook]:
    """The playbook that is taken by itself for such an incident: of those that fit the one that
    says most of it, services before priorities before urgencies, then the first by name. None
    where none fits."""
    fitting = [one for one in playbooks if any(one.choose) and _fits_lists(one.choose, facts)]
    return min(fitting, key=_rank, default=None)


def _rank(playbook: Playbook) -> Tuple[bool, bool, bool, str]:
    wanted = playbook.choose
    return (not wanted.services, not wanted.priorities, not wanted.urgencies, playbook.name)


def _fits_lists(wanted: Union[ChosenFor, Condition], facts: IncidentFacts) -> bool:
    return (
        _among(wanted.priorities, facts.priority)
        and _among(wanted.urgencies, facts.urgency)
        and _among(wanted.services, facts.service, facts.service_id)
    )


def _among(words: Sequence[str], *values: str) -> bool:
    """Whether one of the values is among the words; of no words every one is."""
    names = {_same(word) for word in words}
    return not names or any(value and _same(value) in names for value in values)


def _same(word: str) -> str:
    return " ".join(word.split()).casefold()
