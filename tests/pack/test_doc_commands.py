"""Every command that README and getting-started show is run, StackStorm's on the embedded default,
on a furnished sandbox. What needs a StackStorm host is named here, with what stands for it. Those
of the other guides are tried, and each command after `/pd` that any guide shows is read."""

# flake8: noqa: E203

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any, Iterator, List, Tuple

import pytest

from pagerduty_mattermost.chat.parser import parse
from sandbox import Sandbox
from sandbox.chat_setup import set_up_chat
from sandbox.scene import furnish, write_scene
from standalone import cli

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("README.md", "docs/getting-started.md")
NEEDS_A_HOST = {
    "st2 pack install": "the metadata is held to StackStorm's models by test_st2_models",
    "sudo cp": "the file it copies is looked for",
    "cp": "the file it copies is looked for",
    "sudoedit": "an editor",
    "sudo chown": "the rights of a host's file",
    "sudo chmod": "the rights of a host's file",
    "sudo st2ctl": "StackStorm's services",
    "curl": "PagerDuty's identity service",
}
"""What no test here can run, by how it begins, and why."""
LONG = ("demo", "test", "venv", "run", "sandbox")
"""Make targets that are only resolved here: each has a test or a job of its own in CI."""


def commands(guide: str) -> Iterator[str]:
    """Each command of the guide's shell blocks, continued lines joined, comments left out."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.sub(r"\s{2,}#.*$", "", line.strip()).split(" && "):
                if part and not part.startswith("#"):
                    yield part


OTHERS = sorted(
    str(path.relative_to(ROOT))
    for path in [*(ROOT / "docs").glob("*.md"), ROOT / "standalone" / "README.md"]
    if str(path.relative_to(ROOT)) not in (*GUIDES, "docs/reference.md")
)
"""Examples of the reference are tried by test_neighbouring_mistakes."""
DONE, FAILED = 0, 1
"""Exit codes; one of misuse, of an unknown action or a wrong parameter, is 2."""
ROWS: List[Tuple[str, str]] = [(guide, line) for guide in GUIDES for line in commands(guide)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Iterator[Any]:
    """A furnished sandbox and the configuration of the pack on it, also where the guides say."""
    folder = tmp_path_factory.mktemp("guide")
    with Sandbox() as sandbox:
        furnish(sandbox)
        write_scene(folder / "pagerduty.yaml", sandbox, set_up_chat(sandbox))
        (folder / ".demo").mkdir()
        (folder / ".demo" / "pagerduty.yaml").write_text((folder / "pagerduty.yaml").read_text())
        yield sandbox, folder


@pytest.mark.parametrize(("guide", "line"), ROWS)
def test_a_command_of_the_guides_runs(
    place: Any, guide: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    sandbox, folder = place
    words = shlex.split(line)
    monkeypatch.chdir(folder)
    reason = next((NEEDS_A_HOST[one] for one in NEEDS_A_HOST if line.startswith(one + " ")), "")
    if words[0] == "make":
        _make(words, capsys)
    elif words[:2] in (["st2", "run"], ["st2", "key"]):
        if words[1] == "run":
            incident = sandbox.pagerduty.account.trigger("Checkout", f"For {line}")
            words = [word.replace("PT4KHLK", incident.id) for word in words]
        _standalone([word for word in words[1:] if word != "--key"], capsys)
    elif words[:3] == [".venv/bin/python", "-m", "standalone"]:
        monkeypatch.setattr("sys.stdin", _Typed("some value"))
        _standalone(words[3:], capsys)
    else:
        assert reason, f"{guide}: {line}: nothing here runs it; say why in NEEDS_A_HOST"
        if words[-3:-2] == ["cp"]:
            source = words[-2].replace("/opt/stackstorm/packs/pagerduty/", "")
            assert (ROOT / source).is_file()


@pytest.mark.parametrize(
    ("guide", "line"),
    [
        (guide, line)
        for guide in OTHERS
        for line in commands(guide)
        if line.startswith(("st2 run ", ".venv/bin/python -m standalone run "))
    ],
)
def test_a_command_of_another_guide_is_no_misuse(
    place: Any, guide: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """What it names may not be there: then it says so."""
    sandbox, folder = place
    monkeypatch.chdir(folder)
    incident = sandbox.pagerduty.account.trigger("Checkout", f"For {line}")
    words = shlex.split(line.replace("PT4KHLK", incident.id))
    code = cli.main(words[words.index("run") :])
    said = capsys.readouterr()
    assert code in (DONE, FAILED), said.out + said.err
    assert "Traceback" not in said.out + said.err


@pytest.mark.parametrize("guide", [*GUIDES, *OTHERS, "CHANGES.md"])
def test_a_command_after_pd_reads(guide: str) -> None:
    """Or names a command alone, which is answered with how it is typed; but for forms with
    places to fill in, and what a guide calls a word that there is not (X)."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    for shown in re.findall(r"`/pd ([^`]*)`", text):
        typed = " ".join(shown.split())
        if re.search(r"[<\[…|]|\.\.\.|\bX\b", typed):
            continue
        problem = parse(typed).problem
        assert not problem or problem.startswith("type `/pd "), f"{guide}: /pd {typed}: {problem}"


def _standalone(words: List[str], capsys: Any) -> None:
    code = cli.main(words)
    said = capsys.readouterr()
    assert code == DONE, said.out + said.err


def _make(words: List[str], capsys: Any) -> None:
    resolved = subprocess.run(
        ["make", "-n", *words[1:], f"VENV={ROOT / '.venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert resolved.returncode == 0, resolved.stderr
    if words[1] == "check":
        _standalone(["check", "--config", "pagerduty.yaml"], capsys)
    else:
        assert words[1] in LONG


class _Typed:
    """What somebody typed, or a pipe brings."""

    def __init__(self, text: str) -> None:
        self._text = text

    def isatty(self) -> bool:
        return False

    def read(self) -> str:
        return self._text + "\n"


def test_the_commands_behind_make_are_understood() -> None:
    guide = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    table = guide[guide.index("| command | what it does") :].split("\n\n")[0]
    found = [cell for row in table.splitlines()[2:] for cell in _code(row.split(" | ")[0])]
    assert len(found) > 8
    for command in found:
        assert cli._parser().parse_args(shlex.split(command)).command is not None, command


def _code(cell: str) -> List[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_what_needs_a_host_is_used() -> None:
    for begins in NEEDS_A_HOST:
        assert any(line.startswith(begins + " ") for _, line in ROWS), begins
