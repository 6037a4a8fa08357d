"""A replay of PagerDuty's log equals what ran live over it, post by post, and what it comes to; it
posts and writes nothing."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

import pytest
from live_world import LiveWorld, happenings
from model_world import LOG
from route_simulate import RouteSimulate

from pagerduty_mattermost.core import times

NOISE = {
    "storm_incidents": 3,
    "storm_window": 60,
    "storm_quiet": 120,
    "flapping_rounds": 2,
    "flapping_window": 600,
}
QUIET = {"hours": "12:00-15:00"}
"""The worlds begin at 10:53 in Berlin."""


@pytest.fixture
def worlds() -> Iterator[List[LiveWorld]]:
    made: List[LiveWorld] = []
    yield made
    for world in made:
        world.close()


def run(world: LiveWorld, **given: Any) -> Tuple[bool, Any]:
    action = RouteSimulate(dict(world.settings), world.service)
    action.logger = LOG
    action.clock = world.clock
    asked = {"since": times.iso(world.began), "until": times.iso(world.clock()), **given}
    return action.run(**asked)


def replayed(world: LiveWorld, **given: Any) -> Dict[str, Any]:
    done, result = run(world, **given)
    assert done, result
    return result  # type: ignore[no-any-return]


def shown(result: Dict[str, Any]) -> List[Tuple[float, str, bool, str]]:
    return sorted(
        (
            times.seconds(one["at"]) or 0.0,
            "direct" if one["kind"] == "direct" else one["channel"],
            one["kind"] == "reply",
            one["message"],
        )
        for one in result["as_it_is"]["every_post"]
    )


@pytest.mark.parametrize(
    ("seed", "hours"),
    [(1, 4.0), *(pytest.param(seed, 14.0, marks=pytest.mark.soak) for seed in (1, 2))],
)
def test_the_same_posts_as_live(seed: int, hours: float, worlds: List[LiveWorld]) -> None:
    world = LiveWorld({"noise": NOISE, "quiet_hours": QUIET, "time_zone": "Europe/Berlin"})
    worlds.append(world)
    world.live_through(happenings(world, seed, hours))
    live = world.posts()
    before = len(world.chat.journal.entries), len(world.pager.journal.entries)
    keys = dict(world.service.items)
    result = replayed(world, posts=True)
    assert shown(result) == live
    kinds = {one["kind"] for one in result["as_it_is"]["every_post"]}
    assert kinds == {"card", "reply", "message"}
    assert result["as_it_is"]["problems"] == result["as_it_is"]["rules_left_out"] == {}
    # Nothing was posted, written or changed for it.
    assert world.service.items == keys
    assert world.posts() == live
    for journal, since in zip((world.chat.journal, world.pager.journal), before):
        assert {one.method for one in journal.entries[since:]} == {"GET"}


@pytest.fixture(scope="module")
def morning() -> Iterator[LiveWorld]:
    """A storm, low urgency, a P1 and what nobody watches; the sensor looks, as it does."""
    world = LiveWorld({"noise": {**NOISE, "storm_incidents": 8}, "time_zone": "Europe/Berlin"})
    trigger = world.account.trigger

    def first() -> None:
        incident = trigger("Storefront", "Down")
        world.account.set_priority(incident, "P1", "ada@example.com")

    story: List[Tuple[float, Any]] = [(60.0, first)]
    story += [(400.0 + n, lambda n=n: trigger("Database", f"Disk {n}")) for n in range(6)]
    story.append((900.0, lambda: trigger("Checkout API", "Slow", urgency="low")))
    world.live_through(story)
    world.live_through([(300.0, lambda: None)])
    yield world
    world.close()


def test_other_settings_beside_those_in_force(morning: LiveWorld) -> None:
    result = replayed(
        morning, settings=["noise.storm_incidents=3", "quiet_hours.hours=00:00-23:59"], posts=True
    )
    now, tried = result["as_it_is"], result["changed"]
    assert result["what"] == ["noise.storm_incidents=3", "quiet_hours.hours=00:00-23:59"]
    assert (now["cards"], tried["cards"]) == (8, 1)
    assert now["missed"] == []
    reasons = {one["title"]: one["why"] for one in tried["missed"]}
    assert reasons.pop("Slow") == "in a digest of quiet hours"
    assert set(reasons.values()) == {"on a storm's card"}
    assert len(reasons) == 6
    storm = [one["message"] for one in tried["every_post"] if one["by"] == "pagerduty.storms"]
    assert storm
    assert "6 incidents" in storm[0]
    text = result["message"]
    assert "| of these cards | 8 | 1 |" in text
    assert "| incidents on a storm's card | 0 | 6 |" in text
    assert "Nobody would have heard of" not in text
    assert "Nothing was posted" in text


def test_other_rules(morning: LiveWorld) -> None:
    result = replayed(
        morning, enable=["p1_to_incidents", "open_summary"], disable=["pagerduty.post_incidents"]
    )
    tried = result["changed"]
    assert result["what"] == [
        "rule pagerduty.open_summary enabled",
        "rule pagerduty.p1_to_incidents enabled",
        "rule pagerduty.post_incidents disabled",
    ]
    assert tried["cards"] == 1
    assert {one["why"] for one in tried["missed"]} == {"no enabled rule and no subscription"}
    assert len(tried["missed"]) == 7
    assert "With the change also not of" in result["message"]
    only = "pagerduty.mattermost.post_once is not replayed"
    assert tried["rules_left_out"] == {"pagerduty.open_summary": only}


def test_whom_a_rule_tells_in_private_and_when(morning: LiveWorld) -> None:
    result = replayed(morning, disable=["p1_tell_oncall"], posts=True)
    direct = [one for one in result["as_it_is"]["every_post"] if one["kind"] == "direct"]
    assert len(direct) == 1
    assert direct[0]["mentioned"]
    assert direct[0]["channel"] == f"@{direct[0]['mentioned'][0]}"
    assert result["changed"]["posts"] == result["as_it_is"]["posts"] - 1


def test_what_is_watched(morning: LiveWorld) -> None:
    result = replayed(morning, settings=['watch.urgencies=["high"]'])
    (missed,) = result["changed"]["missed"]
    assert (missed["title"], missed["why"]) == ("Slow", "left out by watch")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"settings": ["noise.storm_incidents"]}, "does not read: write noise.storm_incidents=5"),
        ({"settings": ["noise.storm=5"]}, "did you mean noise.storm_quiet?"),
        ({"settings": ["noise.storm_incidents=8"]}, "changes nothing"),
        ({"settings": ["noise.storm_incidents=many"]}, "settings: 'noise.storm_incidents=many'"),
        ({"settings": ["mattermost.url=http://127.0.0.1:9/"]}, "is not among the settings"),
        ({"settings": ["api_url=http://127.0.0.1:9/"]}, "is not among the settings"),
        ({"settings": ["api_key=guessed"]}, "is not among the settings"),
        ({"settings": ["mattermost.token=guessed"]}, "is not among the settings"),
        ({"settings": ["noise={}"]}, "is not among the settings"),
        ({"enable": ["no_such_rule"]}, "There is no rule 'no_such_rule'"),
        ({"since": "200d", "until": None}, "180 days at most"),
    ],
)
def test_what_does_not_read_is_refused(
    morning: LiveWorld, given: Dict[str, Any], line: str
) -> None:
    done, said = run(morning, **given)
    assert (done, line in said) == (False, True), said


@pytest.mark.parametrize("side", ["pager", "chat"])
def test_a_server_that_fails(morning: LiveWorld, side: str) -> None:
    server = morning.pager if side == "pager" else morning.chat.server
    rule = server.faults.add("status", status=500, times=100)
    try:
        action = RouteSimulate(dict(morning.settings), morning.service)
        action.logger, action.clock = LOG, morning.clock
        action.sleep = lambda seconds: None
        done, said = action.run(since="1h")
        assert not done
        assert ("PagerDuty" if side == "pager" else "Mattermost") in said
        assert "\n" not in said
    finally:
        server.faults.clear(rule)


def test_the_shipped_rules_are_replayed_or_named(morning: LiveWorld) -> None:
    """A rule that is not followed is never passed over in silence."""
    left = replayed(morning, enable=["rooms_for_major"])["changed"]["rules_left_out"]
    assert left == {"pagerduty.rooms_for_major": "pagerduty.room.open is not replayed"}
    assert replayed(morning)["changed"] is None
