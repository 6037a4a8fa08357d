"""The embedded default in a process of its own with a shifted clock, for the crash tests to kill.

python tests/support/crash_runner.py CONFIG DATA OFFSET     # OFFSET: seconds by which every clock
of the pack is ahead
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
POLL_INTERVAL = 1.0


def main() -> None:
    config, data, offset = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    from standalone.app import App

    def clock() -> float:
        return time.time() + offset

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
    app = App(ROOT, config, data, clock=clock, poll_interval=POLL_INTERVAL)
    from pagerduty_mattermost.action_bases.pack_action import PackAction

    PackAction.clock = staticmethod(clock)  # type: ignore[method-assign]
    app.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
