"""uninstall: shown first, then everything the pack made is gone, and what fails leaves what is
needed to try again."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, List

from example_beginnings import lent, posted, with_endpoint
from example_case import ExampleCase

from pagerduty_mattermost.gateways.stackstorm import bulk_delete
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class Sensors:
    """StackStorm's client, as far as sensors go."""

    def __init__(self) -> None:
        self.rows = [
            SimpleNamespace(ref=f"pagerduty.{name}", name=name, enabled=True)
            for name in ("IncidentSensor", "ChatSensor")
        ]
        self.managers = {"Sensor": self}
        self.rules = SimpleNamespace(get_all=lambda **_: [])

    def get_all(self, pack: str, limit: int, offset: int) -> List[Any]:
        assert pack == "pagerduty"
        return self.rows

    def update(self, sensor: Any) -> None:
        assert sensor in self.rows


class UninstallTestCase(ExampleCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.done("mattermost.setup", **with_endpoint(self))
        self.done("webhook.setup")
        posted(self)
        self.sensors = Sensors()
        self.service.datastore_service.get_api_client = lambda: self.sensors

    def names(self) -> List[str]:
        return sorted(row.name for row in Store(self.service).rows())

    def commands(self) -> int:
        """Slash commands and outgoing webhooks that Mattermost has."""
        made = self.chat.service.state.integrations
        every = [*made.commands.values(), *made.hooks.values()]
        return sum(not one.delete_at for one in every)

    def token(self, **more: Any) -> str:
        return str(self.done("uninstall", **more)["confirm"])

    def test_it_is_shown_first_and_nothing_is_done(self) -> None:
        before, made = self.names(), self.commands()
        shown = self.done("uninstall")
        assert (self.names(), self.commands()) == (before, made)
        assert [one.enabled for one in self.sensors.rows] == [True, True]
        assert sum(shown["keys"].values()) == len(before)
        assert len(shown["commands"]) == made == 2
        assert len(shown["subscriptions"]) == 1
        assert f"repeat it with confirm={shown['confirm']}" in shown["message"]
        assert "posts, threads and rooms in Mattermost" in shown["message"]

    def test_with_its_token_everything_goes(self) -> None:
        self.service.set_value("mine", "stays", local=False)
        keys = len(self.names())
        told = self.done("uninstall", confirm=self.token(), **lent(self.get_action_instance()))
        assert (self.names(), self.commands()) == ([], 0)
        assert self.account.catalog["webhook_subscriptions"] == {}
        assert [one.enabled for one in self.sensors.rows] == [False, False]
        assert told["deleted"] >= keys - 2, "both secrets go with what they belong to"
        assert self.service.get_value("mine", local=False) == "stays"
        again = self.done("uninstall")
        assert (again["commands"], again["subscriptions"], again["keys"]) == ([], [], {})
        assert self.done("uninstall", confirm=again["confirm"])["deleted"] == 0

    def test_another_token_or_what_people_made_meanwhile_is_asked_again(self) -> None:
        before = self.names()
        assert "check again" in self.refused("uninstall", confirm="00000000")
        token = self.token()
        self.done("identity.link", user="ada", pagerduty_user="grace@example.com")
        assert "check again" in self.refused("uninstall", confirm=token)
        assert self.token() != token
        assert set(before) <= set(self.names())
        assert self.commands() == 2

    def test_what_the_pack_itself_writes_meanwhile_is_no_other_thing(self) -> None:
        token = self.token()
        posted(self)
        self.done("uninstall", confirm=token, **lent(self.get_action_instance()))
        assert self.names() == []

    def test_where_the_bot_may_not_nothing_of_the_datastore_goes(self) -> None:
        before = self.names()
        line = self.refused("uninstall", confirm=self.token())
        assert "Nothing of the datastore is deleted yet" in line
        assert "admin_token_key" in line
        assert self.names() == before
        told = self.done(
            "uninstall", confirm=self.token(without=["mattermost"]), without=["mattermost"]
        )
        assert told["commands"] == []
        assert self.names() == []
        assert self.commands() == 2

    def test_a_pagerduty_that_is_gone_can_be_left(self) -> None:
        self.server.faults.add("status", status=401)
        assert "without=pagerduty" in self.refused("uninstall")
        shown = self.done("uninstall", without=["pagerduty"])
        given = lent(self.get_action_instance())
        self.done("uninstall", confirm=shown["confirm"], without=["pagerduty"], **given)
        assert self.names() == []

    def test_a_side_that_is_none_is_named(self) -> None:
        assert "'slack' is none of" in self.refused("uninstall", without=["slack"])

    def test_where_sensors_can_not_be_disabled_it_is_told(self) -> None:
        self.sensors.managers = {}
        told = self.done("uninstall", confirm=self.token(), **lent(self.get_action_instance()))
        assert "The sensors were not disabled" in told["message"]
        assert self.names() == []


def test_several_deletes_are_under_way_at_a_time() -> None:
    together = threading.Barrier(bulk_delete.KEYS_AT_ONCE, timeout=60)
    gone: List[str] = []

    def delete(name: str) -> bool:
        together.wait()
        gone.append(name)
        return True

    names = [f"k{n}" for n in range(bulk_delete.KEYS_AT_ONCE * 3)]
    bulk_delete.delete_all(SimpleNamespace(delete=delete), names)  # type: ignore[arg-type]
    assert sorted(gone) == sorted(names)
