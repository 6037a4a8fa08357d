"""One person who ticks tasks, in a process of its own: each click is written and carried out as
the chat sensor and its action do.

python tests/support/ticking_process.py FILE     # JSON: database, config, incident, orders
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "actions" / "lib")]


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    from pagerduty_mattermost.chat import run_clicks
    from pagerduty_mattermost.chat.handle import handle
    from pagerduty_mattermost.chat.orders import VALID_SECONDS
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store
    from standalone.database import Database
    from standalone.datastore import DatastoreService, KeyValueStore

    store = KeyValueStore(Database(Path(given["database"])))
    service = DatastoreService(store, "pagerduty", "ChatHandle", "tests", lambda: None)
    log = logging.getLogger("ticking")
    sys.stdin.readline()
    for order in given["orders"]:
        now = time.time()
        context = Context(given["config"], service, log)
        sent = {**order, "valid_until": now + VALID_SECONDS, "values": run_clicks.WRITTEN}
        act = run_clicks.act_of(sent, now, context.settings.chat)
        assert act is not None
        run_clicks.write(Store(service), given["incident"], act)
        handle(context, sent)


if __name__ == "__main__":
    main()
