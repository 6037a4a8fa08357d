"""The configuration: what StackStorm passes in, what people write wrong, and what is never
shown."""

# flake8: noqa: W503

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.config.connections import PagerDutyConfig, Timeouts
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.config.settings import (
    Config,
    load,
    mattermost_missing,
    require_mattermost,
    require_pagerduty,
)
from pagerduty_mattermost.core.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
EXCHANGE = {"api_key": "u+abcdefghijklmnop", "service_key": "0123456789abcdef", "debug": False}


def complaint(raw: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load(raw)
    line = str(caught.value)
    assert "\n" not in line
    return line


def mattermost(**settings: Any) -> Dict[str, Any]:
    return {
        "api_key": "k",
        "mattermost": {"url": "https://chat.example.com", "token": "t", **settings},
    }


def test_the_exchange_packs_configuration_loads_and_mattermost_is_told_missing() -> None:
    config = load(EXCHANGE)
    assert require_pagerduty(config).api_key.reveal() == "u+abcdefghijklmnop"
    assert mattermost_missing(config) == ("mattermost.url", "mattermost.token")
    with pytest.raises(
        ConfigError, match=r"mattermost\.url is not set; mattermost\.token is not set$"
    ):
        require_mattermost(config)


def test_a_mattermost_setting_that_came_out_empty_may_name_a_missing_key() -> None:
    with pytest.raises(ConfigError, match=r"mattermost\.token is empty: the datastore key"):
        require_mattermost(load(mattermost(token=None)))


@pytest.mark.parametrize("end", ["", "/", "/api/v4", "/api/v4/", "//api/v4"])
def test_the_address_of_mattermosts_api_is_taken_for_mattermosts(end: str) -> None:
    assert (
        load(mattermost(url="https://chat.example.com/sub" + end)).mattermost.url
        == "https://chat.example.com/sub"
    )


@pytest.mark.parametrize(
    "raw", [None, {}, {"api_key": None, "watch": None, "tls": {}, "mattermost": {"url": None}}]
)
def test_nothing_set_gives_the_defaults(raw: Any) -> None:
    assert load(raw) == Config()


def test_a_missing_api_key_is_named_where_it_is_needed() -> None:
    with pytest.raises(
        ConfigError,
        match="api_key is empty: the datastore key it names does not exist, or it is not set",
    ):
        require_pagerduty(load({"api_key": None}))


@pytest.mark.parametrize(
    "value",
    ["None", "{{ st2kv.system.key }}", "two words", "line\nbreak", "schlüssel", 3.5, True, []],
)
def test_a_key_that_can_not_be_one_is_refused_without_showing_it(value: Any) -> None:
    line = complaint({"api_key": value})
    assert "api_key " in line
    assert not isinstance(value, str) or value == "None" or value not in line


def test_the_text_none_is_named_wherever_it_stands() -> None:
    line = complaint(
        {
            "from_email": "None",
            "watch": {"services": ["None", None]},
            "mattermost": {
                "team": "None",
                "service_channels": {"Checkout": None, "Search": "None"},
            },
        }
    )
    for name in (
        "from_email",
        "watch.services[0]",
        "watch.services[1]",
        "mattermost.team",
        "mattermost.service_channels.Checkout",
        "mattermost.service_channels.Search",
    ):
        assert f"{name} is empty: the datastore key" in line


def test_all_problems_are_told_at_once() -> None:
    line = complaint(
        {
            "api_key": "k",
            "auth_type": "basic",
            "region": "mars",
            "api_url": "api.pagerduty.com",
            "debug": "perhaps",
            "from_email": "nobody",
            "time_zone": "here; there",
            "timeouts": {"connect": 0, "read": "soon"},
            "tls": {"ca_file": "/nowhere/ca.pem"},
            "watch": {
                "services": "Checkout",
                "urgencies": ["highest"],
                "poll_interval": 3,
                "snapshot_every": 1.5,
            },
            "mattermost": {
                "url": "https://u:p@chat.example.com",
                "chanel": "x",
                "service_channels": ["a"],
            },
        }
    )
    for name in (
        "auth_type",
        "region",
        "api_url",
        "debug",
        "from_email",
        "time_zone",
        "timeouts.connect",
        "timeouts.read",
        "tls.ca_file",
        "watch.services",
        "watch.urgencies[0]",
        "watch.poll_interval",
        "watch.snapshot_every",
        "mattermost.url",
        "mattermost.chanel",
        "mattermost.service_channels",
    ):
        assert re.search(rf"(; |: ){re.escape(name)} ", line), f"{name} is missing in: {line}"
    assert "u:p" not in line


def test_sections_that_are_no_objects_are_told() -> None:
    assert "watch must be an object" in complaint({"watch": "everything"})
    assert "the whole is not an object" in complaint("api_key")


def test_a_poll_interval_below_stackstorms_least_is_an_error() -> None:
    assert "watch.poll_interval must be a number from 4" in complaint(
        {"watch": {"poll_interval": 3}}
    )
    assert load({"watch": {"poll_interval": 4}}).watch.poll_interval == 4


def test_with_a_webhook_fewer_reads_lie_between_two_snapshots_where_none_is_given() -> None:
    watch = load({}).watch
    assert (watch.poll_interval, watch.snapshot_every) == (10, 30)
    ringing = load({"webhook": {"port": 8091}}).watch
    assert (ringing.poll_interval, ringing.poll_interval_with_webhook) == (10, 60)
    assert ringing.snapshot_every == 10
    given = load({"webhook": {"port": 8091}, "watch": {"snapshot_every": 20}}).watch
    assert given.snapshot_every == 20
    assert load({"webhook": {"bind": "127.0.0.1"}}).watch.snapshot_every == 30


def test_the_old_name_of_a_renamed_setting_is_read_for_one_release() -> None:
    for name in ("poll_interval_with_webhook", "poll_interval_with_bell"):
        assert load({"watch": {name: 90}}).watch.poll_interval_with_webhook == 90
        assert "watch.poll_interval_with_webhook must be" in complaint({"watch": {name: 3}})
    for default in (None, 60):  # 60: StackStorm puts it there from the schema
        beside = {"poll_interval_with_webhook": default, "poll_interval_with_bell": 45}
        assert load({"watch": beside}).watch.poll_interval_with_webhook == 45


def test_a_renamed_setting_with_two_values_is_an_error_that_names_both_its_names() -> None:
    two = {"poll_interval_with_webhook": 90, "poll_interval_with_bell": 45}
    told = complaint({"watch": two})
    assert "watch.poll_interval_with_webhook and watch.poll_interval_with_bell" in told
    assert "the same setting" in told
    two["poll_interval_with_webhook"] = 45
    assert load({"watch": two}).watch.poll_interval_with_webhook == 45


def test_a_webhook_secret_that_is_none_is_left_out_told_and_stops_nothing() -> None:
    good = "0123456789" * 2
    webhook = load({"webhook": {"secrets": ["hunter2", None, good]}}).webhook
    assert webhook.secrets == (Secret(good),)
    assert len(webhook.problems) == 2
    assert "webhook.secrets must have at least 20 characters" in webhook.problems[1]
    assert "hunter2" not in repr(webhook)
    assert good not in repr(webhook)
    assert load({"webhook": {"secrets": good}}).webhook.problems == (
        "webhook.secrets must be a list",
    )
    assert "webhook.port must be a number" in complaint({"webhook": {"port": 70000}})


def test_numbers_and_booleans_may_arrive_as_text() -> None:
    config = load(
        {
            "timeouts": {"connect": "2", "read": "7.5"},
            "watch": {"poll_interval": "15"},
            "debug": "True",
        }
    )
    assert config.pagerduty.http.timeouts == Timeouts(2.0, 7.5)
    assert config.watch.poll_interval == 15
    assert config.debug is True


@pytest.mark.parametrize("value", [True, "nan", "inf", float("nan"), {}, "4 s"])
def test_what_is_no_number_is_refused(value: Any) -> None:
    assert "watch.poll_interval must be" in complaint({"watch": {"poll_interval": value}})


def test_the_region_gives_the_addresses_and_base_urls_replace_them() -> None:
    assert load({"region": "eu"}).pagerduty.api_url == "https://api.eu.pagerduty.com"
    assert load({"region": "eu"}).pagerduty.events_url == "https://events.eu.pagerduty.com"
    config = load({"region": "eu", "api_url": "http://127.0.0.1:8080/"})
    assert config.pagerduty.api_url == "http://127.0.0.1:8080"
    assert config.pagerduty.events_url == "https://events.eu.pagerduty.com"


@pytest.mark.parametrize(
    "url",
    [
        "chat.example.com",
        "ftp://chat.example.com",
        "https://",
        "https://chat.example.com:port",
        "https://chat.example.com:99999",
        "https://chat example.com",
        "https://chat.example.com/?team=a",
        "https://chat.example.com/#a",
        "https://bot:pass@chat.example.com",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert "mattermost.url must be" in complaint(mattermost(url=url))


def test_a_subpath_and_a_trailing_slash_are_fine() -> None:
    assert (
        load(mattermost(url="https://example.com/chat/")).mattermost.url
        == "https://example.com/chat"
    )


def test_tls_and_proxy_of_mattermost_fall_back_to_the_common_ones(tmp_path: Path) -> None:
    common, own = str(tmp_path / "common.pem"), str(tmp_path / "own.pem")
    for path in (common, own):
        Path(path).write_text("certificate")

    def verify(tls: Dict[str, Any], **settings: Any) -> Any:
        return load({**mattermost(**settings), "tls": tls}).mattermost.http.verify

    assert verify({}) is True
    assert verify({"ca_file": common}) == common
    assert verify({"ca_file": common}, ca_file=own) == own
    assert verify({"ca_file": common}, verify_tls=False) is False
    assert verify({"verify": False}) is False
    assert verify({"verify": False}, verify_tls=True) is True
    assert verify({"verify": False}, ca_file=own) == own
    both = load({**mattermost(), "proxy": "http://proxy:3128"})
    assert (
        both.mattermost.http.proxy.reveal()
        == both.pagerduty.http.proxy.reveal()
        == "http://proxy:3128"
    )
    assert load(mattermost(proxy="socks5://p:1")).pagerduty.http.proxy == Secret()


def test_secrets_are_in_no_text_of_the_configuration() -> None:
    config = load(
        {
            **EXCHANGE,
            "proxy": "http://me:hunter2@proxy:3128",
            "mattermost": {"url": "https://c", "token": "bot-token"},
        }
    )
    shown = (
        f"{config!r} {config} {config.pagerduty.api_key} {config.mattermost.token!r} "
        f"{[config.mattermost.token]}"
    )
    for secret in (EXCHANGE["api_key"], EXCHANGE["service_key"], "bot-token", "hunter2"):
        assert str(secret) not in shown
    assert not Secret()
    assert {Secret("a"), Secret("a")} == {Secret("a")}


def test_lists_lose_repetitions_and_an_empty_list_means_the_default() -> None:
    watch = load({"watch": {"services": ["A", " A ", "B"], "start_states": []}}).watch
    assert watch.services == ("A", "B")
    assert watch.start_states == ("triggered", "acknowledged")


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    [
                        *PagerDutyConfig._fields,
                        "watch",
                        "mattermost",
                        "tls",
                        "timeouts",
                        "url",
                        "services",
                    ]
                ),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=12,
    )
)
def test_whatever_is_written_it_loads_or_is_one_line(raw: Any) -> None:
    try:
        config = load(raw)
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert config.watch.poll_interval >= 4


