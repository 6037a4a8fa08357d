"""The playbooks there are: saved ones, those in the folder of rooms.playbook_dir, the pack's own.
Of one name the first of them counts.

    found = load(context)
    found.playbooks            # (FoundPlaybook, …) by name
    found.get("major-incident")

One that does not read hides no other: it is named in `broken`, which `health.check` shows, and
where it was saved or stands in the folder, the next of its name counts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.playbooks.conditions import choose, facts_of
from pagerduty_mattermost.playbooks.kept import KeptPlaybooks
from pagerduty_mattermost.playbooks.playbook import Playbook
from pagerduty_mattermost.playbooks.reading import PlaybookProblem, read_playbook
from pagerduty_mattermost.playbooks.schema import FOLDER
from pagerduty_mattermost.playbooks.yaml_lines import MAX_CHARACTERS

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident

SAVED, FILE, PACK = "saved", "file", "pack"
"""Where a playbook comes from."""
ENDINGS = (".yaml", ".yml")
MAX_FILES = 200


class FoundPlaybook(NamedTuple):
    """A playbook and where it comes from."""

    playbook: Playbook
    text: str
    """Its YAML."""
    source: str
    """SAVED, FILE or PACK."""
    place: str = ""
    """The file's name."""
    by: str = ""
    at: float = 0.0
    """Of a saved one: who saved it, and when."""
    number: int = 0
    """Of a saved one: its version."""


class BrokenPlaybook(NamedTuple):
    """One that is not used."""

    place: str
    """What it is, for people: a file, or a saved one's name."""
    problems: Tuple[PlaybookProblem, ...]


_Read = Union[FoundPlaybook, BrokenPlaybook]


class PlaybookLibrary(NamedTuple):
    """All playbooks that there are."""

    playbooks: Tuple[FoundPlaybook, ...]
    """By name."""
    broken: Tuple[BrokenPlaybook, ...] = ()

    def find(self, name: str) -> Optional[FoundPlaybook]:
        wanted = one_line(name).lower()
        return next((one for one in self.playbooks if one.playbook.name == wanted), None)

    def get(self, name: str) -> FoundPlaybook:
        """Raises NotFound with the nearest names."""
        found = self.find(name)
        if found is None:
            raise unknown(name, [one.playbook.name for one in self.playbooks])
        return found

    def fitting(self, incident: Incident) -> Optional[Playbook]:
        """The one that is taken for such an incident by itself."""
        return choose([one.playbook for one in self.playbooks], facts_of(incident))


def unknown(name: str, known: List[str]) -> NotFound:
    """That there is none of that name. `known`: the names that may be said."""
    import difflib

    wanted = one_line(name).lower()[:60]
    parts = [one for one in known if len(wanted) > 2 and wanted in one]
    near = parts or difflib.get_close_matches(wanted, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known) or 'none'}"
    return NotFound(f"there is no playbook {one_line(clean(name, 60))!r}{hint}")


def load(context: Context) -> PlaybookLibrary:
    """Raises the store's errors."""
    found: Dict[str, FoundPlaybook] = {}
    broken: List[BrokenPlaybook] = []
    for one in (*_saved(context), *_of_folder(context), *_of_pack()):
        if isinstance(one, BrokenPlaybook):
            broken.append(one)
        elif one.playbook.name not in found:
            found[one.playbook.name] = one
        elif one.source == FILE and found[one.playbook.name].source == FILE:
            first = found[one.playbook.name].place
            why = f"{one.playbook.name} stands in {first} already"
            broken.append(BrokenPlaybook(one.place, (PlaybookProblem(1, "name", why),)))
    return PlaybookLibrary(tuple(found[name] for name in sorted(found)), tuple(broken))


def _saved(context: Context) -> Iterator[_Read]:
    for name, kept in KeptPlaybooks(context.store, context.log).every().items():
        read = read_playbook(kept.text)
        if read.playbook is None or read.playbook.name != name:
            why = (PlaybookProblem(1, "name", f"was saved as {name}"),)
            yield BrokenPlaybook(f"the saved playbook {name}", read.problems or why)
        else:
            yield FoundPlaybook(
                read.playbook, kept.text, SAVED, by=kept.by, at=kept.at, number=kept.number
            )


def _of_folder(context: Context) -> Iterator[_Read]:
    folder = context.settings.rooms.playbook_dir
    if folder:
        yield from _files(Path(folder), FILE, "rooms.playbook_dir")


def _of_pack() -> Iterator[_Read]:
    yield from _files(FOLDER, PACK, "the pack's folder playbooks")


def _files(folder: Path, source: str, what: str) -> Iterator[_Read]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(ENDINGS))
    except OSError as error:
        why = PlaybookProblem(1, "", f"this folder can't be read here: {error.strerror}")
        yield BrokenPlaybook(f"{what} ({folder})", (why,))
        return
    for name in names[:MAX_FILES]:
        yield _file(folder / name, source)
    if len(names) > MAX_FILES:
        why = PlaybookProblem(1, "", f"{len(names)} files, the first {MAX_FILES} are read")
        yield BrokenPlaybook(f"{what} ({folder})", (why,))


def _file(path: Path, source: str) -> _Read:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_CHARACTERS + 1)
    except OSError as error:
        why = f"this file can't be read here: {error.strerror}"
        return BrokenPlaybook(str(path), (PlaybookProblem(1, "", why),))
    except UnicodeDecodeError:
        return BrokenPlaybook(str(path), (PlaybookProblem(1, "", "this file is no UTF-8"),))
    read = read_playbook(text)
    if read.playbook is None:
        return BrokenPlaybook(str(path), read.problems)
    return FoundPlaybook(read.playbook, text, source, place=path.name)
