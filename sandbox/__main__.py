"""`python -m sandbox`: both servers until Ctrl-C or SIGTERM, their URLs and keys printed as one
line of JSON."""

from __future__ import annotations

import argparse
import json
import signal
import threading

from . import Sandbox
from .mattermost import BOT_TOKEN
from .mattermost.versions import DEFAULT_VERSION, VERSIONS
from .pagerduty import API_KEY


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--pagerduty-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--mattermost-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--mattermost-version", choices=list(VERSIONS), default=DEFAULT_VERSION)
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Sandbox(
        pagerduty_port=options.pagerduty_port,
        mattermost_port=options.mattermost_port,
        mattermost_version=options.mattermost_version,
    ) as sandbox:
        urls = {"pagerduty": sandbox.pagerduty.url, "mattermost": sandbox.mattermost.url}
        print(json.dumps({**urls, "api_key": API_KEY, "bot_token": BOT_TOKEN}), flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
