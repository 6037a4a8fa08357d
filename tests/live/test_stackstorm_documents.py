"""Every command of the documents that is given to StackStorm's shell, carried out in their order
on a real StackStorm: the pack is installed as README says, set up, used, and removed at the end.

Beside the variables of README.md here: `ST2_BIN`, the folder of its client. `sudo` and `sudoedit`
are stand-ins; `st2ctl` is `ST2_CTL`, and `st2-apply-rbac-definitions` is `ST2_APPLY_RBAC` where
that is set, else left out. Afterwards the pack has to be installed anew.
"""

# flake8: noqa: E501

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml
from documented_commands import ROOT, Command, commands
from stackstorm_site import BASE, PACK, PackOnStackStorm, within

from sandbox.mattermost import ADMIN_TOKEN
from sandbox.pagerduty import API_KEY

pytestmark = pytest.mark.live
STACKSTORMS_OWN = "prompt() got an unexpected keyword argument"
"""docs/getting-started.md says so: no pack can be asked for on StackStorm 3.9 and 3.10dev."""
EXPORT = {"title": "Outage", "checklists": [{"title": "First", "items": [{"title": "Call"}]}]}
PLAYBOOK = "name: outage\ntitle: Outage\nstages:\n- name: First\n  tasks: [{id: a, text: Call}]\n"


