"""Each command that changes something at PagerDuty, when the answers to its requests are lost:
each request is carried out once, and who gave the command is told what is so.

The commands are those of `command_rows.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict

import pytest
from changing_commands import CHANGING, staged
from chat_case import ChatCase
from typed_effects import Row

from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.core.errors import NotKnown

TROUBLE: Dict[str, Dict[str, Any]] = {
    "lost": {"kind": "lost"},
    "truncated": {"kind": "truncate"},
    "500 after it": {"kind": "status", "status": 500, "done": True},
    "502 after it": {"kind": "status", "status": 502, "done": True},
}
NOT_SHOWN = ("run [id] <workflow>",)
"""Whether these were carried out PagerDuty does not show."""


class LostAnswersInChatTestCase(ChatCase):
    __test__ = True

    def play(self, row: Row, trouble: Dict[str, Any]) -> None:
        """The first request of each method that changes something is in trouble."""
        room, made, typed = staged(self, row)
        began = len(self.sandbox.pagerduty.journal.entries)
        for method in ("PUT", "POST", "DELETE"):
            self.sandbox.pagerduty.faults.add(method=method, times=1, **trouble)
        # What makes a channel the room of an incident is said in one.
        channel = self.sandbox.mattermost.account.channel(row.channel).id
        here = channel if row.usage.startswith("convert ") else ""
        command = parse(typed).command._replace(user=row.who, channel=here)
        if row.usage in NOT_SHOWN:
            with pytest.raises(NotKnown, match="check before you repeat it: https://"):
                self.perform(command)
        else:
            told = self.perform(command)
            assert row.answer in told.message.replace("\u200b", ""), told.message
            assert row.effect(room, made[0])
            assert " failed" not in told.message
        self.sandbox.pagerduty.faults.clear()
        done = Counter(
            (entry.method, entry.path, entry.body)
            for entry in self.sandbox.pagerduty.journal.entries[began:]
            if entry.server == "pagerduty" and entry.effect and entry.method != "GET"
        )
        assert done
        assert set(done.values()) == {1}, done

    def test_a_note_is_written_although_it_was_resolved_in_a_try_before(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.account.resolve(one)
        told = self.told("resolve", incidents=one.id, text="Rolled back")
        assert "resolved already" in told
        self.told("resolve", incidents=one.id, text="Rolled back")
        assert [note.content for note in one.notes] == ["Rolled back"]

    def test_that_the_note_is_not_there_does_not_hide_that_it_is_resolved(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.sandbox.pagerduty.faults.add("drop", method="POST", times=1)
        told = self.told("resolve", incidents=one.id, text="Rolled back")
        assert told.startswith("Resolved [#")
        assert "The note is not there: PagerDuty broke off the connection (127.0.0.1:" in told
        assert "it is not known whether it was carried out" in told

    def test_who_was_first_is_told(self) -> None:
        """While the command ran somebody else resolved it: PagerDuty refuses (1001)."""
        first, second = (self.account.trigger("Checkout API", word) for word in ("a", "b"))

        def be_first(entry: Any) -> None:
            if entry.method == "GET" and first.is_open:
                self.account.resolve(first, "grace@example.com")

        self.sandbox.pagerduty.journal.listeners.append(be_first)
        told = self.told("resolve", incidents=f"{first.id},{second.id}")
        assert f"Resolved [#{second.number} b]" in told
        assert f"[#{first.number} a]" in told
        assert "is resolved already by Grace Hopper" in told


def _add(row: Row, kind: str, trouble: Dict[str, Any]) -> None:
    def test(self: LostAnswersInChatTestCase) -> None:
        self.play(row, trouble)

    word = f"test_{row.usage.split(' [')[0].split(' <')[0]}_{kind}".replace(" ", "_")
    often = kind in ("lost", "500 after it")
    setattr(LostAnswersInChatTestCase, word, test if often else pytest.mark.soak(test))


for _row in CHANGING:
    for _kind, _trouble in TROUBLE.items():
        _add(_row, _kind, _trouble)


def test_all_commands_that_change_something_are_here() -> None:
    assert len(CHANGING) > 20
