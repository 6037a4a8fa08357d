"""Who is on call now or next, in one line; without I/O."""

from __future__ import annotations

from datetime import timezone

import pytest

from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall.now_and_next import sentence

ADA = Reference("user", "PADA", "Ada Lovelace")
ROW = OnCall(1, ADA, "Rotation", "Default", "2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z")


@pytest.mark.parametrize(
    ("of_user", "coming", "begins", "holds"),
    [
        (False, False, "On call for X: level 1 Ada Lovelace", "until Tue 24 Nov"),
        (False, True, "Next on call for X: level 1 Ada Lovelace", "from Mon 23 Nov"),
        (True, False, "On call as X: level 1 Default", "until Tue 24 Nov"),
        (True, True, "Next turns of X: level 1 Default", "from Mon 23 Nov"),
    ],
)
def test_who_and_until_or_from_when(of_user: bool, coming: bool, begins: str, holds: str) -> None:
    text = sentence([ROW], "X", {"PADA": ""}, timezone.utc, of_user=of_user, coming=coming)
    assert text.startswith(begins)
    assert holds.split()[0] in text


def test_nobody_and_nothing() -> None:
    for of_user, word in ((False, "nobody"), (True, "nothing")):
        text = sentence([], "X", {}, timezone.utc, of_user=of_user, coming=False)
        assert text.endswith(f": {word}")
