"""Tokens of buttons and dialogs: nothing but what was signed comes back, and not for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import Unauthorized
from pagerduty_mattermost.gateways.http.signed_tokens import (
    MONTH_SECONDS,
    button_expiry,
    sign,
    verify,
)

KEY, OLD = "k" * 32, "o" * 32
NOW = 1_795_000_000.0
BODY = {"v": "acknowledge", "i": "PT4KHLK"}


def token(key: str = KEY, purpose: str = "button", expires: float = NOW + 60) -> str:
    return sign(key, purpose, BODY, int(expires))


def test_what_was_signed_comes_back_with_each_key_that_is_taken() -> None:
    assert verify((KEY,), "button", token(), NOW) == BODY
    assert verify((KEY, OLD), "button", token(OLD), NOW) == BODY


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (token(OLD), "wrong"),
        (token(purpose="dialog"), "wrong"),
        (token(expires=NOW - 1), "expired"),
        ("9" + token(), "wrong"),
        (token()[:-1], "wrong"),
        (token().upper(), "wrong"),
        ("", "no signature"),
        (None, "no signature"),
        ({"a": 1}, "no signature"),
        ("a.b.c.d", "no signature"),
        ("x" * 5000, "no signature"),
    ],
)
def test_anything_else_is_refused(odd: object, why: str) -> None:
    with pytest.raises(Unauthorized, match=why) as raised:
        verify((KEY,), "button", odd, NOW)
    assert KEY not in str(raised.value)


@given(st.text(max_size=200) | st.binary(max_size=50).map(repr))
def test_no_text_gets_through(text: str) -> None:
    with pytest.raises(Unauthorized):
        verify((KEY,), "button", text, NOW)
    with pytest.raises(Unauthorized):
        verify((KEY,), "button", f"{int(NOW) + 9}.{text}.{'0' * 64}", NOW)
    with pytest.raises(Unauthorized):
        verify((), "button", token(), NOW)


def test_buttons_painted_in_a_month_are_the_same_and_hold_three_more() -> None:
    assert button_expiry(NOW) == button_expiry(NOW + 5)
    assert 3 * MONTH_SECONDS <= button_expiry(NOW) - NOW <= 4 * MONTH_SECONDS
