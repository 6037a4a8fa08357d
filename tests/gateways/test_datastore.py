"""Values in the datastore: what is missing is told from what is unreachable, and nothing hangs."""

# flake8: noqa: E203

from __future__ import annotations

import threading
import time
from typing import Any, List

import pytest
from datastore_double import Item, Mock, Service, raiser
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import RejectedInput, StoreUnreachable
from pagerduty_mattermost.gateways.stackstorm.datastore import (
    GIVE_UP_SECONDS,
    MAX_ABANDONED,
    MAX_BYTES,
    BrokenValue,
    Store,
)


def store_over(service: Any, **terms: Any) -> Store:
    return Store(service, **{"sleep": lambda _: None, **terms})


@pytest.mark.parametrize("service", [Service(), Mock()])
def test_what_is_written_is_read_again(service: Service) -> None:
    store = store_over(service)
    assert store.read("a.b") is None
    store.write("a.b", {"x": [1, None, "é\ud800"]})
    assert store.read("a.b") == {"x": [1, None, "é\ud800"]}
    assert store.read("a") is None
    assert store.delete("a.b")
    assert not store.delete("a.b")
    assert store.read("a.b") is None


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_value_comes_back_as_it_went(value: Any) -> None:
    service = Service()
    store_over(service).write("n", value)
    assert store_over(service).read("n") == value
    assert service.items["pagerduty.n"].isascii()


@pytest.mark.parametrize("service", [Service(), Mock()])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_a_prefix_gives_all_its_values_however_many(service: Service, count: int) -> None:
    service.items.clear()
    store = store_over(service)
    for number in range(count):
        store.write(f"p.{number:03}", number)
    store.write("q.1", 1)
    assert store.read_prefix("p.") == {f"p.{number:03}": number for number in range(count)}


def test_the_ttl_goes_out_in_whole_seconds() -> None:
    service = Service()
    store_over(service).write("n", 1, ttl=0.5)
    assert service.ttls == {"pagerduty.n": 1}


def test_a_datastore_that_is_down_is_not_an_empty_one() -> None:
    service = Service()
    service.trouble = raiser(ConnectionError("refused"))
    store = store_over(service)
    for call in (
        lambda: store.read("n"),
        lambda: store.read_prefix("n"),
        lambda: store.delete("n"),
    ):
        with pytest.raises(StoreUnreachable, match="ConnectionError: refused"):
            call()
    with pytest.raises(StoreUnreachable) as failure:
        store.write("n", 1)
    assert failure.value.maybe_done


def test_a_short_trouble_is_survived() -> None:
    service = Service()
    store = store_over(service)
    service.trouble = raiser(ConnectionError(), 2)
    store.write("n", 1)
    service.trouble = raiser(ConnectionError(), 2)
    assert store.read("n") == 1


def test_retries_end_at_the_deadline() -> None:
    now = [0.0]
    service = Service()

    def slow() -> None:
        now[0] += 6.0
        raise ConnectionError("slow")

    service.trouble = slow
    with pytest.raises(StoreUnreachable):
        store_over(service, deadline=5.0, monotonic=lambda: now[0]).read("n")
    assert service.calls == ["list"]


def test_a_frozen_datastore_is_left_at_the_deadline() -> None:
    service = Service()
    thaw = threading.Event()
    service.trouble = lambda: (thaw.wait(60), None)[1]
    started = time.monotonic()
    with pytest.raises(StoreUnreachable, match="did not answer within 0.05 s"):
        store_over(service, deadline=0.05).read("n")
    assert time.monotonic() - started < 30
    thaw.set()


def test_an_old_write_that_hangs_never_lands_on_a_newer_one() -> None:
    service = Service()
    thaw = threading.Event()
    service.trouble = lambda: (thaw.wait(60), None)[1]
    store = store_over(service, deadline=0.05)
    with pytest.raises(StoreUnreachable) as hung:
        store.write("n", "old")
    assert hung.value.maybe_done
    store._deadline = 60.0
    service.trouble = lambda: None
    with pytest.raises(StoreUnreachable, match="earlier calls"):
        store.write("n", "new")
    with pytest.raises(StoreUnreachable, match="earlier calls"):
        store.delete("n")
    store.write("other", 1)
    thaw.set()
    until = time.monotonic() + 30
    while "pagerduty.n" not in service.items and time.monotonic() < until:
        time.sleep(0.005)
    while time.monotonic() < until:
        try:
            store.write("n", "new")
            break
        except StoreUnreachable:
            time.sleep(0.005)
    assert store.read("n") == "new"


def test_calls_that_hang_do_not_pile_up() -> None:
    service = Service()
    thaw = threading.Event()
    service.trouble = lambda: (thaw.wait(60), None)[1]
    store = store_over(service, deadline=0.01)
    for _ in range(MAX_ABANDONED + 5):
        with pytest.raises(StoreUnreachable):
            store.read("n")
    assert len(service.calls) == MAX_ABANDONED
    thaw.set()


