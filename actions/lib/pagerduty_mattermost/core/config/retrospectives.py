"""Section retrospectives: the draft after an incident, and its follow-ups (docs/afterwards.md)."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Reader

QUESTIONS = (
    "What surprised us?",
    "What helped?",
    "What made it slower?",
    "What do we change, who does it, and by when?",
)


class RetrospectivesConfig(NamedTuple):
    """Retrospectives and their follow-ups. Targets are minutes."""

    channel: str = ""
    """Where drafts go that no playbook and nobody sends elsewhere; empty: into the room."""
    questions: Tuple[str, ...] = QUESTIONS
    """Of a draft whose playbook has none."""
    remind_days: int = 2
    """From the draft to the first reminder, and from one to the next; 0: none."""
    chase_days: int = 1
    """From the day on which a follow-up is due to the first post about it, and from one to the
    next; 0: its owner is told once, on that day."""
    answer_target: int = 0
    """Minutes in which somebody is to acknowledge; 0: no target."""
    mitigate_target: int = 0
    """Minutes in which it is to be mitigated; 0: no target."""
    resolve_target: int = 0
    """Minutes in which it is to be resolved; 0: no target."""


def read_retrospectives(whole: Reader) -> RetrospectivesConfig:
    """The section `retrospectives`; what is wrong in it is noted by the reader."""
    read = whole.section("retrospectives", RetrospectivesConfig())
    return RetrospectivesConfig(
        channel=read.text("channel"),
        questions=read.texts("questions"),
        remind_days=read.integer("remind_days", 0, 90),
        chase_days=read.integer("chase_days", 0, 90),
        answer_target=read.integer("answer_target", 0, 100_000),
        mitigate_target=read.integer("mitigate_target", 0, 100_000),
        resolve_target=read.integer("resolve_target", 0, 100_000),
    )
