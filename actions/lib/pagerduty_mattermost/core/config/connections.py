"""How PagerDuty and Mattermost are reached: addresses, keys, timeouts, proxy, certificates."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Tuple, Union

from pagerduty_mattermost.core.config.reader import Reader, Secret

REGIONS = {
    "us": ("https://api.pagerduty.com", "https://events.pagerduty.com"),
    "eu": ("https://api.eu.pagerduty.com", "https://events.eu.pagerduty.com"),
}
"""Base URLs of the REST API and of the Events API."""
DEFAULT_REGION = "us"
AUTH_TYPES = ("api_key", "oauth")
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
MIN_TIMEOUT_SECONDS = 0.1
MAX_TIMEOUT_SECONDS = 300.0

Verify = Union[bool, str]
"""How certificates are checked: True, False (not at all), or by the CA file of this path."""


class Timeouts(NamedTuple):
    """Seconds to wait for a connection, for the next bytes of an answer, and for all of it."""

    connect: float = 5.0
    read: float = 20.0
    whole: float = 60.0

    @property
    def for_answer(self) -> float:
        """Seconds for a whole answer: never less than for its first bytes."""
        return max(self.read, self.whole)


class Tls(NamedTuple):
    """How the certificates of both sides are checked."""

    verify: bool = True
    ca_file: str = ""
    """Path of a file of CA certificates; empty: the system's."""


class Http(NamedTuple):
    """How one side is reached."""

    timeouts: Timeouts = Timeouts()
    proxy: Secret = Secret()
    """Proxy URL (may hold a password); empty: the environment's."""
    verify: Verify = True


class PagerDutyConfig(NamedTuple):
    """PagerDuty's side."""

    api_key: Secret = Secret()
    auth_type: str = "api_key"
    """`api_key`, or `oauth` for a Bearer token."""
    service_key: Secret = Secret()
    """Integration key for events (v1)."""
    routing_key: Secret = Secret()
    """Integration key for events (v2) that name none."""
    routing_keys: Mapping[str, Secret] = {}
    """Further ones, by name."""
    from_email: str = ""
    """Default `From` header: a user's e-mail."""
    region: str = DEFAULT_REGION
    api_url: str = REGIONS[DEFAULT_REGION][0]
    events_url: str = REGIONS[DEFAULT_REGION][1]
    http: Http = Http()


class MattermostConfig(NamedTuple):
    """Mattermost's side. Channels are given as id, `name`, `~name` or `team/name`."""

    url: str = ""
    """Base URL without a trailing slash."""
    token: Secret = Secret()
    team: str = ""
    default_channel: str = ""
    operations_channel: str = ""
    service_channels: Mapping[str, str] = {}
    """PagerDuty service id or name → channel."""
    http: Http = Http()


_MATTERMOST_SETTINGS = (*MattermostConfig._fields[:-1], "verify_tls", "ca_file", "proxy")


def read_connections(whole: Reader) -> Tuple[PagerDutyConfig, MattermostConfig]:
    """Both sides, from the whole configuration: Mattermost has a section of its own, PagerDuty's
    settings and what holds for both stand beside it."""
    seconds = whole.section("timeouts", Timeouts())
    timeouts = Timeouts(
        connect=seconds.number("connect", MIN_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS),
        read=seconds.number("read", MIN_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS),
        whole=seconds.number("whole", MIN_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS),
    )
    certificates = whole.section("tls", Tls())
    tls = Tls(certificates.boolean("verify"), certificates.file("ca_file"))
    proxy = Secret(whole.url("proxy", PROXY_SCHEMES, login=True))
    common = Http(timeouts, proxy, (tls.ca_file or True) if tls.verify else False)
    return _pagerduty(whole, common), _mattermost(whole, common, tls.ca_file)


def _pagerduty(whole: Reader, http: Http) -> PagerDutyConfig:
    own = whole.with_defaults(PagerDutyConfig())
    events = whole.section("events", PagerDutyConfig(), known=("routing_key", "routing_keys"))
    region = own.choice("region", tuple(REGIONS))
    from_email = own.text("from_email")
    if from_email and not re.match(r"^[^@\s,<>]+@[^@\s,<>]+$", from_email):
        own.wrong("from_email", "must be one e-mail address")
    return PagerDutyConfig(
        api_key=own.secret("api_key"),
        auth_type=own.choice("auth_type", AUTH_TYPES),
        service_key=own.secret("service_key"),
        routing_key=events.secret("routing_key"),
        routing_keys={name: Secret(key) for name, key in events.mapping("routing_keys").items()},
        from_email=from_email,
        region=region,
        # Not set, they are the region's: so they are read without their fields' defaults.
        api_url=whole.url("api_url") or REGIONS[region][0],
        events_url=whole.url("events_url") or REGIONS[region][1],
        http=http,
    )


def _mattermost(whole: Reader, common: Http, common_ca: str) -> MattermostConfig:
    own = whole.section("mattermost", MattermostConfig(), known=_MATTERMOST_SETTINGS)
    own_ca = own.file("ca_file")
    own_verify = own.optional_boolean("verify_tls")
    if own_verify is None:
        verify: Verify = own_ca or common.verify
    else:
        verify = (own_ca or common_ca or True) if own_verify else False
    own_proxy = Secret(own.url("proxy", PROXY_SCHEMES, login=True))
    return MattermostConfig(
        url=_without_api(own.url("url")),
        token=own.secret("token"),
        team=own.text("team"),
        default_channel=own.text("default_channel"),
        operations_channel=own.text("operations_channel"),
        service_channels=own.mapping("service_channels"),
        http=Http(common.timeouts, own_proxy or common.proxy, verify),
    )


def _without_api(url: str) -> str:
    """Mattermost's address as people open it; some copy the API's, from its documentation."""
    return re.sub(r"/+api/v4$", "", url)
