"""A local PagerDuty and a local Mattermost until Ctrl-C or SIGTERM, with people, schedules and
open incidents, printed with URLs, channels and tokens, and the configuration for the pack on them.

With `--json` both are as the tests know them, and their URLs and keys are one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import threading
from pathlib import Path
from typing import Optional, Sequence

from . import Sandbox
from .chat_setup import PHRASES, TRIGGERS, set_up_chat
from .mattermost import BOT_TOKEN
from .mattermost.versions import DEFAULT_VERSION, VERSIONS
from .pagerduty import API_KEY
from .scene import MARK, furnish, legend, write_scene

CONFIG = Path(".demo/pagerduty.yaml")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The result is the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--pagerduty-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--mattermost-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--mattermost-version", choices=list(VERSIONS), default=DEFAULT_VERSION)
    parser.add_argument(
        "--config",
        type=Path,
        default=CONFIG,
        help=f"where the pack's configuration is written (default: {CONFIG})",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON alone")
    options = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Sandbox(
            pagerduty_port=options.pagerduty_port,
            mattermost_port=options.mattermost_port,
            mattermost_version=options.mattermost_version,
        ) as sandbox:
            return _until(stop, sandbox, options)
    except OSError as error:
        print(f"sandbox: {error.strerror or error}; choose another port", flush=True)
        return 2


def _until(stop: threading.Event, sandbox: Sandbox, options: argparse.Namespace) -> int:
    if options.json:
        urls = {"pagerduty": sandbox.pagerduty.url, "mattermost": sandbox.mattermost.url}
        print(json.dumps({**urls, "api_key": API_KEY, "bot_token": BOT_TOKEN}), flush=True)
        stop.wait()
        return 0
    if options.config.exists() and not options.config.read_text().startswith(MARK):
        print(f"sandbox: {options.config} is not the sandbox's: name another file with --config")
        return 2
    _forget(options.config)
    furnish(sandbox)
    write_scene(options.config, sandbox, set_up_chat(sandbox, (*TRIGGERS, PHRASES)))
    for name, text in legend(sandbox):
        print(f"{name:<17}{text}")
    print(f"\nThe pack on it, in another terminal:\n\n    make run CONFIG={options.config}\n")
    print("Ctrl-C ends both servers.", flush=True)
    try:
        stop.wait()
    finally:
        _forget(options.config)
    return 0


def _forget(config: Path) -> None:
    """The configuration, and at the default place what the pack kept of the account."""
    config.unlink(missing_ok=True)
    if config == CONFIG:
        shutil.rmtree(config.parent / ".pagerduty-data", ignore_errors=True)
