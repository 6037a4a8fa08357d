"""The audit with more in it than anybody reads at once."""

from __future__ import annotations

import logging
import time
from typing import Any, Dict, List

import pytest
from datastore_double import Service

from pagerduty_mattermost.chat import audit, audit_list
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

LOG = logging.getLogger("audit")
SINCE, UNTIL = "2026-09-01T00:00:00Z", "2026-11-30T00:00:00Z"
NOON = 1_796_040_000.0  # 2026-11-30T12:00:00Z less half a day is UNTIL
DAY = 86400.0


def at(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def act(service: Service, seconds: float, user: str = "ada") -> None:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds))
    store = Store(service)
    entry = {"at": at(seconds), "chat_user": user, "verb": "resolve", "result": "done"}
    store.write(f"audit.{stamp}.000.{len(service.items):012}", entry)


def listed(service: Service, **asked: Any) -> Dict[str, Any]:
    given = {"since": SINCE, "until": UNTIL, "user": "", "maximum": 5, "csv": False, **asked}
    return audit_list.listed(Store(service), LOG, given)


def times(found: Dict[str, Any]) -> List[str]:
    return [one["at"] for one in found["entries"]]


def test_the_newest_are_read_first_and_the_others_not_at_all() -> None:
    service = Service()
    last = NOON - 2 * DAY
    for number in range(1500):
        act(service, last - number * 600)
    for number in range(700):
        act(service, last - 30 * DAY - number)
    service.calls.clear()
    found = listed(service)
    assert times(found) == [at(last - number * 600) for number in (4, 3, 2, 1, 0)]
    assert found["truncated"] is True
    assert "the newest; there are older ones" in found["message"]
    assert len(service.calls) < 60, "far fewer than the pages of all of them"


@pytest.mark.parametrize("count", [0, 3, 299, 300, 301])
def test_all_are_found_however_many(count: int) -> None:
    service = Service()
    for number in range(count):
        act(service, NOON - 2 * DAY - number * 3600)
    found = listed(service, maximum=1000)
    assert times(found) == sorted(at(NOON - 2 * DAY - number * 3600) for number in range(count))
    assert found["truncated"] is False


def test_many_acts_of_one_second_are_found() -> None:
    service = Service()
    for _ in range(310):
        act(service, NOON - 2 * DAY)
    assert len(listed(service, maximum=1000)["entries"]) == 310


def test_what_a_stranger_is_refused_pushes_out_nobody_elses_acts() -> None:
    service = Service()
    store = Store(service)
    act(service, NOON - 2 * DAY)
    for number in range(500):
        entry = {
            "at": at(NOON - 2 * DAY + 60 + number),
            "chat_user": "mallory",
            "verb": "resolve",
            "words": {"incidents": f"PT{number}"},
        }
        audit.record_refusal(store, LOG, entry, "PagerDuty would not know who you are")
    assert len(service.items) == 2
    found = listed(service, maximum=50)
    assert len(found["entries"]) == 1 + audit.REFUSALS_KEPT
    assert found["entries"][0]["chat_user"] == "ada"
    newest = found["entries"][-1]
    assert (newest["result"], newest["words"]) == ("failed", {"incidents": "PT499"})
    assert "(and 490 refusals more on that day)" in found["entries"][1]["reason"]


def test_what_failed_before_anything_was_sent_is_kept_for_hours_and_among_refusals() -> None:
    service = Service()
    with pytest.raises(RejectedInput), audit.recorded(
        Store(service), LOG, lambda: NOON - DAY, chat_user="mallory", verb="page", words={}
    ):
        raise RejectedInput("PagerDuty would not know who you are")
    act_key, refused_key = sorted(service.items)
    assert refused_key.startswith("pagerduty.refused.")
    assert service.ttls[act_key] == audit.REFUSED_SECONDS
    (one,) = listed(service)["entries"]
    assert (one["chat_user"], one["result"]) == ("mallory", "failed")


def test_kept_refusals_of_another_shape_harm_nothing() -> None:
    service = Service()
    store = Store(service)
    day = "refused.20261128"
    values: List[Any] = [None, 5, "x", [], {"count": "x"}, {"entries": 5}, {"entries": [1, {}]}]
    for number, value in enumerate(values):
        store.write(f"{day}.{number}", value)
        store.write(f"audit.20261128T000000.000.{number}", value)
    store.write("audit.20261128T000001.000.x", {"incidents": 5, "words": 5, "at": 5})
    listed(service)
