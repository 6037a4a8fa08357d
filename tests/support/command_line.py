"""`python -m standalone` as people type it, with a configuration of the sandbox in a folder of its
own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import yaml

from sandbox import Sandbox
from sandbox.connection import connection
from sandbox.waiting import until
from standalone import own_line
from standalone.cli import main

ROOT = Path(__file__).resolve().parents[2]
RULE = {
    "name": "mine",
    "pack": "me",
    "enabled": True,
    "trigger": {"type": "pagerduty.incident"},
    "criteria": {},
    "action": {
        "ref": "pagerduty.mattermost.post_incident",
        "parameters": {"change": "{{ trigger }}"},
    },
}


CLOSING = re.compile(
    r"(?:all is well|1 thing is wrong|[0-9]+ things are wrong)(?:, [0-9]+ advice)?$"
)


def as_typed(text: str) -> str:
    """The text in which commands that are named are cut to what is typed behind the program."""
    begin, _, end = own_line.line("|").partition("|")
    text = text.replace(begin, "")
    return text.replace(end, "") if end else text


class Shell:
    """`python -m standalone` in a folder of its own, with the configuration of the sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path, capsys: Any) -> None:
        self.sandbox, self.folder, self._capsys = sandbox, folder, capsys
        self.config = folder / "pagerduty.yaml"
        self.url = sandbox.mattermost.url
        self.closing = ""
        self.write()

    def write(self, mattermost: Optional[Dict[str, Any]] = None, **changed: Any) -> None:
        channels = {"default_channel": "incidents", "operations_channel": "ops"}
        config = connection(self.sandbox, **{**channels, **(mattermost or {})})
        self.config.write_text(yaml.safe_dump({**config, **changed}))

    def __call__(
        self, *words: str, config: bool = True, whole: bool = False
    ) -> Tuple[int, List[str]]:
        """(exit code, lines of what people read, without those that are ok and without the one
        that closes a `check`, which is `closing`). Commands that are
        named there are cut to what is typed behind the program, but for `whole`."""
        more = ["--config", str(self.config)] if config else []
        try:
            code = main([*words, *more])
        except SystemExit as ended:  # argparse's
            code = int(ended.code or 0)
        said = self._capsys.readouterr()
        text = said.out + said.err if whole else as_typed(said.out + said.err)
        lines = [line for line in text.splitlines() if line.strip()]
        closes = bool(lines) and CLOSING.match(lines[-1]) is not None
        self.closing = lines.pop() if closes else ""
        return code, [line for line in lines if not line.startswith("ok ")]

    def rule(self, **changed: Any) -> str:
        mine = self.folder / "mine"
        mine.mkdir(exist_ok=True)
        action = {**RULE["action"], **changed.pop("action", {})}
        (mine / "mine.yaml").write_text(yaml.safe_dump({**RULE, "action": action, **changed}))
        return str(mine)

    @contextmanager
    def serving(self, *words: str) -> Iterator[Callable[[], str]]:
        """`serve` in a process of its own; what its log says so far."""
        path = self.folder / "log"
        given = [sys.executable, "-m", "standalone", "serve", "--config", str(self.config), *words]
        with path.open("w") as log:
            started = subprocess.Popen(given, cwd=ROOT, stderr=log, stdout=log)
        try:
            until(lambda: "Running pagerduty" in path.read_text() or started.poll() is not None)
            yield path.read_text
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(30)
