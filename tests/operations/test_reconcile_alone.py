"""posts.reconcile: what is wrong with one incident, storm or rule stays with that one; and an
archived channel is no trouble."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import Any, List

import pytest
from reconcile_case import LATER, ReconcileCase, rule

from pagerduty_mattermost.cards import held_cards, subscriptions
from pagerduty_mattermost.cards.publisher import CardPublisher
from pagerduty_mattermost.noise import storm_publisher
from pagerduty_mattermost.operations.wanted_cards import WantedCards

ODD: List[Any] = [None, [], {}, 0, -1, 1e308, "", "x", [[]], {"v": 1}, True, ["a", 1], {"a": {}}]


class ReconcileAloneTestCase(ReconcileCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.monkeypatch = pytest.MonkeyPatch()
        self.addCleanup(self.monkeypatch.undo)

    def run_later(self, *, full: bool = False) -> Any:
        self.chat.clock.advance(LATER)
        return self.done(source="" if full else "sensor", full=full or None)

    def shown(self, count: int) -> List[Any]:
        """Incidents with a card each."""
        made = [self.account.trigger("Checkout API", f"Slow {number}") for number in range(count)]
        for one in made:
            self.by_rule(one, "trigger")
        self.sensor(*made)
        return made

    # Archived channels

    def test_a_card_in_an_archived_channel_is_no_trouble_and_goes_on_when_it_is_back(self) -> None:
        (one,) = self.shown(1)
        self.chat.service.archive("incidents")
        self.account.acknowledge(one, "ada@example.com")
        self.sensor(one)
        results = [self.run_later() for _ in range(2)]
        self.account.annotate(one, "It was the disk", "ada@example.com")
        self.account.resolve(one, "ada@example.com")
        self.sensor(one)
        results += [self.run_later() for _ in range(12)]  # the twelfth looks at Mattermost too
        assert [result["problems"] for result in results] == [[]] * 14
        assert [result["jobs"] for result in results[6:]] == [0] * 8
        assert [line for line in self.chat.messages("ops") if "archived" in line] == []
        self.chat.service.restore("incidents")
        assert self.run_later()["put_right"] == 1
        (card,) = self.cards()
        assert card.message.startswith("✅ Resolved")
        assert len(self.replies(card)) == 4
        self.sensor(one)
        self.run_later()
        assert self.run_later()["jobs"] == 0

    def test_an_archived_channel_is_asked_for_once_a_run(self) -> None:
        made = self.shown(3)
        self.chat.service.archive("incidents")
        for one in made:
            self.account.acknowledge(one, "ada@example.com")
        self.sensor(*made)
        self.run_later()
        before = len(self.chat.journal.entries)
        assert self.run_later()["jobs"] == 0
        paths = [entry.path for entry in self.chat.journal.entries[before:]]
        assert len([path for path in paths if "/channels/" in path]) == 1

    def test_a_card_that_a_rule_starts_in_an_archived_channel_is_told_once(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.sensor(one)
        self.chat.service.archive("incidents")
        results = [self.run_later() for _ in range(3)]
        assert [result["problems"] for result in results] == [[]] * 3
        assert len([line for line in self.chat.messages("ops") if "archived" in line]) == 1
        self.chat.service.restore("incidents")
        assert self.run_later()["put_right"] == 1
        assert len(self.cards()) == 1

    def test_a_storms_card_in_an_archived_channel_is_no_trouble(self) -> None:
        self.storm()
        self.chat.service.archive("incidents")
        for _ in range(2):
            self.chat.clock.advance(storm_publisher.ORPHANED_SECONDS)
            assert self.run_later()["problems"] == []
        self.chat.service.restore("incidents")
        self.run_later()
        assert "has ended" in self.chat.service.posts("incidents")[-1].message

    def storm(self) -> None:
        """One whose card stands, and that nobody remembers."""
        self.sensor()
        storm = {
            "key": "storm-1",
            "kind": "storm",
            "state": "ongoing",
            "sequence": 1,
            "service_id": "PSVC",
            "service": "Checkout",
            "title": "",
            "started_at": "2025-10-09T08:53:20Z",
            "at": "2025-10-09T08:53:20Z",
            "total": 1,
            "triggered": 1,
            "acknowledged": 0,
            "closed": 0,
            "rounds": 0,
            "incidents": [],
            "url": "",
        }
        context = self.get_action_instance(self.settings()).context
        context.channels.using(
            "incidents",
            lambda ref: storm_publisher.show(
                self.store, context.mattermost, ref.id, storm, None, context.post_once
            ),
        )

    # Exceptions

    def test_any_exception_of_one_incident_stays_with_it(self) -> None:
        made = self.shown(3)
        for one in made:
            self.account.acknowledge(one, "ada@example.com")
        self.sensor(*made)
        repaint = CardPublisher.repaint

        def odd(publisher: Any, change: Any) -> Any:
            if change.incident.id == made[1].id:
                raise TypeError("'float' object is not iterable")
            return repaint(publisher, change)

        self.monkeypatch.setattr(CardPublisher, "repaint", odd)
        result = self.run_later()
        assert result["put_right"] == 2
        (problem,) = result["problems"]
        assert problem.startswith(f"{made[1].id}: Unexpected TypeError")
        self.monkeypatch.undo()

    def test_also_while_it_is_judged_whether_a_card_is_missing(self) -> None:
        made = [self.account.trigger("Checkout API", f"Slow {number}") for number in range(3)]
        self.sensor(*made)
        births = WantedCards.births

        def odd(wanted: Any, changes: Any) -> Any:
            if changes[-1].incident.id == made[0].id:
                raise KeyError("urgency")
            return births(wanted, changes)

        self.monkeypatch.setattr(WantedCards, "births", odd)
        result = self.run_later()
        assert (result["put_right"], len(result["problems"])) == (2, 1)

    def test_a_rule_of_the_wrong_shape_keeps_no_card_back(self) -> None:
        good = self.rules[0]
        for field, value in (
            ("criteria", "x"),
            ("criteria", {"trigger.incident.urgency": "high"}),
            ("action", None),
            ("action", {"ref": "pagerduty.mattermost.post_incident"}),
            ("trigger", None),
            ("trigger", {}),
        ):
            self.rules[:] = [SimpleNamespace(**{**vars(rule("odd", "ops")), field: value}), good]
            one = self.account.trigger("Checkout API", f"{field} {value}")
            self.sensor(one)
            before = len(self.cards())
            assert self.run_later()["put_right"] == 1, (field, value)
            assert len(self.cards()) == before + 1

    def test_a_stored_value_of_the_wrong_shape_keeps_no_other_incident_back(self) -> None:
        dice = random.Random(7)
        first, second = self.shown(2)
        subscriptions.save(self.store, subscriptions.Subscription(self.channel("ops")))
        held_cards.save(
            self.store,
            held_cards.HeldCard(self.channel("ops"), first.id, self.chat.clock() + 60),
            self.chat.clock(),
        )
        self.storm()
        whole = self.everything()
        kinds = [
            name
            for name in whole
            if any(word in name for word in (first.id, "subscription.", "storm.", "noise"))
        ]
        assert len(kinds) >= 5, kinds
        for number, odd in enumerate(ODD):
            for name in kinds:
                self.restore(whole)
                value = json.loads(whole[name])
                value["data"] = self.spoilt(dice, value["data"], odd) if number % 2 else odd
                self.put(name, json.dumps(value))
                self.account.annotate(second, f"note {number} {name}", "ada@example.com")
                self.sensor(first, second)
                result = self.run_later(full=number % 3 == 0)
                assert result["done"] == "done"
                assert [one for one in result["problems"] if second.id in one] == []
        (card,) = [one for one in self.cards() if "Slow 1" in one.attachments[0]["title"]]
        assert len(self.replies(card)) >= len(ODD) * len(kinds)

    def spoilt(self, dice: random.Random, value: Any, odd: Any) -> Any:
        """With one part of it in another shape."""
        if isinstance(value, dict) and value:
            key = dice.choice(sorted(value))
            return {**value, key: self.spoilt(dice, value[key], odd)}
        if isinstance(value, list) and value:
            return [self.spoilt(dice, value[0], odd), *value[1:]]
        return odd

    def channel(self, name: str) -> str:
        return str(self.chat.service.channel(name).id)

    def everything(self) -> Any:
        found = self.action_service.list_values(local=False, prefix="pagerduty.")
        return {one.name: one.value for one in found}

    def restore(self, whole: Any) -> None:
        for name in self.everything():
            if name not in whole and ".incident." in name:
                self.action_service.delete_value(name, local=False)
        for name, value in whole.items():
            self.put(name, value)

    def put(self, name: str, raw: str) -> None:
        self.action_service.set_value(name, raw, local=False)
