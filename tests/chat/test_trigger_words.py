"""`/pd trigger` in words that name no service: what is asked is made of what was typed, and names
no other command."""

from __future__ import annotations

from typing import Any

import pytest

from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verbs.declare import declare
from pagerduty_mattermost.core.errors import RejectedInput

NOWHERE: Any = None
"""No context is needed to say what to type."""


def answer(line: str) -> str:
    read = parse(line)
    assert (read.problem, read.command.verb) == ("", "declare")
    with pytest.raises(RejectedInput) as told:
        declare(NOWHERE, read.command)
    return str(told.value)


@pytest.mark.parametrize(
    ("line", "say"),
    [
        (
            'trigger Checkout "Card payments fail" --priority P1',
            '"Card payments fail" on Checkout --priority P1',
        ),
        (
            'trigger --priority P1 "Card payments fail" Checkout API',
            '"Card payments fail" on Checkout API --priority P1',
        ),
        ('trigger "Card payments fail" Checkout', '"Card payments fail" on Checkout'),
        ('trigger for Checkout: "Card payments fail"', '"Card payments fail" on Checkout'),
        ("trigger Card payments fail", '"Card payments fail" on <service>'),
        (
            'trigger “Card payments fail” --details "all of it"',
            '"Card payments fail" on <service> --details "all of it"',
        ),
        ('trigger "a" "b" c', '"a" on <service>'),
        ("trigger a `rm` fails", '"<what>" on <service>'),
    ],
)
def test_it_asks_for_the_service_in_the_words_that_were_typed(line: str, say: str) -> None:
    told = answer(line)
    assert told.endswith(f"Say `/pd trigger {say}`"), told
    assert told.startswith("trigger: ")
    assert "which service? " in told
    assert "declare" not in told


def test_what_it_says_to_type_triggers_just_that() -> None:
    told = answer('trigger Checkout API "Card payments fail" --priority P1')
    said = parse(told.split("`")[1].replace("/pd ", ""))
    assert (said.problem, said.command.verb) == ("", "create")
    assert (said.command.text, said.command.service) == ("Card payments fail", "Checkout API")
    assert said.command.options == {"priority": "P1"}


def test_bare_it_asks_for_both() -> None:
    assert answer("trigger") == (
        'trigger: what, and on which service? Say `/pd trigger "<what>" on <service>`'
    )


def test_who_typed_declare_reads_of_the_form() -> None:
    assert answer("declare Card payments fail") == (
        "declare opens a form, and none opens here: say "
        '`/pd trigger "Card payments fail" on <service>`'
    )