class Shell:
    """Where the documents' commands are typed."""

    def __init__(self, pack: PackOnStackStorm, folder: Path) -> None:
        self.pack, self.folder = pack, folder
        self.values: Dict[str, str] = {}
        bin = folder / "bin"
        bin.mkdir()
        for name, text in self._stand_ins().items():
            (bin / name).write_text(f"#!/usr/bin/env bash\n{text}\n")
            (bin / name).chmod(0o755)
        found = [str(bin), os.environ.get("ST2_BIN", ""), os.environ["PATH"]]
        self.environment = {**os.environ, "PATH": os.pathsep.join(filter(None, found))}
        self.environment.pop("PYTHONPATH", None)
        account = pack.sandbox.pagerduty.account
        self.incident = account.trigger("Checkout API", "Written down").id
        clone = folder / "clone"
        source = os.environ.get("ST2_PACK_SOURCE", str(ROOT))
        subprocess.run(["git", "clone", "-q", "--no-local", source, str(clone)], check=True)
        self.values.update(
            {
                "/path/to/a/clone/of/this/repository": str(clone),
                "'the key'": API_KEY,
                "<key>": API_KEY,
                "'the token'": self.pack.sandbox.mattermost.world.bot_token,  # type: ignore[union-attr]
                "<the token>": ADMIN_TOKEN,
                "PT4KHLK": self.incident,
                "=1234": "=1",
                "ada.lovelace@example.com": "ada@example.com",
                "ada@example.org": "ada@example.com",
                "user=... pagerduty_user=...": "user=@ada pagerduty_user=ada@example.com",
                "user=… taker=… start=… end=…": "user=ada@example.com "
                "taker=grace@example.com start=1h end=3h",
                "disable=NAME": "disable=storms",
                "st2 key get NAME": "st2 key get pagerduty_api_key",
                "service=Checkout": "service='Checkout API'",
                "services=Checkout": "services='Checkout API'",
                "file=/tmp/": f"file={folder}/",
                "/var/playbooks/": f"{folder}/",
                "/var/tmp/": f"{folder}/",
                "st2 key delete NAME": "st2 key delete pagerduty_api_key",
            }
        )
        (folder / "outage.json").write_text(json.dumps(EXPORT))
        (folder / "outage.yaml").write_text(PLAYBOOK)

    def _stand_ins(self) -> Dict[str, str]:
        ctl, rbac = os.environ["ST2_CTL"], os.environ.get("ST2_APPLY_RBAC", "true")
        chown = "" if os.system("id st2 >/dev/null 2>&1") == 0 else '[ "$1" = chown ] && exit 0; '
        return {
            "sudo": f'[ "$1" = -u ] && shift 2; {chown}exec "$@"',
            "sudoedit": f'cp "{self.folder}/edited.yaml" "$1"',
            "st2ctl": f'exec {ctl} "$@"',
            "st2-apply-rbac-definitions": f"exec {rbac}",
        }

    def edited(self) -> None:
        """What somebody writes into the configuration: the secrets as the documents keep them."""
        account = self.pack.sandbox.pagerduty.account
        keys = {row["name"]: row["key"] for row in account.catalog["integrations"].values()}
        made = self.pack.configuration(
            api_key="{{ st2kv.system.pagerduty_api_key }}",
            files={"folders": [str(self.folder)]},
            webhook=self.pack.webhook(),
            oncall={"channels": {"Platform rotation": "ops"}},
            service_key=keys["Database Events API v1"],
            events={"routing_key": keys["Database Events API v2"]},
        )
        made["mattermost"]["token"] = "{{ st2kv.system.mattermost_token }}"
        (self.folder / "edited.yaml").write_text(yaml.safe_dump(made))

    def run(self, command: Command) -> str:
        """What is wrong with it; empty when nothing is."""
        if command.is_named_only:
            return self._typed(f"{command.line} --help", named=True)
        if command.line == "st2 pack config pagerduty":
            return self._asked(command.line)
        self._make_ready(command.line)
        wrong = self._typed(command.ready(self.values))
        if "webhook.setup" in command.line and "renew" not in command.line:
            time.sleep(2)
        return wrong

    def _make_ready(self, line: str) -> None:
        if line.startswith("sudoedit"):
            self.edited()
        if "538615f925b0b991" in line or "deadletter.replay all" in line:
            self.values["538615f925b0b991"] = self._failed_post()
        if line.endswith("confirm=5da381d2"):
            shown = self.pack.st2.run(f"{PACK}.state.reset")["result"]["result"]
            self.values["5da381d2"] = shown["confirm"]
        if line.endswith("confirm=0b1c2d3e"):
            shown = self.pack.st2.run(f"{PACK}.uninstall")["result"]["result"]
            self.values["0b1c2d3e"] = shown["confirm"]
        if "state.reset" in line:
            self.pack.st2.ctl("stop-component", "st2sensorcontainer")
        if "state.export" in line:
            (self.folder / "pagerduty-state.json").unlink(missing_ok=True)  # type: ignore[call-arg]
        if "execution cancel" in line:
            self.values["<id>"] = self.pack.st2.begin("core.pause", max_pause=120)
        if line.endswith("mattermost.setup"):  # without a lent token
            self.pack.sandbox.mattermost.account.make_team_admin("ops", "pagerduty")
        if "mattermost.setup" in line:
            within(90, self.pack.listens, "the chat sensor does not listen")

    def _failed_post(self) -> str:
        found = self.pack.st2.run(
            f"{PACK}.mattermost.post_once", channel="nowhere", message="x", key=str(time.time())
        )
        kept = found["result"]["result"]
        return str(kept["dead_letter"] if "dead_letter" in kept else kept["id"])

    def _typed(self, line: str, *, named: bool = False) -> str:
        done = subprocess.run(
            ["bash", "-c", line],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=400,
            check=False,
        )
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.decode("utf-8", "replace"))
        ran = re.search(r"^status\s*:?\s+(\w+)", said, re.M)
        if named and "sage" in said:
            return ""
        if done.returncode or (ran and ran.group(1) not in ("succeeded", "running", "requested")):
            return f"{done.returncode}: {said[-1500:]}"
        return ""

    def _asked(self, line: str) -> str:
        """Answered with nothing but Enter, then left by Ctrl-C, as README says."""
        pid, there = pty.fork()
        if pid == 0:
            os.execvpe("bash", ["bash", "-c", line], self.environment)
        said = b""
        for key in (*[b"\r"] * 12, b"\x03", b"n\r"):
            time.sleep(1.0)
            said += _read(there)
            os.write(there, key)
        time.sleep(2.0)
        said += _read(there)
        os.close(there)
        os.waitpid(pid, 0)
        text = said.decode("utf-8", "replace")
        asked = "time_zone" in text or STACKSTORMS_OWN in text
        return "" if asked and "Traceback" not in text else text[-1500:]


def _read(there: int) -> bytes:
    import select

    found = b""
    while select.select([there], [], [], 0.2)[0]:
        try:
            piece = os.read(there, 65536)
        except OSError:
            break
        if not piece:
            break
        found += piece
    return found


def test_every_command_of_the_documents(pack: PackOnStackStorm, tmp_path: Path) -> None:
    (BASE / "overrides" / f"{PACK}.yaml").unlink(missing_ok=True)  # type: ignore[call-arg]
    pack.st2.forget()
    shell = Shell(pack, tmp_path)
    wrong: List[Any] = []
    done = set()
    chosen = os.environ.get("ST2_DOCUMENTS", "")
    for command in commands():
        if command.line in done or (chosen and not re.search(chosen, command.document)):
            continue
        done.add(command.line)
        began = time.monotonic()
        said = shell.run(command)
        print(f"{'WRONG' if said else 'ok   '} {time.monotonic() - began:5.1f} s  {command.line}")
        if said:
            print(f"      {command.document}: {said}")
            wrong.append((*command, said))
    print(f"{len(done)} commands, {len(wrong)} of them wrong")
    assert wrong == []
