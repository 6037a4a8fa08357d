"""The demo's story: what people, monitoring and trouble do in about 20 seconds, as steps with a
time and a sentence."""

from __future__ import annotations

import time
from typing import Any, Callable, List, NamedTuple

import requests

from . import Sandbox
from .cards import card_of
from .mattermost import ChatPerson

CHANNEL = "incidents"
REACH_SECONDS = 15.0


class StoryStep(NamedTuple):
    at: float
    """Seconds after the story's beginning."""
    says: str
    do: Callable[[], Any]


def before(sandbox: Sandbox) -> None:
    """What was open before the pack ever ran: no news, posted as one summary."""
    account = sandbox.pagerduty.account
    account.trigger("Kubernetes", "Node pool at 90 % of its memory", urgency="low", priority="P4")
    account.acknowledge(
        account.trigger("Billing Jobs", "Nightly export is late", priority="P3"),
        "grace@example.com",
    )


def story(sandbox: Sandbox) -> List[StoryStep]:
    """The steps in their order; each names incidents made by an earlier one."""
    account, mattermost = sandbox.pagerduty.account, sandbox.mattermost
    made: dict[str, Any] = {}

    def trigger(key: str, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        def do() -> None:
            made[key] = account.trigger(*args, **kwargs)

        return do

    def on(name: str, key: str, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        return lambda: getattr(account, name)(made[key], *args, **kwargs)

    def from_chat(
        who: str, key: str, status: str, act: Callable[[ChatPerson, Any], requests.Response]
    ) -> Callable[[], Any]:
        """What somebody does in Mattermost, and that it reached PagerDuty."""
        return lambda: _reach(act, ChatPerson(mattermost, who), made[key], status)

    def click(button: str) -> Callable[[ChatPerson, Any], requests.Response]:
        return lambda person, incident: _click(mattermost.account, person, incident, button)

    def blip() -> None:
        trigger("blip", "Storefront", "Search is slow", urgency="low")()
        account.resolve(made["blip"], "mei@example.com")

    return [
        StoryStep(
            0.0,
            "monitoring triggers: Checkout API answers 502",
            trigger(
                "checkout",
                "Checkout API",
                "Checkout answers 502 for 12 % of requests",
                priority="P2",
                details={
                    "region": "eu-west-1",
                    "error_rate": "12 %",
                    "host": "checkout-7f9c",
                    "deploy": "@here 2026.11",
                },
                links=[{"href": "https://wiki.example.com/runbooks/checkout", "text": "Runbook"}],
            ),
        ),
        StoryStep(
            1.0,
            "the database runs out of connections, with a hostile title",
            trigger(
                "db",
                "Database",
                "@channel [click](https://evil.example) | pool exhausted | `rm -rf`",
                priority="P3",
            ),
        ),
        StoryStep(2.5, "an incident comes and goes between two polls", blip),
        StoryStep(
            4.0, "Ada acknowledges Checkout", on("acknowledge", "checkout", "ada@example.com")
        ),
        StoryStep(
            5.5,
            "PagerDuty fails for a moment (503)",
            lambda: sandbox.pagerduty.faults.add(
                kind="status", status=503, times=3, path="^/log_entries"
            ),
        ),
        StoryStep(
            6.0, "Checkout is escalated", on("escalate", "checkout", user="ada@example.com")
        ),
        StoryStep(
            7.5,
            "the database incident becomes P1",
            on("set_priority", "db", "P1", "linus@example.com"),
        ),
        StoryStep(
            9.0, "Mattermost fails for a moment (500, lost answers)", lambda: _trouble(mattermost)
        ),
        StoryStep(
            9.2,
            "Grace writes a note on Checkout",
            on(
                "annotate",
                "checkout",
                "Rolled back to 2026.10, error rate falls.",
                "grace@example.com",
            ),
        ),
        StoryStep(
            11.5,
            "Linus clicks Acknowledge on the database's card",
            from_chat("linus", "db", "acknowledged", click("acknowledge")),
        ),
        StoryStep(14.0, "Grace resolves Checkout", on("resolve", "checkout", "grace@example.com")),
        StoryStep(
            16.0,
            "Linus types /pd resolve … for the database",
            from_chat(
                "linus",
                "db",
                "resolved",
                lambda who, one: who.command(CHANNEL, f"/pd resolve {one.number}"),
            ),
        ),
    ]


def _click(account: Any, person: ChatPerson, incident: Any, button: str) -> requests.Response:
    """As soon as the card is there; people wait for it too."""
    end = time.monotonic() + REACH_SECONDS
    card = card_of(account, CHANNEL, incident.id)
    while card is None and time.monotonic() < end:
        time.sleep(0.1)
        card = card_of(account, CHANNEL, incident.id)
    if card is None:
        raise RuntimeError(f"there is no card of {incident.title!r} to click on")
    return person.click(card, button)


def _reach(
    act: Callable[[ChatPerson, Any], requests.Response],
    person: ChatPerson,
    incident: Any,
    status: str,
) -> None:
    """Raises RuntimeError when Mattermost refuses it, or PagerDuty did not hear of it in time."""
    answer = act(person, incident)
    if answer.status_code != 200:
        raise RuntimeError(f"Mattermost answered {answer.status_code}: {answer.text}")
    end = time.monotonic() + REACH_SECONDS
    while incident.status != status and time.monotonic() < end:
        time.sleep(0.05)
    if incident.status != status:
        raise RuntimeError(f"{incident.title!r} is {incident.status}, not {status}")


def _trouble(mattermost: Any) -> None:
    mattermost.faults.add(
        kind="status", status=500, method="POST", path="^/api/v4/posts$", times=1
    )
    mattermost.faults.add(kind="lost", method="POST", path="^/api/v4/posts$", times=2)
    mattermost.faults.add(kind="drop", method="PUT", path="^/api/v4/posts", times=1)
