"""The commands of the documents that are given to StackStorm's shell, in an order in which they
can be carried out, and what stands for their placeholders.

    for one in commands():                       # Command(document, line)
        one.ready({"PT4KHLK": "Q0000001W9GC3H"})     # as it is run
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ORDER = (
    "README.md",
    "docs/getting-started.md",
    "pagerduty.yaml.example",
    "docs/chat.md",
    "docs/aliases.md",
    "docs/chatops.md",
    "docs/webhook.md",
    "docs/routes.md",
    "docs/oncall.md",
    "docs/playbooks.md",
    "docs/deadletters.md",
    "docs/troubleshooting.md",
    "docs/operations.md",
    "docs/security.md",
    "docs/state.md",
    "docs/upgrading.md",
    "docs/uninstall.md",
)
"""What removes the pack comes last. The reference's examples are run on the sandbox, by
`make docs-check`; docs/architecture.md is for who changes the code."""
ELSEWHERE = ("docs/reference.md", "docs/architecture.md")
_OURS = re.compile(r"(sudo )?(-u st2 )?(st2|st2ctl|st2-apply-rbac-definitions)\s")
_OF_A_FILE = re.compile(r"sudo (cp|sudoedit|rm|chown|chmod) |sudoedit |sudo -u st2 ")
_NAMED_ONLY = (
    "st2 action-alias execute",
    "st2 execution cancel",
    "st2 inquiry respond",
    "st2 key",
    "st2 key set --encrypt",
    "st2 pack install",
    "st2 rule disable",
    "st2 run",
    "st2ctl reload",
    "st2ctl restart-component",
    "st2ctl stop",
)
"""Commands that are only named: without what they are to be done to."""


class Command(NamedTuple):
    document: str
    line: str

    @property
    def is_named_only(self) -> bool:
        return self.line in _NAMED_ONLY

    def ready(self, values: Mapping[str, str]) -> str:
        """With what stands for its placeholders, the longest one where several fit; what is put
        in is not looked at again."""
        longest_first = sorted(values, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first)) or "(?!)"
        return re.sub(pattern, lambda found: values[found.group()], self.line)


def commands() -> Iterator[Command]:
    """All of them, in order."""
    for name in ORDER:
        for line in of_text((ROOT / name).read_text(encoding="utf-8")):
            yield Command(name, line)


def of_text(text: str) -> List[str]:
    """Of one document: those in blocks of the shell, then those within its sentences."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    found = [line for block in blocks for line in _lines(block)]
    for line in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S)):
        if _is_ours(line) and line not in found:
            found.append(line)
    return found


def _lines(block: str) -> List[str]:
    whole = re.sub(r"(\\|\|)\n\s*", lambda end: "" if end.group(1) == "\\" else "| ", block)
    lines = (re.sub(r"\s{2,}#.*", "", line).strip() for line in whole.splitlines())
    return [line for line in lines if _is_ours(line)]


def _is_ours(line: str) -> bool:
    return bool(_OURS.match(line) or _OF_A_FILE.match(line))
