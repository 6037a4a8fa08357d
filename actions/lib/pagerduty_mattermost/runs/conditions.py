"""Pure: whether an incident is what a playbook's condition asks for."""

from __future__ import annotations

from typing import Iterable, Tuple

from pagerduty_mattermost.playbooks.playbook import Condition, Task
from pagerduty_mattermost.runs.acts import RunFacts


def holding(task: Task, then: str, facts: RunFacts) -> Tuple[Condition, ...]:
    """Those of the task's conditions that do this and hold."""
    return tuple(one for one in task.when if one.then == then and holds(one, facts))


def holds(condition: Condition, facts: RunFacts) -> bool:
    """Whether each of its lists that is not empty has an entry that the incident has; upper and
    lower case do not matter."""
    fields = {name.casefold(): values for name, values in facts.custom_fields}
    asked: Tuple[Tuple[Iterable[str], Tuple[str, ...]], ...] = (
        (condition.priorities, (facts.priority,)),
        (condition.urgencies, (facts.urgency,)),
        (condition.services, (facts.service, facts.service_id)),
        (condition.incident_types, (facts.incident_type,)),
        *(
            (field.values, fields.get(field.name.casefold(), ()))
            for field in condition.custom_fields
        ),
    )
    return all(_any(wanted, there) for wanted, there in asked)


def _any(wanted: Iterable[str], there: Tuple[str, ...]) -> bool:
    names = {word.casefold() for word in wanted}
    return not names or any(word and word.casefold() in names for word in there)
