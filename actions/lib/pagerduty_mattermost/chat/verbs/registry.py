"""The verbs of this pack, joined: `TABLE`. The order is that of `/pd help`, and where two patterns
fit a line the first is meant."""

from __future__ import annotations

from pagerduty_mattermost.chat.command_table import CommandTable
from pagerduty_mattermost.chat.verbs import (
    account,
    changes,
    dead_letters,
    declare,
    exercises,
    handover,
    health,
    incidents,
    maintenance,
    notes,
    oncall,
    override_all,
    overrides,
    page,
    playbooks,
    responders,
    room_acts,
    rooms,
    rotation,
    run_lead,
    run_tasks,
    run_updates,
    runs,
    start,
    status,
    subscriptions,
    swap,
)

TABLE: CommandTable = CommandTable(
    (
        *incidents.VERBS,
        *status.VERBS,
        *notes.VERBS,
        *declare.VERBS,
        *start.VERBS,
        *runs.VERBS,
        *run_tasks.VERBS,
        *run_lead.VERBS,
        *run_updates.VERBS,
        *responders.VERBS,
        *changes.VERBS,
        *rooms.VERBS,
        *room_acts.VERBS,
        *playbooks.VERBS,
        playbooks.saving(lambda: TABLE),
        *exercises.VERBS,
        *rotation.VERBS,
        *oncall.VERBS,
        *page.VERBS,
        *handover.VERBS,
        *swap.VERBS,
        *override_all.VERBS,
        *overrides.VERBS,
        *maintenance.VERBS,
        *subscriptions.VERBS,
        *account.VERBS,
        *health.VERBS,
        *dead_letters.VERBS,
    )
)
