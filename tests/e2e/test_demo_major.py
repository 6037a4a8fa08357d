"""`make demo ARGS=--major`: the pack takes a major incident from the dialog to the
archived room."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from sandbox import Sandbox
from sandbox.demo_major import play
from sandbox.scene import furnish


def test_a_major_incident_from_the_dialog_to_the_archive(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    with Sandbox() as sandbox:
        furnish(sandbox)
        assert play(console, sandbox, tmp_path, verbose=False) == []
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Ada Lovelace resolved" in shown
    assert "ada ticked 1.1 Say in one sentence what customers see" in shown.replace("**", "")
    assert "Archived: the incident is over." in shown
