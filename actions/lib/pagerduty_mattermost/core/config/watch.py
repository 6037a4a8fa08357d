"""Sections watch and webhook: which incidents the incident sensor reports, and how it learns of
them."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from pagerduty_mattermost.core.config.quiet import URGENCIES
from pagerduty_mattermost.core.config.reader import MIN_SECRET_CHARACTERS, Reader, Secret

START_STATES = ("triggered", "acknowledged")
MIN_POLL_SECONDS = 4
"""StackStorm's sensors can't poll more often."""
MAX_POLL_SECONDS = 3600
WEBHOOK_SNAPSHOT_EVERY = 10
"""Default of `snapshot_every` where a webhook is listened for: reads are further apart then."""


class WatchConfig(NamedTuple):
    """What the incident sensor reports. Empty `services`, `teams`, `urgencies`: all."""

    services: Tuple[str, ...] = ()
    teams: Tuple[str, ...] = ()
    urgencies: Tuple[str, ...] = ()
    start_states: Tuple[str, ...] = START_STATES
    poll_interval: int = 10
    """Seconds between two reads of PagerDuty's log, one request each. Where a webhook is listened
    for: between two reads while its calls do not arrive."""
    poll_interval_with_webhook: int = 60
    """Seconds between two reads while the calls of PagerDuty's webhook arrive."""
    snapshot_every: int = 30
    """Reads of the log between two comparisons with all open incidents; where a webhook is
    listened for the default is `WEBHOOK_SNAPSHOT_EVERY`."""
    leader_election: bool = False
    """Whether of several sensor containers one reads PagerDuty and the others stand by."""
    report_unrouted: bool = True
    """Whether the operations channel is told of an incident of high urgency that no rule posts."""


FORMER_WATCH_NAMES = {"poll_interval_with_bell": "poll_interval_with_webhook"}
"""Old names of settings, still read."""


class WebhookConfig(NamedTuple):
    """Where PagerDuty's webhook (v3) is listened for: nowhere while `port` is 0."""

    bind: str = "127.0.0.1"
    port: int = 0
    public_url: str = ""
    """How PagerDuty reaches it."""
    secrets: Tuple[Secret, ...] = ()
    """Beside the one that `webhook.setup` keeps in the datastore."""
    problems: Tuple[str, ...] = ()
    """What is wrong with secrets that were left out. It stops nothing: without the webhook the log
    is polled."""


def read_watch(whole: Reader, webhook: WebhookConfig) -> WatchConfig:
    """The section `watch`; what is wrong in it is noted by the reader."""
    defaults = WatchConfig()
    if webhook.port:
        defaults = defaults._replace(snapshot_every=WEBHOOK_SNAPSHOT_EVERY)
    read = whole.section("watch", defaults, former=FORMER_WATCH_NAMES)
    return WatchConfig(
        services=read.texts("services"),
        teams=read.texts("teams"),
        urgencies=read.texts("urgencies", URGENCIES),
        start_states=read.texts("start_states", START_STATES),
        poll_interval=read.integer("poll_interval", MIN_POLL_SECONDS, MAX_POLL_SECONDS),
        poll_interval_with_webhook=read.integer(
            "poll_interval_with_webhook", MIN_POLL_SECONDS, MAX_POLL_SECONDS
        ),
        snapshot_every=read.integer("snapshot_every", 1, 10000),
        leader_election=read.boolean("leader_election"),
        report_unrouted=read.boolean("report_unrouted"),
    )


def read_webhook(whole: Reader) -> WebhookConfig:
    """The section `webhook`; what is wrong in it is noted by the reader."""
    read = whole.section("webhook", WebhookConfig(), known=WebhookConfig._fields[:-1])
    webhook = WebhookConfig(
        bind=read.text("bind"),
        port=read.integer("port", 0, 65535),
        public_url=read.url("public_url"),
    )
    before = len(read.problems)
    secrets = read.secrets("secrets")
    fit = tuple(one for one in secrets if len(one.reveal()) >= MIN_SECRET_CHARACTERS)
    if len(fit) < len(secrets):
        read.wrong("secrets", f"must have at least {MIN_SECRET_CHARACTERS} characters each")
    problems = tuple(read.problems[before:])
    del read.problems[before:]
    return webhook._replace(secrets=fit, problems=problems)
