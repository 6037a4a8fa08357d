"""Saving, deleting and restoring a playbook, for actions and chat alike.

    saved = save(context, text, by="@ada")       # SavedPlaybook
    delete(context, "outage", by="@ada")

What is wrong in a text keeps it from being saved: `InvalidPlaybook` holds all of it. Files, of
rooms.playbook_dir and of the pack, are left alone: a saved playbook of the same name takes the
place of one, and deleting that brings it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.playbooks.kept import KeptPlaybook, KeptPlaybooks
from pagerduty_mattermost.playbooks.library import (
    FILE,
    SAVED,
    FoundPlaybook,
    PlaybookLibrary,
    load,
)
from pagerduty_mattermost.playbooks.playbook import Playbook
from pagerduty_mattermost.playbooks.validation import (
    FurtherCheck,
    ValidatedPlaybook,
    validate,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MayEdit = Callable[[Playbook], None]
"""Raises RejectedInput where the asker may not change that playbook."""


class InvalidPlaybook(RejectedInput):
    """A text that is not saved, and why."""

    def __init__(self, found: ValidatedPlaybook) -> None:
        super().__init__("it is not saved: " + "; ".join(found.lines))
        self.found = found


class SavedPlaybook(NamedTuple):
    """What came of saving one."""

    playbook: Playbook
    kept: KeptPlaybook
    is_new: bool
    """False where the same text was in force already."""
    replaces: str = ""
    """SAVED, FILE or PACK: where the one came from that was in force before."""
    unchecked: Tuple[str, ...] = ()
    """What could not be asked, a line each."""


def _anybody(playbook: Playbook) -> None:
    return None


def save(
    context: Context,
    text: str,
    *,
    by: str,
    asker: str = "",
    may_edit: MayEdit = _anybody,
    further: FurtherCheck = lambda playbook: (),
    ask_servers: bool = True,
) -> SavedPlaybook:
    """Brings the text into force. `by`: as people are named; `asker` and `further` as `validate`
    takes them; `may_edit` is asked about the one that is in force. Raises InvalidPlaybook, and the
    store's errors."""
    found = validate(context, text, asker=asker, ask_servers=ask_servers, further=further)
    if found.playbook is None or found.problems:
        raise InvalidPlaybook(found)
    name = found.playbook.name
    before = load(context).find(name)
    if before is not None:
        may_edit(before.playbook)
    store = KeptPlaybooks(context.store, context.log)
    now = store.current(name)
    kept = store.save(name, text, by=by, at=context.clock())
    return SavedPlaybook(
        found.playbook,
        kept,
        now is None or now.version != kept.version,
        before.source if before else "",
        found.unchecked,
    )


def deletable(library: PlaybookLibrary, name: str) -> FoundPlaybook:
    """The saved playbook of that name. Raises NotFound, and RejectedInput for one that is a
    file."""
    found = library.get(name)
    if found.source == SAVED:
        return found
    if found.source == FILE:
        raise RejectedInput(
            f"{found.playbook.name} is the file {found.place} in rooms.playbook_dir: it is "
            "deleted there"
        )
    raise RejectedInput(f"{found.playbook.name} comes with the pack and can't be deleted")


def delete(
    context: Context, name: str, *, by: str, may_edit: MayEdit = _anybody
) -> Optional[FoundPlaybook]:
    """Takes a saved playbook out of force; runs that are under way go on. Returns the one of the
    same name that counts now. Raises as `deletable`, and the store's errors."""
    found = deletable(load(context), name)
    may_edit(found.playbook)
    called = found.playbook.name
    KeptPlaybooks(context.store, context.log).delete(called, by=by, at=context.clock())
    return load(context).find(called)


def restore(
    context: Context,
    name: str,
    version: str,
    *,
    by: str,
    may_edit: MayEdit = _anybody,
) -> SavedPlaybook:
    """Brings an earlier version into force, as a new one. `version`: its number; empty: the one
    before, or the last one of a playbook that was deleted. Raises NotFound, and as `save`; servers
    are not asked, since what was right once is wanted now."""
    store = KeptPlaybooks(context.store, context.log)
    wanted = store.version(name, version) if version else _before(store, name)
    if wanted.deleted:
        raise RejectedInput(f"version {wanted.number} of {name} says that it was deleted")
    return save(context, wanted.text, by=by, may_edit=may_edit, ask_servers=False)


def _before(store: KeptPlaybooks, name: str) -> KeptPlaybook:
    now = store.current(name)
    for one in store.history(name):
        if not one.deleted and (now is None or one.text != now.text):
            return one
    raise RejectedInput(f"{name} has no earlier version")
