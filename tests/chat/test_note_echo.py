"""A note that was said in a card's thread is told in the threads of the other cards, and does not
come back into that one; and what else of an incident is told of what PagerDuty says once."""

from __future__ import annotations

from typing import Any, Dict, List

from incident_world import IncidentActionCase
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.cards.incident_memory import SaidNote
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.chat import thread_notes
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.incident import to_payload
from pagerduty_mattermost.incidents.reader import read_incident_log

CHANNELS = ("incidents", "ops")
ADA = "ada@example.com"


class NoteEchoTestCase(IncidentActionCase):
    __test__ = True
    action_cls = RepaintIncident

    def setUp(self) -> None:
        super().setUp()
        self.account.set_options(rate_limit=None)
        self.datastore = self.get_action_instance(self.settings()).action_service
        self.settings_now = {**self.settings(), "chat": {"note_word": "note:"}}
        self.one = self.account.trigger("Checkout API", "Disk full")
        self.chat.clock.set(self.account.clock())
        for channel in CHANNELS:
            self.run_action(PostIncident, channel=channel, route="all")
        self.chat.clock.advance(30)

    def context(self, cls: Any = RepaintIncident) -> Any:
        action = cls(self.settings_now, self.datastore)
        action.sleep, action.monotonic = self.chat.sleep, self.chat.clock
        action.clock = self.chat.clock
        return action

    def run_action(self, cls: Any, **given: Any) -> Dict[str, Any]:
        """For all that PagerDuty's log has of the incident."""
        entries = read_incident_log(self.context().context.pagerduty, self.one.id)
        now = self.chat.clock()
        change = missing_events(entries, self.incident(self.one), frozenset(), 0.0, now)
        succeeded, result = self.context(cls).run(
            change=to_payload(change), incident_id=None, **given
        )
        assert succeeded, result
        return result  # type: ignore[no-any-return]

    def card(self, channel: str) -> Any:
        (found,) = [post for post in self.chat.service.posts(channel) if post.attachments]
        return found

    def say(self, text: str, channel: str = "incidents") -> Any:
        """In the card's thread there; the command that it becomes is carried out."""
        post = self.chat.service.say("ada", channel, text, thread=self.card(channel))
        command = thread_notes.note_of(self.context().context, {"post_id": post.id})
        if command is not None:
            self.account.annotate(self.one, command.text, ADA)
        return post

    def told(self, channel: str) -> List[str]:
        return [
            post.message
            for post in self.chat.service.thread(self.card(channel))
            if post.user_id == self.chat.world.bot.id and "Trigger" not in post.message
        ]

    def test_it_is_told_in_the_other_threads_alone(self) -> None:
        self.say("Note: Disk was full")
        for _ in range(2):
            self.run_action(RepaintIncident)
            self.chat.clock.advance(30)
        assert self.told("incidents") == []
        (told,) = self.told("ops")
        assert "Disk was full" in told
        assert "Disk was full" in str(self.card("incidents").attachments)

    def test_it_stays_so_when_all_is_read_anew_weeks_later(self) -> None:
        self.say("note: Disk was full")
        self.run_action(RepaintIncident)
        self.chat.clock.advance(20 * 86400)
        for name in [name for name in self.keys() if ".said." in name or ".state." in name]:
            self.datastore.delete_value(name, local=False)
        self.run_action(RepaintIncident)
        assert (self.told("incidents"), len(self.told("ops"))) == ([], 1)

    def keys(self) -> List[str]:
        found = self.datastore.list_values(local=False, prefix="pagerduty.incident.")
        return [one.name for one in found]

    def test_what_is_noted_elsewhere_is_told_everywhere(self) -> None:
        self.say("note: Disk was full")
        self.account.annotate(self.one, "Looking at the logs", ADA)
        self.run_action(RepaintIncident)
        assert [len(self.told(channel)) for channel in CHANNELS] == [1, 2]

    def test_a_status_update_that_was_given_in_a_room_is_told_in_the_other_channels(self) -> None:
        said = SaidNote(self.card("incidents").channel_id, "Half fixed", self.chat.clock())
        IncidentRecords(self.context().context.store, self.one.id).save_said("u1", said)
        self.account.status_update(self.one, "Half fixed", ADA)
        self.run_action(RepaintIncident)
        assert self.told("incidents") == []
        (told,) = self.told("ops")
        assert "published a status update" in told

    def test_the_packs_own_note_of_the_room_is_told_nowhere(self) -> None:
        self.account.annotate(self.one, "Disk is swapped", ADA)
        self.account.annotate(self.one, "Room in Mattermost: ~inc-1\nhttps://chat.example", ADA)
        self.run_action(RepaintIncident)
        assert [len(self.told(channel)) for channel in CHANNELS] == [1, 1]
        shown = str(self.card("incidents").attachments)
        assert "Disk is swapped" in shown
        assert "Room in Mattermost" not in shown

    def test_show_says_what_pagerduty_does_not_repeat(self) -> None:
        self.account.acknowledge(self.one, ADA)
        self.account.snooze(self.one, 3600, ADA)
        self.run_action(RepaintIncident)
        assert "snoozed until" in str(self.card("incidents").attachments)
        found = TABLE.answer(self.context().context, Command("show", incidents=self.one.id))
        assert "snoozed until" in str(found.card)

    def test_it_is_said_whom_somebody_asked_for_help(self) -> None:
        self.account.add_responder(self.one, ["Grace Hopper"], user=ADA)
        self.run_action(RepaintIncident)
        (told,) = self.told("incidents")
        assert "Ada Lovelace asked Grace Hopper to help" in told
        assert "help asked of Grace Hopper" in str(self.card("incidents").attachments)

    def test_the_same_words_said_in_two_threads_are_told_in_none(self) -> None:
        self.say("note: ok")
        self.run_action(RepaintIncident)
        self.chat.clock.advance(30)
        self.say("note: ok", "ops")
        self.run_action(RepaintIncident)
        assert [len(self.told(channel)) for channel in CHANNELS] == [1, 1]

    def test_a_repeated_order_finds_that_it_was_begun(self) -> None:
        post = self.say("note: Disk was full")
        order = {"post_id": post.id}
        assert thread_notes.note_of(self.context().context, order) is None
        del self.one.notes[:]
        assert thread_notes.note_of(self.context().context, order) is not None
