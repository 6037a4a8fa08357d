"""Whatever moment the process is killed at, a page is sent once, and told at both ends: killed
before and after each request and each write, on the way to PagerDuty while it is there, while it
is away, and when it is back."""

from __future__ import annotations

from typing import Any, Callable, List, Tuple
from unittest.mock import patch

import pytest
from event_send import EventSend
from kept_page_case import REST, KeptPageCase
from kept_page_send import KeptPageSend
from kills import MomentCount, counted, killed_at, moments

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY = "db-1-disk"


class KilledPageCase(KeptPageCase):
    __test__ = False

    def act(self) -> Any:
        """One process that pages, as it is run; again after a restart with the same key."""
        raise NotImplementedError

    def job(self) -> Any:
        return self.action_of(KeptPageSend).act()

    def action_of(self, cls: Any) -> Any:
        action = super().action_of(cls)
        action.monotonic = lambda: self.now
        return action

    def until_nothing_waits(self) -> None:
        for _ in range(12):
            self.at(self.now + 61)
            self.chat.service.forget_pending()
            self.job()
            self.done("mattermost.catch_up")
            if not self.kept():
                return
        raise AssertionError(self.kept())

    def told(self) -> Tuple[int, int, int]:
        """How often it was said that it is kept, and that it is sent; direct messages to Mei."""
        channel = self.channel()
        return (
            len([one for one in channel if "is not at PagerDuty yet" in one]),
            len([one for one in channel if "is at PagerDuty now" in one]),
            len(self.texts("mei")),
        )

    def anew(self) -> None:
        """As before, on sandboxes of its own."""
        self.doCleanups()
        self.service = None
        self.setUp()

    def every_moment(self, count: int, check: Callable[[int], None]) -> None:
        for moment in range(count):
            self.anew()
            with self.subTest(moment=moment):
                check(moment)

    def killed_while_kept(self, moment: int, first: int) -> None:
        """`first`: the moment up to which nobody knows of it."""
        self.away()
        assert killed_at(moment, self.act)
        self.at(self.now + 301)
        self.chat.service.forget_pending()
        self.job()
        self.back()
        self.until_nothing_waits()
        assert self.pages() == (["Disk full"] if moment > first else [])
        assert self.told() == ((1, 1, 1) if moment > first else (0, 0, 0))

    def test_while_it_is_sent(self) -> None:
        self.away()
        self.act()
        self.back()
        self.at(self.now + 61)
        total = moments(self.job)
        assert total > 12

        def check(moment: int) -> None:
            self.away()
            self.act()
            self.back()
            self.at(self.now + 61)
            assert killed_at(moment, self.job)
            self.until_nothing_waits()
            assert self.pages() == ["Disk full"]
            assert self.told() == (1, 1, 1)

        self.every_moment(total, check)


class KilledEventTestCase(KilledPageCase):
    __test__ = True

    def act(self) -> Any:
        given = {"summary": "Disk full", "source": "db-1", "severity": "critical"}
        return self.action_of(EventSend).act("event.trigger", dedup_key=KEY, **given)

    def test_while_pagerduty_is_there(self) -> None:
        total = moments(self.act)
        assert total >= 6

        def check(moment: int) -> None:
            assert killed_at(moment, self.act)
            self.at(self.now + 301)
            self.until_nothing_waits()
            sent = moment > 0  # before the first write nobody knows of it
            assert self.pages() == (["Disk full"] if sent else [])
            assert self.told() == (0, 0, 0)

        self.every_moment(total, check)

    def test_run_again_after_the_restart_as_the_embedded_default_does(self) -> None:
        total = moments(self.act)

        def check(moment: int) -> None:
            assert killed_at(moment, self.act)
            assert self.act()["status"] == "success"
            self.until_nothing_waits()
            assert self.pages() == ["Disk full"]

        self.every_moment(total, check)

    def test_resolved_before_the_restart_it_makes_no_second_incident(self) -> None:
        total = moments(self.act)

        def check(moment: int) -> None:
            assert killed_at(moment, self.act)
            for one in list(self.account.incidents.values()):
                self.account.resolve(one)
            self.at(self.now + 301)
            self.until_nothing_waits()
            assert len(self.pages()) == (1 if moment > 0 else 0)

        self.every_moment(total, check)

    def test_while_it_is_kept(self) -> None:
        self.away()
        total = moments(self.act)
        assert total > 12

        def check(moment: int) -> None:
            self.killed_while_kept(moment, first=0)

        self.every_moment(total, check)

    def test_while_its_answer_is_lost_and_it_is_resolved_meanwhile(self) -> None:
        def check(moment: int) -> None:
            self.server.faults.add("lost", method="POST", path="enqueue")
            self.act()
            self.back()
            for one in list(self.account.incidents.values()):
                self.account.resolve(one)
            self.at(self.now + 61)
            killed_at(moment, self.job)
            self.until_nothing_waits()
            assert len(self.pages()) == 1

        self.every_moment(14, check)


class KilledCommandTestCase(KilledPageCase):
    __test__ = True

    def act(self) -> Any:
        said = Command("create", text="Disk full", service="Database", user="ada")
        key = post_key("order", "1")
        return perform(self.context(), said._replace(key=key))

    def test_while_pagerduty_is_there(self) -> None:
        total = moments(self.act)
        self.anew()
        first = self.first_write()

        def check(moment: int) -> None:
            assert killed_at(moment, self.act)
            self.at(self.now + 301)
            self.until_nothing_waits()
            assert self.pages() == (["Disk full"] if moment > first else [])

        self.every_moment(total, check)

    def test_while_it_is_kept(self) -> None:
        self.away()
        total = moments(self.act)
        self.anew()
        self.away()
        first = self.first_write()

        def check(moment: int) -> None:
            self.killed_while_kept(moment, first=first)

        self.every_moment(total, check)

    def test_while_it_is_sent_as_an_event(self) -> None:
        def kept_with_its_api_away() -> None:
            self.said("whoami", "ada")
            self.away()
            self.act()
            self.back()
            self.away(REST)
            self.at(self.now + 61)

        kept_with_its_api_away()
        total = moments(self.job)
        assert total > 12

        def check(moment: int) -> None:
            kept_with_its_api_away()
            assert killed_at(moment, self.job)
            self.back()  # only then it can be seen whether it was taken
            self.until_nothing_waits()
            assert self.pages() == ["Disk full"]
            assert self.told() == (1, 1, 1)

        self.every_moment(total, check)

    def first_write(self) -> int:
        """The moment at which the page is written down."""
        count = MomentCount()
        found: List[int] = []
        write = Store.write

        def writing(store: Store, name: str, *args: Any, **more: Any) -> Any:
            if name.startswith("page.") and not found:
                found.append(count.seen)
            return write(store, name, *args, **more)

        with counted(count), patch.object(Store, "write", writing):
            self.act()
        return found[0]


pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
