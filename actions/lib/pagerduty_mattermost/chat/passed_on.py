"""Calls for what stands above chat: StackStorm's own aliases and inquiries. Chat verifies them and
passes them on."""

# flake8: noqa: E704

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Protocol, Tuple

from pagerduty_mattermost.chat.replay_guard import CallMark


class PassedWords(NamedTuple):
    """Words by which calls are known that are not chat's own."""

    command: str = ""
    """Of a slash command, without the slash."""
    clicks: Tuple[str, ...] = ()
    """Verbs."""
    dialogs: Tuple[str, ...] = ()


NO_WORDS = PassedWords()


class PassedOn(NamedTuple):
    """One of them."""

    kind: str
    """command, click or dialog."""
    verb: str
    """Of a click or a dialog."""
    about: Mapping[str, Any]
    """What was signed in it."""
    text: str
    user_id: str
    user_name: str
    """Empty of a dialog, of which Mattermost tells the id alone."""
    channel_id: str
    root_id: str = ""
    post_id: str = ""
    hook: str = ""
    trigger: str = ""
    submission: Mapping[str, Any] = {}
    """What stood in the fields of a dialog."""
    once: CallMark = CallMark()


class PassedOnAnswer(NamedTuple):
    """What its giver is told at once; nothing: they are told when it is done."""

    text: str = ""
    errors: Mapping[str, str] = {}
    """Of a dialog that stays open, by field."""


class PassesOn(Protocol):
    """What takes them."""

    words: PassedWords

    def answer(self, call: PassedOn) -> PassedOnAnswer:
        """Returns within 3 s."""

    def tend(self) -> None:
        """Called each minute."""

    def close(self) -> None: ...
