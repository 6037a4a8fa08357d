"""Opens dialogs, at once since their trigger lives 3 s, and answers what their lists are asked
for."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict

from pagerduty_mattermost.chat import dialogs, update_form
from pagerduty_mattermost.chat.calls import DialogWanted, LookupWanted
from pagerduty_mattermost.chat.declared_post import quoted
from pagerduty_mattermost.chat.dialog_lists import PLAYBOOK, DialogLists
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.markdown import copyable, with_commands
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.http.quotas import Quotas
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.runs.controls import UPDATE

ESCALATE = "escalate"
LETTERS_A_SECOND, LETTERS_AT_ONCE = 15, 60
"""Of one person: a list in a dialog is asked for with each letter, and when any field changes."""


class DialogOpener:
    """For use by several threads."""

    def __init__(
        self,
        config: Config,
        lists: DialogLists,
        mattermost: Callable[[], Any],
        soon_store: Store,
        log: Any,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        refuses: Callable[[DialogWanted], str] = lambda wanted: "",
    ) -> None:
        """`mattermost`: the calling thread's gateway; `soon_store`: the datastore, given up well
        within those 3 s; `refuses`: why what a dialog is for is not allowed, empty where it
        is."""
        self._refuses = refuses
        self._chat, self._opens_room = config.chat, config.rooms.on_declare
        self._mattermost_url = config.mattermost.url
        self._lists, self._mattermost, self._log, self._clock = lists, mattermost, log, clock
        self._soon_store = soon_store
        self._typing = Quotas(LETTERS_A_SECOND, LETTERS_AT_ONCE, monotonic)

    def open(self, wanted: DialogWanted) -> str:
        """Why it could not be opened, as Markdown; empty where it was."""
        refused = self._refuses(wanted)
        if refused:
            return with_commands(refused)
        try:
            made = self._update(wanted) if wanted.kind == UPDATE else self._made(wanted)
            self._mattermost().open_dialog(wanted.trigger_id, made)
        except PackError as error:
            self._log.warning("A dialog could not be opened: %s", error)
            return f"The dialog could not be opened: {escape(error.in_chat)}"
        return ""

    def _update(self, wanted: DialogWanted) -> Dict[str, Any]:
        run = update_form.run_of(self._soon_store, self._log, wanted)
        return update_form.form(wanted, run, self._chat, self._clock())

    def _made(self, wanted: DialogWanted) -> Dict[str, Any]:
        given, post_id, asks_playbook = {"text": wanted.about.priority}, "", ""
        if wanted.kind == dialogs.DECLARE:
            server, user = self._mattermost_url, wanted.user_id
            said = wanted.typed.get("title", "")
            given = {**wanted.typed, **quoted(self._mattermost, server, user, said, self._log)}
            post_id = given.pop("post_id", "")
            opens_room = self._opens_room or wanted.opens_room or wanted.typed.get("room")
            given["room"] = "true" if opens_room else "false"
            asks_playbook = user if PLAYBOOK in self._chat.declare_fields else ""
        known, about = self._lists.known(playbooks_of=asks_playbook), _in_words(wanted)
        if wanted.kind == ESCALATE and not known.abilities.lookups:
            levels = self._lists.levels(wanted.incident)
            about = "\n".join([f"{about}\n", *(f"- {copyable(one)}" for one in levels)]).strip()
        return dialogs.dialog(
            wanted.kind,
            wanted.incident,
            self._chat.public_url,
            self._chat.signing_keys[0].reveal(),
            self._clock(),
            known,
            asker=wanted.user_id,
            channel=wanted.channel_id,
            hook=wanted.hook,
            origin=wanted.origin,
            order=self._chat.declare_fields,
            about_what=about,
            given=given,
            post_id=post_id or wanted.clicked,
        )

    def offered(self, wanted: LookupWanted) -> Dict[str, Any]:
        """What a list shows below what is typed, as Mattermost takes it; nothing where letters
        come faster than by hand."""
        if not self._typing.take(wanted.user_id):
            return {"items": []}
        found = self._lists.offered(wanted.kind, wanted.query, wanted.incident)
        return {"items": [one._asdict() for one in found]}


def _in_words(wanted: DialogWanted) -> str:
    """Which incident a dialog is about; who has it now, where it is given to somebody else."""
    about = wanted.about
    if not about.title:
        return ""
    given_on = wanted.kind in ("reassign", ESCALATE) and about.assignees
    now = f"\n\nAssigned to {copyable(about.assignees)} now." if given_on else ""
    return f"**{copyable(about.title)}**{now}"
