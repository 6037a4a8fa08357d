"""What is typed is read in time that grows as the text does: ten times the text, some ten times
the steps. Steps are lines of the pack's code that run, so no clock is asked; and texts of two
hundred thousand dice throws end in a command, a time or one line of refusal."""

from __future__ import annotations

import random
import sys
from types import FrameType
from typing import Any, Callable, List

import pytest

from pagerduty_mattermost.chat.named_people import people
from pagerduty_mattermost.chat.parser import MAX_CHARACTERS, parse
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core import times, typed_incidents, typed_times, weekly_hours
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, escape, inert

NOW = 1795258980.0
LINK = "https://acme.pagerduty.com/incidents/PT4KHLK"
PUMPS = (
    f"{LINK},",
    "1, ",
    "„a“ ",
    '"',
    "--urgency low ",
    "on for until take to into ",
    "( “1” ",
    "and incident ",
    "@mei ",
    "a=b  ",
)
MOST_GROWTH = 14.0
"""Of the steps for ten times the text; quadratic reading would take a hundred times as many."""


def steps(run: Callable[[], Any]) -> int:
    """Lines of the pack's code that it takes."""
    count = 0

    def line(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    def call(frame: FrameType, event: str, arg: Any) -> Any:
        return line if "pagerduty_mattermost" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        run()
    except RejectedInput:
        pass
    finally:
        sys.settrace(before)
    return count


def is_held_up(read: Callable[[str], Any], begin: str, pump: str, end: str = "") -> bool:
    short = steps(lambda: read(begin + pump * 5 + end))
    long = steps(lambda: read(begin + pump * 50 + end))
    return long > MOST_GROWTH * max(short, 100)


@pytest.mark.parametrize("verb", TABLE.verbs, ids=lambda verb: verb.name)
def test_a_command_takes_steps_as_it_has_characters(verb: Any) -> None:
    begins = [form.begins[0] for form in verb.forms]
    bad = [
        (begin, pump, end)
        for begin in begins
        for pump in PUMPS
        for end in ("", "\u0000x")
        if is_held_up(parse, f"{begin} ", pump, end)
    ]
    assert bad == []


@pytest.mark.parametrize(
    "read",
    [
        typed_incidents.read,
        people,
        weekly_hours.parse,
        escape,
        inert,
        clean,
        times.parse,
        lambda text: typed_times.read_span(text, now=NOW),
        lambda text: typed_times.read_time(text, now=NOW),
    ],
    ids=["incidents", "people", "hours", "escape", "inert", "clean", "iso", "span", "time"],
)
def test_each_reader_takes_steps_as_the_text_has_characters(read: Callable[[str], Any]) -> None:
    pumps = (*PUMPS, "1h ", "http://x@", 'http://x"', "Mon 1:00-2:00, ", "9", "from 1h to ")
    assert [pump for pump in pumps if is_held_up(read, "", pump)] == []


def test_forty_links_joined_by_commas_are_read_at_once() -> None:
    """They kept a core busy for ever, and twenty took seconds."""
    links = ",".join(f"{LINK[:-1]}{n:02}" for n in range(40))
    read = parse(f"ack {links}")
    assert len(read.command.incidents.split(",")) == 40
    assert "type `/pd merge <ids> into <id>`" in parse(f"merge {links}").problem
    assert steps(lambda: parse(f"merge {links}")) < 200_000


def test_what_is_too_long_is_not_read() -> None:
    assert "at most 4000 characters" in parse("note " + "x" * MAX_CHARACTERS).problem
    assert steps(lambda: parse("1," * 10**6)) < 100


THROWS = 200_000
_WORDS = """
1 12 #3 PT4KHLK q0000001w9gc3h all mine from for until to into on by with at in ago 2h 30m 1w 9:00
9am 25:61 12/01 1.12. 2026-12-01 2112-01-01 tomorrow Monday next IST CET +01:00 UTC+25 noon 31 feb
Europe/Berlin Europe/Nowhere 99999999999 0 -1 1e9 29 " “ ” „ « » ’ ` ' -- — --urgency= --service =
, ; : . ? ! ( ) [ ] { } < > | \\ / % １２ ٣ 𝟙 é ß İ 🙂 ﷽
"""
_BITS = (
    *(begin for verb in TABLE.verbs for form in verb.forms for begin in form.begins[:2]),
    *PUMPS,
    *_WORDS.split(),
    *"\u0000\u200b\u2028\ud800\u202e\n\t\r",
    " ",
    "  ",
)


def thrown(dice: random.Random) -> str:
    words = [dice.choice(_BITS) for _ in range(dice.randint(0, 9))]
    return dice.choice((" ", " ", "", ", ")).join(words)[: dice.choice((30, 60, 400))]


def read_all(text: str, zone: str) -> List[str]:
    """By every reader; the lines of those that refuse."""
    lines = [parse(text).problem]
    assert bool(lines[0]) != (parse(text).command.verb in TABLE.names)
    typed_incidents.read(text)
    people(text)
    for read in (
        lambda: typed_times.read_span(text, now=NOW, zone=zone),
        lambda: typed_times.read_future(text, now=NOW, zone=zone),
        lambda: typed_times.iso_time(text, now=NOW, zone=zone, past=True),
        lambda: weekly_hours.parse(text),
    ):
        try:
            read()
        except RejectedInput as refused:
            lines.append(str(refused))
    return lines


def throw(throws: int, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(throws):
        text = thrown(dice)
        try:
            for line in read_all(text, dice.choice(("UTC", "Europe/Berlin", "Asia/Kolkata"))):
                assert "\n" not in line
        except Exception as error:
            raise AssertionError(f"{text!r}: {error!r}") from error


def test_a_throw_of_dice_ends_in_a_command_a_time_or_a_line() -> None:
    throw(500, seed=7)


@pytest.mark.soak
def test_two_hundred_thousand_throws_end_so() -> None:
    throw(THROWS, seed=11)
