"""One command carried out: recorded before and after, and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chat_said import Answer, Said

if TYPE_CHECKING:
    from .action_base import PackAction


def perform(action: PackAction, said: Said) -> Answer:
    """What changes something stands in the audit, also when it fails. Raises our own errors."""
    from .chat_verbs import ACTS, answer

    if said.verb not in ACTS:
        return answer(action, said)
    from .audit import recorded

    told = {name: str(value or "") for name, value in said._asdict().items() if name not in ("verb", "user")}
    with recorded(action.store, action.log, action.clock, chat_user=said.user, verb=said.verb, words=told) as act:
        given = answer(action, said)
        act.person, act.incidents = given.person, given.incidents
    return given
