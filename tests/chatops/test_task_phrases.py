"""What came of a phrase that a task of a playbook has run, posted in the room by the chat
sensor."""

from __future__ import annotations

from typing import Any

from chatops_case import ChatopsCase

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase, PhraseRecords


class TaskPhraseTestCase(ChatopsCase):
    __test__ = True

    def start(self) -> None:
        self.config["rooms"] = {"aliases": ["packs.pack_get"]}
        super().start()

    def begun(self, *, known: bool = True, before: float = 0.0, **more: Any) -> KeptPhrase:
        """What the action leaves behind. `known`: whether StackStorm answered it."""
        account = self.stackstorm.account
        at = account.clock() - before
        kept = KeptPhrase(
            "e" * 32,
            "pack get core",
            "packs.pack_get",
            "packs.get",
            self.user_id(),
            "ada",
            self.channel.id,
            at,
            task="1.3",
            **more,
        )
        row = account.execute(
            account.aliases[0],
            "pack get {{pack}}",
            {"command": kept.phrase, "user": "ada", "source_channel": kept.mark},
            "stanley",
        )
        if known:
            kept = kept._replace(execution=row["execution"]["id"])
        PhraseRecords(Store(self.sensor_service), None).write(kept)
        return kept

    def test_it_is_posted_with_its_task_and_without_buttons(self) -> None:
        self.begun()
        self.bridge.pick_up()
        post = self.told("the pack core")
        assert "**@\u200bada** 1.3: `pack get core`" in post["message"]
        assert not self.shown_actions(post)
        self.nothing_left()
        self.bridge.pick_up()
        assert len(self.posts()) == 1

    def test_one_whose_start_is_not_known_is_found_by_its_mark(self) -> None:
        self.begun(known=False, before=61.0)
        self.bridge.pick_up()
        self.told("the pack core")

    def test_what_its_alias_shows_to_one_person_alone_stays_so(self) -> None:
        self.begun(private=True)
        self.bridge.pick_up()
        self.told_alone("the pack core")
        assert not self.posts()

    def test_where_no_task_may_run_a_phrase_nothing_is_read(self) -> None:
        self.config["rooms"] = {}
        ChatopsCase.start(self)
        self.begun()
        self.bridge.pick_up()
        assert self.records()
        assert not self.posts()