def test_calls_that_never_return_do_not_close_the_datastore_for_ever() -> None:
    service = Service()
    thaw = threading.Event()
    service.trouble = lambda: (thaw.wait(60), None)[1]
    now = [0.0]
    store = Store(service, deadline=0.01, monotonic=lambda: now[0], sleep=lambda seconds: None)
    for _ in range(MAX_ABANDONED + 1):
        with pytest.raises(StoreUnreachable):
            store.read("n")
    service.trouble = lambda: None
    with pytest.raises(StoreUnreachable, match="earlier calls"):
        store.read("n")
    now[0] += GIVE_UP_SECONDS + 1
    store._deadline = 60.0
    assert store.read("n") is None
    thaw.set()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "nonsense",
        "{'data': 1}",
        "[1]",
        '{"v":1}',
        '{"v":2,"data":1}',
        '{"data":1}',
        "null",
        "[" * 100000,
    ],
)
def test_a_broken_value_is_named_and_handed_over(raw: str) -> None:
    service = Service()
    service.items["pagerduty.n"] = raw
    service.items["pagerduty.n.fine"] = '{"v":1,"data":7}'
    store = store_over(service)
    with pytest.raises(BrokenValue, match=r"st2 key get pagerduty\.n") as broken:
        store.read("n")
    assert (broken.value.name, broken.value.raw) == ("n", raw)
    with pytest.raises(BrokenValue):
        store.read_prefix("n")
    kept: List[BrokenValue] = []
    assert store.read_prefix("n", kept.append) == {"n.fine": 7}
    assert [error.name for error in kept] == ["n"]


@pytest.mark.parametrize("name", ["", "a/b", "é", "a b", "a\n", ".a", "x" * 300, None])
def test_a_name_that_would_be_another_key_is_refused(name: Any) -> None:
    service = Service()
    with pytest.raises(RejectedInput):
        store_over(service).write(name, 1)
    assert service.calls == []


def test_a_value_that_is_too_large_is_refused() -> None:
    service = Service()
    with pytest.raises(RejectedInput, match="too large"):
        store_over(service).write("n", "x" * MAX_BYTES)
    assert service.calls == []


def test_a_secret_is_written_encrypted_and_read_again() -> None:
    service = Service()
    store = store_over(service)
    assert store.read_secret("s") is None
    store.write("s", ["hunter2"], encrypt=True)
    assert service.encrypted == {"pagerduty.s"}
    assert store.read_secret("s") == ["hunter2"]
    assert store.delete("s")
    assert store.read_secret("s") is None


def test_a_secret_that_can_not_be_decrypted_is_unreachable_and_not_missing() -> None:
    service = Service()
    store = store_over(service)
    store.write("s", 1, encrypt=True)
    service.get_value = lambda *args, **more: None  # type: ignore[method-assign]
    with pytest.raises(StoreUnreachable, match="decrypting 'pagerduty.s'"):
        store.read_secret("s")
    service.trouble = raiser(ConnectionError("down"))
    with pytest.raises(StoreUnreachable):
        store.read_secret("s")


class Paged(Service):
    """Many keys in little memory: names are counted, values are one."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.items = dict.fromkeys((f"pagerduty.p.{number:06}" for number in range(count)), "1")
        self.names = sorted(self.items)

    def list_values(
        self, local: bool = True, prefix: str = "", limit: int = 100, offset: int = 0
    ) -> List[Item]:
        self._called("list", local)
        return [Item(name, '{"v":1,"data":1}') for name in self.names[offset : offset + limit]]


def test_more_than_twenty_thousand_keys_are_listed_whole() -> None:
    assert len(store_over(Paged(20_250)).read_prefix("p.")) == 20_250
    assert len(store_over(Paged(20_250)).rows()) == 20_250


@pytest.mark.parametrize("gone", [1, 99, 100, 150, 399])
def test_keys_that_go_while_they_are_listed_hide_no_others(gone: int) -> None:
    service = Paged(600)
    original = service.list_values

    def list_values(**given: Any) -> List[Item]:
        found = original(**given)
        if len(service.calls) == 4:
            del service.names[:gone]
        return found

    service.list_values = list_values  # type: ignore[method-assign]
    found = store_over(service).read_prefix("p.")
    assert set(found) >= {name[len("pagerduty.") :] for name in service.names}


def test_keys_that_go_faster_than_they_are_listed_are_an_error() -> None:
    service = Paged(100_000)
    original = service.list_values

    def list_values(**given: Any) -> List[Item]:
        found = original(**given)
        del service.names[:300]
        return found

    service.list_values = list_values  # type: ignore[method-assign]
    with pytest.raises(StoreUnreachable, match="go faster than they can be listed"):
        store_over(service).read_prefix("p.")
