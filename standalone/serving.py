"""`serve`: the app runs until Ctrl-C or SIGTERM. What can't work is said before it begins."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from typing import Any, List, Sequence

from standalone import checks, data_folder, start_checks
from standalone.errors import UserError

LOG = logging.getLogger("standalone")


def run(app: Any, data_dir: Path, rule_folders: Sequence[Path], user: str) -> int:
    """The exit code. Raises UserError where it can't begin."""
    # The C level writes to the pipe whichever thread the signal reaches. An Event, or a write by
    # the handler, could leave the main thread waiting for ever.
    wake_up, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    received: List[int] = []

    def stop(number: int, _: Any) -> None:
        received.append(number)
        if len(received) > 1:
            os._exit(0)  # whatever has not ended is on disk

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    _start(app, data_dir, rule_folders, user)
    while not received:
        os.read(wake_up, 1)
    LOG.info("Stopping")
    if not app.stop():
        LOG.info("What was still at work is on disk and runs again at the next start")
        logging.shutdown()
        os._exit(0)  # threads that hang in a request must not keep the process
    return 0


def _name_itself(data_dir: Path) -> None:
    """So that `check` knows whose the ports are that this process listens on."""
    from pagerduty_mattermost.gateways.http.listener import VARIABLE

    os.environ[VARIABLE] = data_folder.make_place(data_dir)


def _start(app: Any, data_dir: Path, rule_folders: Sequence[Path], user: str) -> None:
    unknown = checks.unknown_settings(app.configuration.raw, app.pack)
    for line in unknown:
        LOG.warning("The configuration: %s", line)
    wrong = [
        line for line in checks.check_settings(app.configuration, app.pack) if line not in unknown
    ]
    if wrong:
        raise UserError("\n".join(f"The configuration: {line}" for line in wrong))
    config = app.configuration.current()
    start_checks.require_token(config, app.pack)
    for line in start_checks.rule_faults(app.pack, app.store.get):
        LOG.warning("%s", line)
    data_folder.AccountLock(config, data_dir).take()
    _name_itself(data_dir)
    app.start()
    start_checks.say_unknown_names(config, app.pack, app.action_service("Check", user))
    resolved = [folder.resolve() for folder in rule_folders]
    for folder in data_folder.remembered_rules(data_dir):
        if folder.resolve() not in resolved:
            LOG.warning(
                "The last run had the rules in %s too, this one has not: start it with --rules %s",
                folder,
                folder,
            )
    data_folder.remember_rules(data_dir, list(rule_folders))
    enabled = sum(rule.enabled for rule in app.pack.rules.values())
    more = f", those in {', '.join(str(folder) for folder in rule_folders)} among them"
    LOG.info(
        "Running %s %s with %d rules%s; Ctrl-C stops",
        app.pack.ref,
        app.pack.version,
        enabled,
        more if rule_folders else "",
    )
