"""Our part of a channel's header: found, replaced, shortened; what people wrote never changes."""

# flake8: noqa: W503

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.oncall.channel_header import BEGIN, END, LIMITS, painted, people_wrote

WORDS = st.sampled_from(
    [
        "On call: @eve",
        " | ",
        "On call: ",
        "**bold**",
        "[a](https://x)",
        "~ops",
        "\n",
        "é",
        "🔥",
        f"{BEGIN}On call: ",
    ]
)
FREE = st.text(max_size=12).filter(lambda text: BEGIN not in text and END not in text)
PEOPLE = st.lists(st.one_of(WORDS, FREE), max_size=12).map("".join)
NAMES = st.lists(st.text(min_size=1, max_size=40), max_size=14)


def test_it_stands_behind_what_people_wrote_and_alone_where_they_wrote_nothing() -> None:
    assert painted("", ["@ada"], 1024).text == f"{BEGIN}On call: @ada{END}"
    assert (
        painted("Runbook", ["@ada", "Grace"], 1024).text
        == f"Runbook{BEGIN} | On call: @ada, Grace{END}"
    )
    assert painted("Runbook", [], 1024).text == f"Runbook{BEGIN} | On call: nobody{END}"


def test_the_place_that_people_gave_it_is_kept() -> None:
    moved = f"{BEGIN}On call: @ada{END} · Runbook: wiki"
    assert painted(moved, ["@grace"], 1024).text == f"{BEGIN}On call: @grace{END} · Runbook: wiki"
    between = painted("before", ["@ada"], 1024).text + " behind"
    assert (
        painted(between, ["@grace"], 1024).text == f"before{BEGIN} | On call: @grace{END} behind"
    )


def test_words_like_ours_that_a_person_wrote_are_theirs() -> None:
    theirs = "On call: ask @eve"
    assert people_wrote(painted(theirs, ["@ada"], 1024).text) == theirs


def test_a_copy_of_our_part_goes_and_half_of_it_is_peoples_text() -> None:
    ours = painted("", ["@ada"], 1024).text
    assert painted(f"a {ours} b {ours} c", ["@grace"], 1024).text.count("On call: @grace") == 1
    half = f"{BEGIN}On call: @ada"
    assert people_wrote(painted(half, ["@grace"], 1024).text) == half


def test_names_give_way_then_all_of_it() -> None:
    text = "x" * 205
    many = [f"@somebody{number}" for number in range(8)]
    shown = painted(text, many, LIMITS["purpose"])
    assert shown.fits
    assert " and " in shown.text
    assert shown.text.endswith(f" more{END}")
    assert len(shown.text) <= 250
    assert painted("x" * 245, many, 250) == ("x" * 245, False)
    assert painted(painted("", many, 1024).text + "y" * 245, many, 250) == ("y" * 245, False)


@given(PEOPLE, PEOPLE, NAMES, NAMES, st.sampled_from(sorted(LIMITS.values())))
def test_what_people_wrote_before_and_behind_never_changes(
    before: str, behind: str, first: list[str], second: list[str], limit: int
) -> None:
    before, behind = before[:100], behind[:100]
    once = painted(before, first, limit)
    edited = once.text + behind
    again = painted(edited, second, limit)
    assert people_wrote(once.text) == before
    assert people_wrote(again.text) == before + behind
    assert again.text.startswith(before)
    assert again.text.endswith(behind)
    assert len(again.text) <= limit
    assert painted(again.text, second, limit) == again, "painting twice changes nothing more"
    if len(before + behind) + len("| On call: nobody") + 10 < limit and not second:
        assert again.fits


@given(PEOPLE, NAMES, st.integers(0, 300))
def test_peoples_text_is_never_cut_however_little_room_there_is(
    text: str, names: list[str], limit: int
) -> None:
    made = painted(text, names, limit)
    assert people_wrote(made.text) == text
    assert made.fits == (END in made.text)
    assert len(made.text) <= max(limit, len(text))
