"""The demo's story in the test run: `make demo` passes, and every request and answer fits the
contracts."""

from __future__ import annotations

import io
from typing import Iterator, List, NamedTuple

import openapi
import pytest
from rich.console import Console

from sandbox import Sandbox
from sandbox.demo import play
from sandbox.story import before


class Played(NamedTuple):
    wrong: List[str]
    screen: str
    sandbox: Sandbox


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    screen = io.StringIO()
    with Sandbox() as sandbox:
        before(sandbox)
        console = Console(file=screen, width=120)
        wrong = play(console, sandbox, tmp_path_factory.mktemp("story"), verbose=False, pace=0.6)
        yield Played(wrong, screen.getvalue(), sandbox)


def test_the_story_ends_with_the_right_cards_and_replies(played: Played) -> None:
    assert not played.wrong, played.screen
    assert "@channel" in played.screen, "the hostile title is shown as text"
    assert "Every change is posted once" in played.screen


@pytest.mark.skipif(not openapi.available(), reason="../shared/contracts is not there")
def test_every_request_and_answer_of_the_story_fits_the_contracts(played: Played) -> None:
    assert openapi.check_journal(played.sandbox.journal) == []