def test_the_example_loads() -> None:
    text = (ROOT / "pagerduty.yaml.example").read_text()
    raw = yaml.safe_load(re.sub(r"\{\{ st2kv\.system\.(\w+) \}\}", r"\1", text))
    config = load(raw)
    assert config.mattermost.default_channel == "incidents"
    assert require_mattermost(config).team == "example-team"


def test_a_section_with_a_misspelt_setting_names_those_it_has() -> None:
    schema = yaml.safe_load((ROOT / "config.schema.yaml").read_text())
    for name, spec in schema.items():
        if "properties" in spec:
            line = complaint({name: {"no_such": 1}})
            for key in spec["properties"]:
                assert re.search(rf"\b{key}\b", line), f"the loader does not know {name}.{key}"


def test_on_calls_settings_are_read_and_wrong_ones_told() -> None:
    terms = {
        "channels": {" policy:Payments ": " pay ", "PSCHED1": "ops"},
        "remind_before": "0",
        "direct_messages": False,
    }
    found = load({"api_key": "k", "oncall": terms}).oncall
    assert found.channels == {"policy:Payments": "pay", "PSCHED1": "ops"}
    assert (found.remind_before, found.direct_messages, found.contact_check_before) == (
        0,
        False,
        24,
    )
    wrong = {
        "channels": ["x"],
        "remind_before": -1,
        "direct_messages": "perhaps",
        "contact_check_before": 169,
    }
    told = complaint({"api_key": "k", "oncall": wrong})
    assert all(f"oncall.{name} must be" in told for name in wrong)
