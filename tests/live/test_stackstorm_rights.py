"""The pack on a StackStorm with RBAC on: the files of docs/security.md, and what each user can do.

The StackStorm has to have RBAC and authentication on, and these in its password file:

| variable | what |
|---|---|
| `ST2_RBAC_TOKENS` | tokens as `admin=…,bob=…`: `admin` has the role admin, `bob` none yet |
| `ST2_APPLY_RBAC` | the command that puts the files below `rbac/` in force |
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
import stackstorm_site
from stackstorm_site import BASE, PACK, PackOnStackStorm, StackStorm, within

from sandbox import Sandbox

pytestmark = pytest.mark.live
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "security.md"
NEEDED = (*stackstorm_site.NEEDED, "ST2_RBAC_TOKENS", "ST2_APPLY_RBAC")


@pytest.fixture(scope="module")
def users() -> Dict[str, StackStorm]:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"no real StackStorm with RBAC: {' and '.join(missing)} not set")
    tokens = dict(pair.split("=", 1) for pair in os.environ["ST2_RBAC_TOKENS"].split(","))
    url, ctl = os.environ["ST2_API_URL"], os.environ["ST2_CTL"]
    return {name: StackStorm(url, ctl, token) for name, token in tokens.items()}


@pytest.fixture(scope="module")
def pack(users: Dict[str, StackStorm]) -> Iterator[PackOnStackStorm]:
    for path in (BASE / "rbac").glob("*/*.yaml"):
        if path.stem in ("sensor_service", "stanley", "bob", "root", "pagerduty_user"):
            path.unlink()
    apply()
    with Sandbox() as sandbox:
        yield PackOnStackStorm(users["admin"], sandbox)


def apply() -> None:
    subprocess.run(shlex.split(os.environ["ST2_APPLY_RBAC"]), check=True, timeout=120)


def written(name: str) -> str:
    """The file of the document whose text begins with this name."""
    text = DOCUMENT.read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(---\n.*?)```", text, re.S)
    return next(block for block in blocks if name in block)


def assign(user: str, role: str = "") -> None:
    text = written("username: sensor_service").replace("sensor_service", user)
    if role:
        text = text.replace("- admin", f"- {role}")
    (BASE / "rbac" / "assignments" / f"{user}.yaml").write_text(text, encoding="utf-8")


def state_of(execution: Dict[str, Any]) -> str:
    return f"{execution['status']}: {execution['result']}"


def test_the_way_to_rights(pack: PackOnStackStorm, users: Dict[str, StackStorm]) -> None:
    admin, bob = users["admin"], users["bob"]
    pack.st2.ctl("stop-component", "st2sensorcontainer")
    admin.forget()
    pack.configure()
    pack.st2.ctl("start-component", "st2sensorcontainer")
    time.sleep(45)
    assert admin.keys(f"{PACK}.sensor.head") == []
    checks = {row["name"]: row for row in health(admin)}
    assert "sensor_service" in checks["rights"]["text"]
    refused = bob.send("POST", "/executions", json={"action": f"{PACK}.incident.find"})
    assert refused.status_code == 403

    for user in ("sensor_service", os.environ.get("ST2_SYSTEM_USER", "stanley")):
        assign(user)
    role = BASE / "rbac" / "roles" / "pagerduty_user.yaml"
    role.write_text(written("name: pagerduty_user"), encoding="utf-8")
    assign("bob", "pagerduty_user")
    apply()
    began = time.monotonic()
    within(60, lambda: admin.keys(f"{PACK}.sensor.head"), "the sensor does not go on")
    print(f"\nthe sensor goes on {time.monotonic() - began:.0f} s after it was given the role")
    incident = pack.sandbox.pagerduty.account.trigger("Checkout API", "With rights")
    within(60, lambda: pack.card(incident), "no card")
    assert {row["name"]: row for row in health(admin)}["rights"]["state"] == "ok"

    found = bob.run(f"{PACK}.incident.find", statuses=["triggered"])
    assert found["status"] == "succeeded", state_of(found)
    posted = [
        bob.run(f"{PACK}.mattermost.post_message", channel="ops", message="Once", key="bob-1")
        for _ in range(2)
    ]
    assert [one["status"] for one in posted] == ["succeeded"] * 2, state_of(posted[0])
    assert len({one["result"]["result"]["post_id"] for one in posted}) == 1
    for action in ("deadletter.list", "audit.list", "state.show"):
        listed = bob.run(f"{PACK}.{action}")
        assert listed["status"] == "failed", state_of(listed)
        assert "role admin is missing" in str(listed["result"]), state_of(listed)
        assert admin.run(f"{PACK}.{action}")["status"] == "succeeded"


def health(st2: StackStorm) -> Any:
    return st2.run(f"{PACK}.health.check")["result"]["result"]["checks"]
