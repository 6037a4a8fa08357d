"""Secrets kept encrypted: what earlier versions wrote still reads, the newest stands in front, and
what a call may bear is of one kind."""

from __future__ import annotations

import json

import pytest
from datastore_double import Service

from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.stackstorm import kept_secrets
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.gateways.stackstorm.kept_secrets import (
    CHAT_TOKENS,
    OUTGOING_WEBHOOK,
    SLASH_COMMAND,
    WEBHOOK_SECRETS,
    KeptSecret,
)


@pytest.fixture
def service() -> Service:
    return Service()


def stands(service: Service, name: str, rows: object) -> None:
    service.set_value(
        "pagerduty." + name, json.dumps({"v": 1, "data": rows}), local=False, encrypt=True
    )


def test_what_earlier_versions_wrote_still_reads(service: Service) -> None:
    store = Store(service)
    stands(service, "chat.tokens", [{"kind": "command", "id": "c1", "token": "t1"}, "odd", {}])
    stands(service, "webhook.secret", [{"subscription_id": "PSUB", "secret": "s1"}])
    assert kept_secrets.read(store, CHAT_TOKENS) == (KeptSecret("c1", Secret("t1"), "command"),)
    assert kept_secrets.read(store, WEBHOOK_SECRETS) == (KeptSecret("PSUB", Secret("s1")),)


def test_it_is_written_as_earlier_versions_read_it(service: Service) -> None:
    store = Store(service)
    kept_secrets.write(store, CHAT_TOKENS, [KeptSecret("c1", Secret("t1"), SLASH_COMMAND)])
    kept_secrets.write(store, WEBHOOK_SECRETS, [KeptSecret("PSUB", Secret("s1"))])
    found = {name: json.loads(raw)["data"] for name, raw in service.items.items()}
    assert found == {
        "pagerduty.chat.tokens": [{"kind": "command", "id": "c1", "token": "t1"}],
        "pagerduty.webhook.secret": [{"subscription_id": "PSUB", "secret": "s1"}],
    }
    assert service.encrypted == set(service.items)


def test_the_newest_stands_in_front_and_the_oldest_goes(service: Service) -> None:
    store = Store(service)
    for number in (1, 2, 3, 4, 3):
        kept_secrets.add(store, WEBHOOK_SECRETS, KeptSecret(f"P{number}", Secret("s")), 3)
    assert [one.id for one in kept_secrets.read(store, WEBHOOK_SECRETS)] == ["P3", "P4", "P2"]
    assert kept_secrets.forget(store, WEBHOOK_SECRETS)
    assert not kept_secrets.forget(store, WEBHOOK_SECRETS)


def test_a_call_may_bear_what_is_configured_or_kept_of_its_kind(service: Service) -> None:
    store = Store(service)
    tokens = [
        KeptSecret("c1", Secret("slash"), SLASH_COMMAND),
        KeptSecret("w1", Secret("hook"), OUTGOING_WEBHOOK),
    ]
    kept_secrets.write(store, CHAT_TOKENS, tokens)
    known = kept_secrets.accepted(store, CHAT_TOKENS, [Secret("typed")], SLASH_COMMAND)
    assert known.texts == ("typed",)
    assert known.load()
    assert known.texts == ("slash", "typed")


def test_a_value_that_does_not_read_is_told_and_what_was_known_stays(service: Service) -> None:
    store = Store(service)
    kept_secrets.write(store, WEBHOOK_SECRETS, [KeptSecret("P1", Secret("s1"))])
    known = kept_secrets.accepted(store, WEBHOOK_SECRETS, [])
    assert known.load()
    service.items["pagerduty.webhook.secret"] = "{half"
    with pytest.raises(BrokenValue):
        kept_secrets.read(store, WEBHOOK_SECRETS)
    assert kept_secrets.read_or_none(store, WEBHOOK_SECRETS) == ()
    assert not known.load()
    assert known.texts == ("s1",)
    assert "does not read" in known.problem
    kept_secrets.add(store, WEBHOOK_SECRETS, KeptSecret("P2", Secret("s2")), 3)
    assert known.load()
    assert (known.texts, known.problem) == (("s2",), "")
