"""Names and titles of rooms: what the configuration says, as Mattermost takes it."""

from __future__ import annotations

import re
from datetime import timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.rooms import names

TEMPLATE = "inc-{date}-{title}"
MATTERMOST = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}[a-z0-9]\Z")


def incident(title: str, day: str = "2026-01-28", number: int = 12) -> Incident:
    return Incident("PINC1", number, title, created_at=f"{day}T10:00:00Z", service="Checkout API")


def base(title: str, template: str = TEMPLATE, day: str = "2026-01-28") -> str:
    return names.base_name(template, incident(title, day), timezone.utc)


@pytest.mark.parametrize(
    ("day", "title", "name"),
    [
        ("2026-01-28", "Database timeout", "inc-2026-01-28-database-timeout"),
        ("2026-01-28", "API latency", "inc-2026-01-28-api-latency"),
        ("2026-01-27", "Payment failures", "inc-2026-01-27-payment-failures"),
    ],
)
def test_the_names_of_the_seed_document(day: str, title: str, name: str) -> None:
    assert base(title, day=day) == name


def test_another_prefix_and_other_words() -> None:
    assert base("Slow", "major-{number}-{service}") == "major-12-checkout-api"
    assert base("Slow", "Major {title} {nothing}") == "major-slow"


def test_the_date_is_that_of_the_configured_zone() -> None:
    late = incident("x")._replace(created_at="2026-01-28T23:30:00Z")
    assert names.base_name("{date}-a", late, times.zone("Europe/Berlin")) == "2026-01-29-a"


@pytest.mark.parametrize("title", ["数据库超时", "🔥🔥", "", "***"])
def test_a_title_without_a_latin_letter_gives_way_to_the_number(title: str) -> None:
    assert base(title) == "inc-2026-01-28-12"


def test_letters_of_neighbours_are_spelt_out() -> None:
    assert base("Größe überschritten: Łódź") == "inc-2026-01-28-groesse-ueberschritten-lodz"


def test_further_names_are_the_number_then_the_id() -> None:
    found = list(names.names(base("Slow"), incident("Slow")))
    assert found[:4] == [
        "inc-2026-01-28-slow",
        "inc-2026-01-28-slow-12",
        "inc-2026-01-28-slow-pinc1",
        "inc-2026-01-28-slow-pinc1-2",
    ]
    without = list(names.names(base("Slow"), incident("Slow", number=0)))
    assert without[1] == "inc-2026-01-28-slow-pinc1"


def test_a_suffix_cuts_the_name_before_it() -> None:
    whole = base("a" * 48 + "-" + "b" * 40)
    assert len(whole) == 63, "cut at the hyphen"
    first, second, *_ = names.names(whole, incident("x", number=1234567))
    assert len(second) <= 64
    assert second.endswith("-1234567")
    assert "--" not in second


def test_a_sequence_counts_on() -> None:
    one = base("Slow", "inc-{seq}")
    assert list(names.names(one, incident("Slow"), 7))[:2] == ["inc-7", "inc-8"]
    long = base("x" * 100, "inc-{seq}-{title}")
    assert all(len(name) <= 64 for name in names.names(long, incident("x")))


@given(st.text(max_size=300), st.integers(0, 10**9))
def test_every_name_is_one_that_mattermost_takes(title: str, number: int) -> None:
    one = incident(title, number=number)
    made = names.base_name(TEMPLATE, one, timezone.utc)
    for name in [made, *list(names.names(made, one))[:5]]:
        assert MATTERMOST.match(name), name


@given(st.text(max_size=300))
def test_a_title_fits_and_is_one_line(title: str) -> None:
    made = names.title("#{number} {title}", incident(title), timezone.utc)
    assert 0 < len(made) <= 64
    assert "\n" not in made


def test_nothing_in_a_title_acts_and_what_looks_like_a_placeholder_is_text() -> None:
    made = names.title("#{number} {title}", incident("@all {number} x"), timezone.utc)
    assert "@all" not in made
    assert "{number}" in made
