"""The command line on a sandbox."""

from __future__ import annotations

import pytest
from command_line import Shell

from sandbox import Sandbox


@pytest.fixture(scope="module")
def burning():
    """With one incident that is open."""
    with Sandbox() as sandbox:
        sandbox.pagerduty.account.trigger("Checkout API", "It burns")
        yield sandbox


@pytest.fixture
def shell(burning, tmp_path, capsys, monkeypatch):
    for name in ("https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Shell(burning, tmp_path, capsys)
