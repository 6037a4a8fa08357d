"""`check` names a service whose incidents reach no channel."""

from __future__ import annotations

import yaml


def alone(shell, **criteria):
    """Folder of rules in which one of ours is the only one that posts."""
    folder = shell.rule(criteria=criteria)
    off = {"name": "post_incidents", "pack": "pagerduty", "enabled": False}
    (shell.folder / "mine" / "off.yaml").write_text(yaml.safe_dump(off))
    return folder


def test_the_service_is_named_once(shell):
    assert shell("check") == (0, [])
    equal = {"type": "equals", "pattern": "Database"}
    code, lines = shell("check", "--rules", alone(shell, **{"trigger.incident.service": equal}))
    assert code == 0
    assert [line.partition(": no enabled")[0] for line in lines] == [
        "advice incidents of Checkout API (high urgency) reach no channel"
    ]


def test_without_any_rule_that_posts(shell):
    folder = alone(shell)
    (shell.folder / "mine" / "mine.yaml").unlink()
    code, lines = shell("check", "--rules", folder)
    assert code == 0
    assert [line.partition(",")[0] for line in lines] == ["advice no enabled rule posts cards"]


def test_who_switched_it_off_reads_nothing(shell):
    shell.write(watch={"report_unrouted": False})
    equal = {"type": "equals", "pattern": "Database"}
    folder = alone(shell, **{"trigger.incident.service": equal})
    assert shell("check", "--rules", folder) == (0, [])
