"""`site`: the same tests against the sandbox, in each version it knows, always, and against a
real Mattermost when the environment names one."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator

import pytest
import stackstorm_site
from mattermost_site import Site
from stackstorm_site import PackOnStackStorm, StackStorm

from sandbox import Sandbox
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.mattermost import MattermostService
from sandbox.mattermost.versions import VERSIONS
from sandbox.server import Server

NEEDED = ("MATTERMOST_URL", "MATTERMOST_ADMIN_TOKEN")


@pytest.fixture(scope="session", params=[*VERSIONS, pytest.param("real", marks=pytest.mark.live)])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "real":
        missing = [name for name in NEEDED if not os.environ.get(name)]
        if missing:
            pytest.skip(
                "no real Mattermost: {} not set (tests/live/README.md)".format(
                    " and ".join(missing)
                )
            )
        team, ca_file = (
            os.environ.get(name, "") for name in ("MATTERMOST_TEAM", "MATTERMOST_CA_FILE")
        )
        found = Site(*(os.environ[name] for name in NEEDED), team=team, ca_file=ca_file)
        yield found
        found.close()
        return
    clock = Clock()
    journal = SandboxJournal(clock)
    mattermost = MattermostService(clock, journal, version=request.param)
    root = mattermost.add_user("root", admin=True)
    with Server(mattermost, journal, clock) as server:
        found = Site(server.url, mattermost.add_token(root))
        found.journal, found.account = journal, mattermost
        yield found
        found.close()


@pytest.fixture
def channel(site: Site) -> Dict[str, Any]:
    """A fresh public channel with the bot in it."""
    return site.new_channel()


@pytest.fixture(scope="session")
def st2() -> StackStorm:
    missing = stackstorm_site.missing()
    if missing:
        pytest.skip(
            "no real StackStorm: {} not set (tests/live/README.md)".format(" and ".join(missing))
        )
    return stackstorm_site.from_environment()


@pytest.fixture(scope="session")
def pack(st2: StackStorm) -> Iterator[PackOnStackStorm]:
    """The pack on it, on a sandbox of its own."""
    with Sandbox() as sandbox:
        yield PackOnStackStorm(st2, sandbox)
