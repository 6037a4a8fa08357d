"""Keys that StackStorm keeps from a user (RBAC): not the same as none, and no failure of what only
remembers."""

# flake8: noqa: E501

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, List

import pytest
from datastore_double import Service

from pagerduty_mattermost.core.errors import StoreForbidden
from pagerduty_mattermost.gateways.stackstorm import key_rights
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import rights_check


class Refusal(Exception):
    """As st2client raises it."""

    response = SimpleNamespace(status_code=403)


class Guarded(Service):
    """A datastore of a StackStorm with RBAC on: shows nothing and takes nothing, but from an
    admin."""

    def __init__(self, admin: bool) -> None:
        super().__init__()
        self.admin = admin

    def get_user_info(self) -> Any:
        self.calls.append("user")
        return {"username": "bob", "rbac": {"enabled": True, "is_admin": self.admin}}

    def list_values(self, **given: Any) -> List[Any]:
        found = super().list_values(**given)
        return found if self.admin else []

    def set_value(self, *args: Any, **given: Any) -> bool:
        if not self.admin:
            self.calls.append("set")
            raise Refusal("403 Client Error: Forbidden")
        return super().set_value(*args, **given)


@pytest.fixture
def rbac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rights, "_settings", lambda: ("default", True))


def store_over(service: Service) -> Store:
    return Store(service, sleep=lambda seconds: None)


@pytest.mark.usefixtures("rbac")
class TestWithoutTheRole:
    def test_nothing_shown_is_not_nothing_there(self) -> None:
        with pytest.raises(StoreForbidden, match="user bob only the keys .* docs.security"):
            store_over(Guarded(False)).read("sensor.head")

    def test_who_is_given_the_role_goes_on_without_a_restart(self) -> None:
        service = Guarded(False)
        store = store_over(service)
        with pytest.raises(StoreForbidden):
            store.read_prefix("audit.")
        service.admin = True
        assert store.read_prefix("audit.") == {}
        assert store.read("n") is None
        assert service.calls.count("user") == 2

    def test_a_refused_write_is_not_tried_again(self) -> None:
        service = Guarded(False)
        with pytest.raises(StoreForbidden, match="role admin is missing"):
            store_over(service).write("n", 1)
        assert service.calls == ["set"]

    def test_what_is_only_remembered_fails_nothing(self) -> None:
        store_over(Guarded(False)).remember("n", 1, 60)


@pytest.mark.usefixtures("rbac")
def test_an_admin_is_shown_all_and_nothing_is_nothing() -> None:
    store = store_over(Guarded(True))
    assert store.read("n") is None
    store.write("n", 1)
    assert store.read("n") == 1
    assert store.hidden() == ""


def test_where_rbac_is_off_nobody_is_asked() -> None:
    service = Guarded(False)
    assert store_over(service).read("n") is None
    assert service.calls == ["list"]


def test_a_backend_that_is_not_enabled_hides_all_from_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_rights, "_settings", lambda: ("default", False))
    with pytest.raises(StoreForbidden, match="backend = noop"):
        store_over(Guarded(True)).read("n")


class TestWhoLacksTheRole:
    def lacking(self, monkeypatch: pytest.MonkeyPatch, answers: Any) -> Any:
        monkeypatch.setattr(key_rights, "_settings", lambda: ("default", True))
        monkeypatch.setattr(key_rights, "_system_user", lambda: "stanley")
        service = Guarded(True)

        def get_all(user: str) -> Any:
            if answers[user] is None:
                raise Refusal("403 Client Error: Forbidden")
            return [SimpleNamespace(role=role) for role in answers[user]]

        manager = SimpleNamespace(get_all=get_all)
        client = SimpleNamespace(managers={"UserRoleAssignment": manager})
        context = SimpleNamespace(
            store=store_over(service), without_role=lambda: key_rights.lacking(client)
        )
        return rights_check.check(context)  # type: ignore[arg-type]

    def test_it_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = {
            "sensor_service": ["observer"],
            "stanley": ["admin"],
        }
        state, text = self.lacking(monkeypatch, answers)
        assert (state, text.partition(" lack")[0]) == ("fail", "sensor_service")

    def test_all_is_well(self, monkeypatch: pytest.MonkeyPatch) -> None:
        roles = ["observer", "system_admin"]
        assert self.lacking(monkeypatch, {"sensor_service": roles, "stanley": roles})[0] == "ok"

    def test_who_may_not_ask_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        state, text = self.lacking(monkeypatch, {"sensor_service": None})
        assert (state, text) == ("warn", "who has which role in StackStorm only an admin may ask")


def test_without_rbac_everybody_may() -> None:
    assert rights_check.check(SimpleNamespace(store=store_over(Service())))[0] == "off"  # type: ignore[arg-type]
