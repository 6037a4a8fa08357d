"""What people read of failed posts and commands: words that they know for what they are."""

from __future__ import annotations

from datetime import timezone

import pytest

from pagerduty_mattermost.operations import dead_letter_view, dead_letters


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 command (by hand alone"), (2, "2 commands (by hand alone")]
)
def test_a_command_is_called_one(count: int, said: str) -> None:
    letters = [
        dead_letters.first_failure(
            "chat_run",
            {"verb": "typed", "text": f"ack {number}", "user": "ada"},
            dead_letters.ACT,
            "PagerDuty does not answer",
            float(number),
        )
        for number in range(count)
    ]
    text = dead_letter_view.markdown(letters, count, timezone.utc)
    assert f"{said}, after a check of the incident)" in text
    assert "| command |" in text
    assert "| act |" not in text
    assert "a command: " not in text
