"""The names that dialogs offer: what one list is refused costs no other."""

from __future__ import annotations

from typing import Iterator
from unittest import mock

import pytest

from pagerduty_mattermost.chat.dialog_names import read_names
from pagerduty_mattermost.core.config.settings import load
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from sandbox import Sandbox
from sandbox.pagerduty import API_KEY


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def client(sandbox: Sandbox) -> PagerDuty:
    config = load({"api_key": API_KEY, "api_url": sandbox.pagerduty.url})
    return PagerDuty(config.pagerduty)


@pytest.mark.parametrize("status", [402, 403, 404])
def test_a_refused_list_takes_no_other_with_it(sandbox: Sandbox, status: int) -> None:
    log = mock.Mock()
    sandbox.pagerduty.faults.add("status", status=status, path=r"^/incident_workflows")
    found = read_names(client(sandbox), log)
    assert "Checkout API" in found["service"]
    assert "P1" in found["priority"]
    assert "workflow" not in found
    assert "workflow" in str(log.info.call_args)


def test_where_none_can_be_read_it_is_tried_again(sandbox: Sandbox) -> None:
    sandbox.pagerduty.faults.add("status", status=403)
    with pytest.raises(PackError):
        read_names(client(sandbox), mock.Mock())
