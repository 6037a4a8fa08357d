"""What people type after `/pd` about services, maintenance, subscriptions and the pack itself
(command_rows.py)."""

from __future__ import annotations

from typing import Tuple

from typed_effects import Row, maintained, posted_in, subscribed

SERVICES: Tuple[Row, ...] = (
    Row("services [name]", "services Checkout", "Checkout API"),
    Row(
        "maintenance <service> [from <22:00>] for <1h>",
        "maintenance Kubernetes for 1h",
        "Kubernetes is in maintenance until",
        lambda room, one: maintained(room, "Kubernetes"),
    ),
    Row("maintenance list", "maintenance list", "Kubernetes"),
    Row(
        "maintenance end <id or service>",
        "maintenance end {window}",
        "is over",
        lambda room, one: not maintained(room, "Kubernetes"),
    ),
    Row(
        "subscribe",
        "subscribe --service Database",
        "subscribed to incidents of the service Database",
        lambda room, one: subscribed(room, "ops") == 1 and posted_in(room, "ops"),
        channel="ops",
    ),
    Row("subscriptions", "subscriptions", "1. incidents of the service Database", channel="ops"),
    Row(
        "unsubscribe [number | all]",
        "unsubscribe 1",
        "No longer subscribed",
        lambda room, one: subscribed(room, "ops") == 0,
        channel="ops",
    ),
    Row("health", "health", "| part | state |"),
    Row("deadletters [id]", "deadletters", "No failed posts or commands"),
    Row(
        "simulate [7d] [<setting>=<value>] [enable=<rule>] [disable=<rule>]",
        "simulate 3h noise.storm_incidents=7",
        "Nothing was posted",
    ),
)
ACCOUNTS: Tuple[Row, ...] = (
    Row("whoami", "whoami", "You are Linus Example at PagerDuty", who="linus"),
    Row("disconnect", "disconnect", "nothing is done in your name", who="linus"),
    Row("connect", "connect", "You are Linus Example at PagerDuty", who="linus"),
    Row("help [topic or command]", "help ack", "`/pd ack [ids]`"),
)
