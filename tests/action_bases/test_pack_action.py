"""What every action of the pack returns, whatever happens inside it."""

# flake8: noqa: W503

from __future__ import annotations

import json
import logging
from typing import Any, NamedTuple, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.action_bases.results import fit
from pagerduty_mattermost.core.errors import ConfigError, NotFound
from pagerduty_mattermost.core.text import listed

RESULT_DELIMITER = "%%%%%~=~=~=************=~=~=~%%%%"
NONE = "%*****__%NONE%__*****%"


class Pair(NamedTuple):
    a: int
    b: str


class Doing(PackAction):
    """Returns or raises what its configuration's `do` holds."""

    doing: Any = None

    def act(self, value: Optional[Any] = None) -> Any:
        if isinstance(self.doing, Exception):
            raise self.doing
        return value


def acting(doing: Any = None, config: Any = None) -> Doing:
    action = Doing(config or {})
    action.doing = doing
    return action


def test_a_result_of_two_items_is_no_status() -> None:
    assert acting().run(value=(1, 2)) == (True, [1, 2])
    assert acting().run(value=Pair(1, "x")) == (True, {"a": 1, "b": "x"})


def test_an_error_of_ours_is_its_one_line() -> None:
    assert acting(NotFound("no such\nthing \0 here")).run() == (False, "no such thing here")


def test_anything_else_is_one_line_with_its_type_and_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    succeeded, line = acting(KeyError("boom")).run()
    assert not succeeded
    assert line.startswith("Unexpected KeyError in test_pack_action.py:")
    assert "(act)" in line
    assert "boom" in line
    assert [
        record.levelname for record in caplog.records if "Traceback" in record.getMessage()
    ] == ["DEBUG"]


def test_no_secret_leaves_in_a_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    config = {
        "api_key": "api-secret-1",
        "service_key": "svc-secret-2",
        "proxy": "http://someone:proxy-secret-3@proxy.example.com:3128",
        "mattermost": {"token": "chat-secret-4", "proxy": None},
    }
    words = " ".join(["api-secret-1", "svc-secret-2", "proxy-secret-3", "chat-secret-4"])
    for error in (NotFound(words), RuntimeError(words)):
        _, line = acting(error, config).run()
        assert "secret" not in line
        assert "***" in line
    assert "secret" not in "".join(record.getMessage() for record in caplog.records)


def test_a_missing_configuration_is_told_and_not_a_stack() -> None:
    class Posts(PackAction):
        def act(self) -> Any:
            return self.context.mattermost.me()

    succeeded, line = Posts({"api_key": "x" * 20, "service_key": None, "debug": False}).run()
    assert not succeeded
    assert "mattermost.url" in line
    assert "mattermost.token" in line
    with pytest.raises(ConfigError):
        _ = Posts({}).context.mattermost


@settings(deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters())
        | st.binary(),
        lambda inner: (
            st.lists(inner)
            | st.tuples(inner, inner)
            | st.dictionaries(st.integers() | st.text(), inner)
        ),
        max_leaves=20,
    )
)
def test_any_result_fits_stackstorm(value: Any) -> None:
    fitted = fit(value)
    text = json.dumps(fitted, allow_nan=False)
    text.encode("utf-8")
    json.loads(text)
    _check(fitted)


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            assert isinstance(key, str)
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, str):
        value.encode("utf-8")
        assert "\0" not in value
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63
    else:
        assert value is None or isinstance(value, float)


def test_stackstorms_magic_strings_do_not_pass() -> None:
    fitted = fit(
        {RESULT_DELIMITER: [RESULT_DELIMITER * 2, NONE, RESULT_DELIMITER[:17] + RESULT_DELIMITER]}
    )
    text = json.dumps(fitted)
    assert RESULT_DELIMITER not in text
    assert NONE not in text


def test_a_result_without_end_ends() -> None:
    endless: list = []  # type: ignore[type-arg]
    endless.append(endless)
    json.dumps(fit(endless))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (None, []),
        ([], []),
        ([""], []),
        ("", []),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        ("a, b ,", ["a", "b"]),
        ("[a,b]", ["a", "b"]),
        (["[a", "b]"], ["a", "b"]),
        (["[a]"], ["a"]),
        (["[]"], []),
        ("[]", []),
        ('["a", "b"]', ["a", "b"]),
        (["'a'", "b"], ["a", "b"]),
        (["a", "b,c"], ["a", "b", "c"]),
        ([7, None, "x"], ["7", "x"]),
    ],
)
def test_an_array_arrives_right_however_it_was_typed(typed: Any, meant: Any) -> None:
    assert listed(typed) == meant


_TEXTS = st.text(max_size=12) | st.sampled_from(
    [RESULT_DELIMITER, NONE, "a\nb", "~=~=~", "%*****", "\ud800", "\x00"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_what_is_fit_already_is_what_fitting_would_make_of_it(value: Any) -> None:
    from pagerduty_mattermost.action_bases.results import _fitted, _is_fit

    if _is_fit(value):
        assert json.dumps(_fitted(value, 0)) == json.dumps(value)
    else:
        assert _is_fit(_fitted(value, 0)) or isinstance(value, (dict, list, str))
