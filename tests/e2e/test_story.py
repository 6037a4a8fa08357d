"""The demo's story in the test run: `make demo` passes, and every request and answer fits the contracts."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Iterator

import openapi
import pytest
from rich.console import Console

from sandbox import Sandbox
from sandbox.demo import play
from sandbox.story import before


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        before(running)
        yield running


def test_the_story_ends_with_the_right_cards_and_replies(sandbox: Sandbox, tmp_path: Path) -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=120)

    wrong = play(console, sandbox, tmp_path, verbose=False)

    assert not wrong, screen.getvalue()
    shown = screen.getvalue()
    assert "@channel" in shown, "the hostile title is shown as text"
    assert "Every change is posted once" in shown
    if not openapi.available():
        pytest.skip("../shared/contracts is not there: requests and answers are not held against the OpenAPI")
    assert openapi.check_journal(sandbox.journal) == []
