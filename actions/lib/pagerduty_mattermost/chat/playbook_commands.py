"""The commands that a playbook's tasks run: whether there are such. Pure."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Iterator, Tuple

from pagerduty_mattermost.chat.command_table import CommandTable
from pagerduty_mattermost.playbooks.playbook import COMMAND_PREFIX, Playbook
from pagerduty_mattermost.playbooks.validation import FurtherCheck


def known_commands(table: CommandTable) -> FurtherCheck:
    """What a playbook is checked by beside its schema. What is missing behind a command is asked
    for when it is run."""

    def check(playbook: Playbook) -> Iterator[Tuple[Tuple[Any, ...], str]]:
        for at, stage in enumerate(playbook.stages):
            for number, task in enumerate(stage.tasks):
                if not task.run.startswith(COMMAND_PREFIX):
                    continue
                why = table.unknown(task.run[len(COMMAND_PREFIX) :])
                if why:
                    yield ("stages", at, "tasks", number, "run"), why

    return check
