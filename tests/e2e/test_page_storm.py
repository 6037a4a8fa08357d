"""A storm's card in a real browser on the sandbox's page, on a desk's screen and on a telephone's:
not folded, and what came of *Acknowledge all* stands in its thread."""

from __future__ import annotations

from typing import Any, Iterator, List

import pytest
from browser import NO_BROWSER, Browser
from near_room import NearRoom

from sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NearRoom]:
    folder = tmp_path_factory.mktemp("stormy")
    with Sandbox() as sandbox, NearRoom(sandbox, folder, storms=True) as made:
        yield made


def at_once(account: Any, service: str, word: str) -> List[Any]:
    """Twelve incidents; nobody reads of one before all are there."""
    with account.lock:
        return [account.trigger(service, f"{word} {number} is away") for number in range(12)]


@pytest.mark.parametrize(
    ("width", "service"), [(1280, "Database"), (390, "Billing Jobs")], ids=["desk", "telephone"]
)
def test_a_storm_is_one_card_whose_thread_says_who_acknowledged_all(
    room: NearRoom, page: Browser, width: int, service: str
) -> None:
    page.size(width, 800)
    account = room.sandbox.pagerduty.account
    made = at_once(account, service, "Node")
    storm = (
        "[...document.querySelectorAll('.post')].filter("
        f"p => p.innerText.includes('Storm of incidents on {service}')).pop()"
    )
    page.until(f"!!{storm}?.querySelector('[data-action=stormacknowledge]')")
    assert page.js(f"{storm}.querySelectorAll('li').length") == 5
    assert page.js(f"{storm}.querySelector('.fold').classList.contains('short')"), "not folded"
    page.js(f"{storm}.querySelector('[data-action=stormacknowledge]').click()")
    page.until("document.querySelector('dialog[open]')?.innerText.includes('Node 11 is away')")
    page.js("document.querySelector('dialog .send').click()")
    page.until("document.querySelector('dialog[open]') === null")
    page.until(f"{storm}?.querySelector('.replies')?.innerText.includes('Acknowledged #')")
    assert {one.status for one in made} == {"acknowledged"}
    room.sandbox.clock.advance(40)  # a storm's card is painted each half a minute at most
    page.until(f"{storm}?.innerText.includes('12 acknowledged')")
    assert page.js(f"{storm}.querySelector('.fold').classList.contains('short')"), "not folded"
    assert not [one for one in made if room.card(one)], "none has a card of its own"


@pytest.mark.parametrize(
    ("width", "service"), [(1280, "Checkout API"), (390, "Storefront")], ids=["desk", "telephone"]
)
def test_a_storm_that_ended_with_open_incidents_is_orange_and_offers_what_to_do(
    room: NearRoom, page: Browser, width: int, service: str
) -> None:
    page.size(width, 800)
    account = room.sandbox.pagerduty.account
    made = at_once(account, service, "Host")
    begun = (
        "[...document.querySelectorAll('.post')].filter("
        f"p => p.innerText.includes('Storm of incidents on {service}')).pop()"
    )
    page.until(f"!!{begun}?.querySelector('[data-action=stormacknowledge]')")
    post = page.js(f"{begun}.dataset.post")
    storm = f"document.querySelector('[data-post=\"{post}\"]')"
    for one in made[:2]:
        account.resolve(one)
    room.sandbox.clock.advance(1900)
    page.until(f"{storm}.innerText.includes('has ended, 10 still open')")
    assert (
        page.js(f"{storm}.querySelector('section').style.getPropertyValue('--bar')") == "#ef6c00"
    )
    buttons = page.js(f"[...{storm}.querySelectorAll('[data-action]')].map(b => b.innerText)")
    assert buttons == ["Acknowledge all", "List"]
    box = page.js(f"(b => [b.left, b.right, innerWidth])({storm}.getBoundingClientRect())")
    assert box[0] >= 0
    assert box[1] <= box[2]
