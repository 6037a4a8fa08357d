"""On call in the embedded default: a copy of the example rule on a cron timer, and the sync by its
rule."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Dict

import yaml

from pagerduty_mattermost.oncall.channel_header import people_wrote
from sandbox import Sandbox
from sandbox.demo import CHANNEL, ROOT, write_config
from sandbox.waiting import until
from standalone.app import App


def copied(name: str, folder: Path, **changes: Any) -> None:
    """The shipped rule, with what a person changes in a copy of it."""
    rule: Dict[str, Any] = yaml.safe_load(
        (ROOT / "rules" / f"{name}.yaml").read_text(encoding="utf-8")
    )
    rule["trigger"]["parameters"] = changes["timer"]
    rule["action"]["parameters"].update(changes.get("given", {}))
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(
        yaml.safe_dump({**rule, "enabled": True}), encoding="utf-8"
    )


def test_the_days_post_comes_once_and_header_and_members_follow_who_is_on_call(
    tmp_path: Path,
) -> None:
    every_second = {"timezone": "Pacific/Auckland", "second": "*"}
    given = {"channel": CHANNEL, "time_zone": "Pacific/Auckland"}
    copied("oncall_today", tmp_path / "rules", timer=every_second, given=given)
    copied("oncall_sync", tmp_path / "rules", timer={"unit": "seconds", "delta": 1})
    with Sandbox() as sandbox:
        config: Dict[str, Any] = yaml.safe_load(
            write_config(sandbox, tmp_path).read_text(encoding="utf-8")
        )
        config["oncall"] = {
            "headers": {"checkout": "Platform rotation"},
            "members": {"checkout": "Platform rotation"},
        }
        posts, account = sandbox.mattermost.account, sandbox.pagerduty.account
        channel = posts.add_channel("checkout", "Checkout")
        channel.header = "Runbook: wiki"
        app = App(ROOT, config, tmp_path / "data", rule_folders=[tmp_path / "rules"])
        app.start()
        try:
            began = time.monotonic()
            until(lambda: any("On-Call Today" in post.message for post in posts.posts(CHANNEL)))
            until(lambda: "On call: " in channel.header)
            account.cover("Platform rotation", "Grace Hopper", 3600)
            until(lambda: "grace" in channel.header)
            until(lambda: posts.user("grace").id in channel.members)
            assert people_wrote(channel.header) == "Runbook: wiki"
            time.sleep(max(0.0, began + 4 - time.monotonic()))
            today = [post for post in posts.posts(CHANNEL) if "On-Call Today" in post.message]
            assert len(today) == 1, "however often the timer ticks"
            runs = [
                run
                for run in app.journal.executions(limit=200)
                if run.action_ref == "pagerduty.oncall.today"
            ]
            assert len(runs) >= 2
            assert {run.status for run in runs} <= {"succeeded", "running", "requested"}
        finally:
            assert app.stop(10)
