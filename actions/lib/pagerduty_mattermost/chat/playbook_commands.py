"""The commands that a playbook's tasks run: whether there are such. Pure."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

from pagerduty_mattermost.chat.parser import command_word, parse
from pagerduty_mattermost.playbooks.playbook import COMMAND_PREFIX, Playbook


def unknown_commands(playbook: Playbook) -> Iterator[Tuple[Tuple[Any, ...], str]]:
    """Where (keys and indexes from the top of the YAML) and what. What is missing behind a command
    is asked for when it is run."""
    for at, stage in enumerate(playbook.stages):
        for number, task in enumerate(stage.tasks):
            line = task.run[len(COMMAND_PREFIX) :] if task.run.startswith(COMMAND_PREFIX) else ""
            if line and not command_word(line):
                yield ("stages", at, "tasks", number, "run"), parse(line).problem
