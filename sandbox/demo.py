"""`make demo`: sandbox and pack play a story, the channel is shown as people would see it and held
against the truth.

Starts a local PagerDuty and a local Mattermost, then the pack itself as people run it (`python -m
standalone serve`, a process of its own), and exits 0 when every card and every reply is right,
else 1 with what differs. With `--stay` it keeps running, with a page that shows the channel.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any, Callable, List, Mapping, Optional, Sequence

import yaml
from rich.console import Console

from . import Sandbox
from .chat_setup import set_up_chat
from .connection import connection
from .scene import ROTATION, furnish, legend
from .screen import show_channel
from .story import story
from .verify import verify

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
SETTLE_SECONDS = 45.0
CHANNEL = "incidents"
SCENE: Any = {"oncall": {"channels": {ROTATION: "checkout"}}}
"""What the pack's configuration says of the scene."""


def main(argv: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="make demo ARGS=…", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--stay", action="store_true", help="keep running after the story, until Ctrl-C"
    )
    parser.add_argument("--verbose", action="store_true", help="show the pack's own log")
    options = parser.parse_args(argv)
    console = Console()
    end_by_signals()
    try:
        with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
            furnish(sandbox)
            wrong = play(
                console,
                sandbox,
                Path(folder),
                verbose=options.verbose,
                stay=options.stay,
                furnished=True,
            )
    except KeyboardInterrupt:
        console.print("\nThe demo was stopped; nothing of it is left.")
        return 130
    return 1 if wrong else 0


def end_by_signals() -> None:
    """Ctrl-C and SIGTERM end it, also where it was started with SIGINT ignored, as shells start
    what is to run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminated)


def _terminated(number: int, _: object) -> None:
    """As an exception, so that the pack is stopped and the folder deleted."""
    raise SystemExit(128 + number)


def play(
    console: Console,
    sandbox: Sandbox,
    folder: Path,
    *,
    verbose: bool,
    stay: bool = False,
    pace: float = 1.0,
    furnished: bool = False,
) -> List[str]:
    """Run the pack through the story against a running sandbox; returns what differs from the
    truth, a line each. `pace`: what the steps' times are multiplied by; `furnished`: the sandbox
    has the scene."""
    chat = set_up_chat(sandbox)
    config = write_config(sandbox, folder, chat, **(SCENE if furnished else {}))
    log = folder / "pack.log"
    with log.open("wb") as sink:
        pack = start_pack(config, folder, None if verbose else sink)
        try:
            return _watch(console, sandbox, pack, log, stay, pace)
        finally:
            stop(pack)


def write_config(
    sandbox: Sandbox,
    folder: Path,
    chat: Optional[Mapping[str, object]] = None,
    *,
    storms: bool = False,
    oncall: Optional[Mapping[str, object]] = None,
    rooms: Optional[Mapping[str, object]] = None,
    **watch: object,
) -> Path:
    """The configuration a person would write, pointed at a seeded sandbox. `chat`: as
    `set_up_chat` gives it; `storms`: whether many incidents at once get one card together;
    `oncall`, `rooms`: those sections."""
    config = {
        **connection(sandbox, default_channel=CHANNEL, operations_channel="ops"),
        "from_email": "ada@example.com",
        "timeouts": {"connect": 2, "read": 5},
        "watch": {"poll_interval": 4, **watch},
        **({"chat": dict(chat)} if chat else {}),
        **({"oncall": dict(oncall)} if oncall else {}),
        **({"rooms": dict(rooms)} if rooms else {}),
        **({} if storms else {"noise": {"storm_incidents": 0, "flapping_rounds": 0}}),
    }
    path = folder / "pagerduty.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def start_pack(config: Path, folder: Path, sink: Optional[IO[bytes]]) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "standalone",
        "serve",
        "--config",
        str(config),
        "--data",
        str(folder / "data"),
    ]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=sink, stderr=sink, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )


def stop(pack: subprocess.Popen[bytes]) -> None:
    if pack.poll() is None:
        pack.send_signal(signal.SIGTERM)
        try:
            pack.wait(15)
        except subprocess.TimeoutExpired:
            pack.kill()
            pack.wait()


def _watch(
    console: Console,
    sandbox: Sandbox,
    pack: subprocess.Popen[bytes],
    log: Path,
    stay: bool,
    pace: float,
) -> List[str]:
    console.rule("[bold]PagerDuty → StackStorm pack → Mattermost")
    console.print(
        f"PagerDuty at {sandbox.pagerduty.url}, Mattermost at {sandbox.mattermost.url}; the "
        "pack starts …"
    )
    mattermost = sandbox.mattermost.account
    if not _until(lambda: bool(mattermost.posts(CHANNEL)), START_SECONDS, pack):
        console.print("[red]The pack posted no summary of what is open; its log:")
        console.print(_tail(log), markup=False)
        return ["nothing was posted"]
    # PagerDuty's times have a resolution of one second: what was before the story is of an
    # earlier one.
    time.sleep(1.1)
    began = sandbox.clock()
    started = time.monotonic()
    for step in story(sandbox):
        time.sleep(max(0.0, started + step.at * pace - time.monotonic()))
        step.do()
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {step.says}")

    def differences() -> List[str]:
        return verify(sandbox.pagerduty.account.truth(), mattermost, CHANNEL, since=began)

    _until(lambda: not differences(), SETTLE_SECONDS, pack)
    settled = time.monotonic() - started
    time.sleep(1.0)  # what should not come would come now
    console.print()
    for channel in (CHANNEL, "ops"):
        show_channel(console, mattermost, channel)
    wrong = differences()
    _report(console, sandbox, wrong, settled)
    if wrong:
        console.print(_tail(log), markup=False)
    if stay:
        console.print()
        for name, text in legend(sandbox):
            console.print(f"{name:<17}{text}", markup=False, highlight=False, soft_wrap=True)
        console.print("\nCtrl-C ends it.")
        try:
            while pack.poll() is None:
                time.sleep(0.5)
        except KeyboardInterrupt:
            console.print()
    return wrong


def _report(console: Console, sandbox: Sandbox, wrong: List[str], settled: float) -> None:
    journal = sandbox.journal
    faults = [e for e in journal.entries if e.fault]
    asked = {side: journal.count(server=side) for side in ("pagerduty", "mattermost")}
    console.print(
        f"PagerDuty answered {asked['pagerduty']} requests, Mattermost "
        f"{asked['mattermost']}; {len(faults)} of them "
        f"failed on purpose. Everything was posted {settled:.1f} s after the story began."
    )
    if not wrong:
        console.print("[bold green]Every change is posted once, every card shows the truth.")
        return
    console.print("[bold red]Posts and truth differ:")
    for line in wrong:
        console.print("  " + line, markup=False)


def _until(done: Callable[[], bool], timeout: float, pack: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + timeout
    while time.monotonic() < until and pack.poll() is None:
        if done():
            return True
        time.sleep(0.2)
    return False


def _tail(log: Path, lines: int = 40) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:])
