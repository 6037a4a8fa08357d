"""Props as the server keeps and measures them, for any JSON; and pages that together hold every
post once."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.mattermost import MattermostService, props, seed
from sandbox.server import HttpRequest

LEAVES = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=20)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
)
NAMES = st.sampled_from(["id", "title", "text", "color", "fields", "actions", "ts", "other"])
FIELDS = st.lists(
    st.fixed_dictionaries({"title": st.text(max_size=9), "value": JSON, "short": st.booleans()}),
    max_size=2,
)
ATTACHMENTS = st.lists(st.dictionaries(NAMES, JSON | FIELDS, max_size=4) | JSON, max_size=3)
PROPS = st.dictionaries(st.text(max_size=6), JSON, max_size=3).flatmap(
    lambda base: ATTACHMENTS.map(lambda cards: dict(base, attachments=cards))
)


@given(PROPS)
def test_what_was_kept_is_kept_as_it_is(sent: Any) -> None:
    kept = props.stored(sent, lambda: "made")
    assert props.stored(json.loads(json.dumps(kept)), lambda: "other") == kept


@given(PROPS)
def test_the_size_counts_what_was_sent_and_290_for_each_card_kept(sent: Any) -> None:
    kept = props.stored(sent, lambda: "made")
    plain = len(json.dumps(sent, ensure_ascii=False, separators=(",", ":")))
    assert props.size(sent, kept) >= plain + 290 * len(kept["attachments"])


@given(PROPS)
def test_what_is_shown_never_holds_an_integration(sent: Any) -> None:
    for attachment in props.shown(props.stored(sent, lambda: "made"))["attachments"]:
        assert all("integration" not in action for action in attachment.get("actions", []))


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(0, 30),
    per_page=st.integers(1, 12),
    steps=st.lists(st.integers(-3, 3), min_size=30, max_size=30),
)
def test_pages_together_hold_every_post_once_newest_first(
    count: int, per_page: int, steps: Any
) -> None:
    clock = Clock(1_800_000_000.0)
    mm = MattermostService(clock, SandboxJournal(clock), seed=2)
    token = seed(mm).admin_token
    for n in range(count):
        clock.advance(steps[n])
        mm.say("ada", "incidents", str(n))
    path = "/api/v4/channels/{}/posts".format(mm.channel("incidents").id)

    def order(**query: Any) -> Any:
        pairs = tuple((k, str(v)) for k, v in query.items())
        answer: Any = mm.handle(
            HttpRequest("GET", path, pairs, {"Authorization": "Bearer " + token}, b"", {})
        )
        return answer.body["order"]

    by_page = [i for page in range(count + 1) for i in order(page=page, per_page=per_page)]
    assert by_page == [p.id for p in reversed(mm.posts("incidents"))]
    by_mark = order(per_page=per_page)
    while by_mark:
        older = order(per_page=per_page, before=by_mark[-1])
        if not older:
            break
        by_mark += older
    assert by_mark == by_page
