"""The pack's configuration as typed, validated values; the only reader of the raw dict.

    config = load(raw)                     # raises ConfigError naming every wrong setting at once
    require_pagerduty(config); require_mattermost(config)   # raise ConfigError naming what is
    missing

StackStorm passes unset keys as None, unset lists as [], unset objects as {}; all of these and ""
mean "not set". A text setting that names a missing datastore key arrives as None, or as the text
"None": named in the error, never sent. Whether a value is *needed* is known only where it is used,
so `load` accepts the Exchange pack's configuration ({api_key, service_key, debug}), and a missing
Mattermost is told by `require_mattermost`.

Secrets are wrapped: `secret.reveal()` gives the text, and nothing else prints it.
"""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple, Tuple, Union

from pagerduty_mattermost.core.config.oncall import SETTINGS as ONCALL_SETTINGS
from pagerduty_mattermost.core.config.oncall import OnCallConfig, read_oncall
from pagerduty_mattermost.core.config.quiet import (
    URGENCIES,
    QuietConfig,
    RemindersConfig,
    read_quiet,
    read_reminders,
)
from pagerduty_mattermost.core.config.reader import EMPTY, Reader, Secret
from pagerduty_mattermost.core.errors import ConfigError

REGIONS = {
    "us": ("https://api.pagerduty.com", "https://events.pagerduty.com"),
    "eu": ("https://api.eu.pagerduty.com", "https://events.eu.pagerduty.com"),
}
START_STATES = ("triggered", "acknowledged")
CONFIRM = ("merge", "workflow", "page", "bulk")
DECLARE_FIELDS = ("title", "service", "urgency", "priority", "assign", "details")
MIN_SIGNING_KEY = 20
MIN_POLL_INTERVAL = 4
"""StackStorm's sensors can't poll more often (facts/stackstorm.md)."""

NOT_SET = "is not set"


class Timeouts(NamedTuple):
    """Seconds to wait for a connection, and for the next bytes of an answer."""

    connect: float = 5.0
    read: float = 20.0


class Http(NamedTuple):
    """How to reach one side."""

    timeouts: Timeouts = Timeouts()
    proxy: Secret = Secret()
    """Proxy URL (may hold a password); empty: the environment's."""
    verify: Union[bool, str] = True
    """TLS: True, False, or the path of a CA file."""


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
    api_url: str = REGIONS["us"][0]
    events_url: str = REGIONS["us"][1]
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


class WatchConfig(NamedTuple):
    """What the incident sensor reports. Empty `services`, `teams`, `urgencies`: all."""

    services: Tuple[str, ...] = ()
    teams: Tuple[str, ...] = ()
    urgencies: Tuple[str, ...] = ()
    start_states: Tuple[str, ...] = START_STATES
    poll_interval: int = 30
    """Seconds between two cycles; with a webhook: while its calls do not come (default 10)."""
    poll_interval_with_bell: int = 60
    """The same while PagerDuty's webhook rings (doorbell)."""
    snapshot_every: int = 10
    """Cycles between two snapshots."""


class ChatConfig(NamedTuple):
    """Commands from chat."""

    allow_from: bool = True
    """`from <e-mail>` in a phrase to a chat bot may say in whose name it acts."""
    link_by_email: bool = True
    """Whether the same e-mail address links a Mattermost user to a PagerDuty user; else only an
    admin's word does."""
    default_sender: bool = False
    """Who has no PagerDuty user of the same address acts in the name of `from_email`."""
    read_only: bool = False
    allowed: Mapping[str, Tuple[str, ...]] = {}
    """Who may do what, by verb (chat_rights)."""
    confirm: Tuple[str, ...] = CONFIRM
    """Commands that ask before they act; `bulk`: what is done to several incidents."""
    declare_fields: Tuple[str, ...] = DECLARE_FIELDS
    page_service: str = ""
    """The service that pages of people and schedules are on: PagerDuty asks for one."""
    bind: str = "127.0.0.1"
    port: int = 0
    """0: the chat sensor does not listen."""
    public_url: str = ""
    """How Mattermost reaches the listener; without it cards have no buttons."""
    command_tokens: Tuple[Secret, ...] = ()
    webhook_tokens: Tuple[Secret, ...] = ()
    """Of the outgoing webhook that brings replies in threads."""
    note_word: str = "note:"
    """A reply in a card's thread that begins so becomes a note."""
    signing_keys: Tuple[Secret, ...] = ()
    """The first one signs, all are taken."""

    @property
    def has_buttons(self) -> bool:
        return bool(self.public_url and self.signing_keys)


class NoiseConfig(NamedTuple):
    """What is told together instead of one by one."""

    storm_incidents: int = 10
    """More new ones of a service within `storm_window` are a storm; 0: never."""
    storm_window: int = 120
    storm_quiet: int = 300
    """It is over when no more than half of `storm_incidents` were new within so many seconds."""
    storm_priorities: Tuple[str, ...] = ("P1", "P2")
    """These get their own cards in any case."""
    flapping_rounds: int = 3
    """After so many rounds of one title or alert key within `flapping_window` further ones are
    counted; 0: never."""
    flapping_window: int = 1800
    """After so many seconds without a new round it no longer flaps."""


class WebhookConfig(NamedTuple):
    """Where PagerDuty's webhook (v3) rings. Off while `port` is 0."""

    bind: str = "127.0.0.1"
    port: int = 0
    public_url: str = ""
    """How PagerDuty reaches it."""
    secrets: Tuple[Secret, ...] = ()
    """Beside the one that `webhook.setup` keeps in the datastore."""
    problems: Tuple[str, ...] = ()
    """What is wrong with secrets left out. It stops nothing: without the bell the log is polled.
    """


class Config(NamedTuple):
    """The whole configuration."""

    pagerduty: PagerDutyConfig = PagerDutyConfig()
    mattermost: MattermostConfig = MattermostConfig()
    watch: WatchConfig = WatchConfig()
    time_zone: str = "UTC"
    """IANA name; whether it exists is checked where times are printed."""
    debug: bool = False
    chat: ChatConfig = ChatConfig()
    webhook: WebhookConfig = WebhookConfig()
    noise: NoiseConfig = NoiseConfig()
    quiet_hours: QuietConfig = QuietConfig()
    reminders: RemindersConfig = RemindersConfig()
    oncall: OnCallConfig = OnCallConfig()


_SECTIONS = {
    "timeouts": ("connect", "read"),
    "tls": ("verify", "ca_file"),
    "events": ("routing_key", "routing_keys"),
    "chat": (
        "allow_from",
        "link_by_email",
        "default_sender",
        "read_only",
        "allowed",
        "confirm",
        "declare_fields",
        "page_service",
        "bind",
        "port",
        "public_url",
        "command_tokens",
        "webhook_tokens",
        "note_word",
        "signing_keys",
    ),
    "watch": (
        "services",
        "teams",
        "urgencies",
        "start_states",
        "poll_interval",
        "poll_interval_with_bell",
        "snapshot_every",
    ),
    "noise": (
        "storm_incidents",
        "storm_window",
        "storm_quiet",
        "storm_priorities",
        "flapping_rounds",
        "flapping_window",
    ),
    "webhook": ("bind", "port", "public_url", "secrets"),
    "quiet_hours": ("enabled", "hours"),
    "reminders": ("enabled", "after", "repeat", "urgencies"),
    "oncall": ONCALL_SETTINGS,
    "mattermost": (
        "url",
        "token",
        "team",
        "default_channel",
        "operations_channel",
        "service_channels",
        "verify_tls",
        "ca_file",
        "proxy",
    ),
}


def load(raw: Any) -> Config:
    """The configuration from StackStorm's dict (or None). Raises `ConfigError`, whose line names
    every wrong setting.

    Top-level keys that are not ours are ignored, as StackStorm does: an older pack's configuration
    may hold some.
    """
    read = Reader(raw)
    for name, known in _SECTIONS.items():
        read.section(name, known)
    proxies = ("http", "https", "socks5", "socks5h")

    timeouts = Timeouts(
        read.number("timeouts.connect", 5.0, 0.1, 300.0),
        read.number("timeouts.read", 20.0, 0.1, 300.0),
    )
    proxy = Secret(read.url("proxy", proxies, login=True))
    ca_file = read.file("tls.ca_file")
    verify: Union[bool, str] = False if read.boolean("tls.verify") is False else ca_file or True

    region = REGIONS[read.choice("region", tuple(REGIONS), "us")]
    from_email = read.text("from_email")
    if from_email and not re.match(r"^[^@\s,<>]+@[^@\s,<>]+$", from_email):
        read.wrong("from_email", "must be one e-mail address")
    pagerduty = PagerDutyConfig(
        api_key=read.secret("api_key"),
        auth_type=read.choice("auth_type", ("api_key", "oauth"), "api_key"),
        service_key=read.secret("service_key"),
        routing_key=read.secret("events.routing_key"),
        routing_keys={
            name: Secret(key) for name, key in read.mapping("events.routing_keys").items()
        },
        from_email=from_email,
        api_url=read.url("api_url") or region[0],
        events_url=read.url("events_url") or region[1],
        http=Http(timeouts, proxy, verify),
    )

    mattermost = _mattermost(read, timeouts, proxy, ca_file, verify, proxies)
    webhook = _webhook(read) if read.value("webhook") else WebhookConfig()
    watch = (
        _watch(read, bool(webhook.port)) if read.value("watch") or webhook.port else WatchConfig()
    )
    time_zone = read.text("time_zone") or "UTC"
    if not re.match(r"^[A-Za-z][A-Za-z0-9_+\-/]*$", time_zone):
        read.wrong("time_zone", "must be an IANA name such as Europe/Berlin")
    debug = read.boolean("debug") is True
    chat = _chat(read) if read.value("chat") else ChatConfig()
    quiet = read_quiet(read) if read.value("quiet_hours") else QuietConfig()
    reminders = read_reminders(read) if read.value("reminders") else RemindersConfig()
    noise = _noise(read) if read.value("noise") else NoiseConfig()
    oncall = read_oncall(read) if read.value("oncall") else OnCallConfig()
    if read.problems:
        raise ConfigError("The configuration of the pack pagerduty: " + "; ".join(read.problems))
    return Config(
        pagerduty,
        mattermost,
        watch,
        time_zone,
        debug,
        chat,
        webhook,
        noise,
        quiet,
        reminders,
        oncall,
    )


def _mattermost(
    read: Reader,
    timeouts: Timeouts,
    proxy: Secret,
    ca_file: str,
    verify: Union[bool, str],
    proxies: Tuple[str, ...],
) -> MattermostConfig:
    if not read.value("mattermost"):
        return MattermostConfig(http=Http(timeouts, proxy, verify))
    own_ca = read.file("mattermost.ca_file")
    own_verify = read.boolean("mattermost.verify_tls")
    if own_verify is not None:
        mattermost_verify: Union[bool, str] = (own_ca or ca_file or True) if own_verify else False
    else:
        mattermost_verify = own_ca or verify
    return MattermostConfig(
        url=_without_api(read.url("mattermost.url")),
        token=read.secret("mattermost.token"),
        team=read.text("mattermost.team"),
        default_channel=read.text("mattermost.default_channel"),
        operations_channel=read.text("mattermost.operations_channel"),
        service_channels=read.mapping("mattermost.service_channels"),
        http=Http(
            timeouts,
            Secret(read.url("mattermost.proxy", proxies, login=True)) or proxy,
            mattermost_verify,
        ),
    )


def _noise(read: Reader) -> NoiseConfig:
    plain = NoiseConfig()
    return NoiseConfig(
        storm_incidents=read.integer("noise.storm_incidents", plain.storm_incidents, 0, 10000),
        storm_window=read.integer("noise.storm_window", plain.storm_window, 10, 3600),
        storm_quiet=read.integer("noise.storm_quiet", plain.storm_quiet, 30, 86400),
        storm_priorities=read.texts("noise.storm_priorities") or plain.storm_priorities,
        flapping_rounds=read.integer("noise.flapping_rounds", plain.flapping_rounds, 0, 1000),
        flapping_window=read.integer("noise.flapping_window", plain.flapping_window, 60, 86400),
    )


def _webhook(read: Reader) -> WebhookConfig:
    webhook = WebhookConfig(
        bind=read.text("webhook.bind") or "127.0.0.1",
        port=read.integer("webhook.port", 0, 0, 65535),
        public_url=read.url("webhook.public_url"),
    )
    others = len(read.problems)
    secrets = read.texts("webhook.secrets")
    if any(len(text) < MIN_SIGNING_KEY for text in secrets):
        read.wrong("webhook.secrets", f"must have at least {MIN_SIGNING_KEY} characters each")
    problems = tuple(read.problems[others:])
    del read.problems[others:]
    fit = tuple(Secret(text) for text in secrets if len(text) >= MIN_SIGNING_KEY)
    return webhook._replace(secrets=fit, problems=problems)


def _watch(read: Reader, with_bell: bool) -> WatchConfig:
    return WatchConfig(
        services=read.texts("watch.services"),
        teams=read.texts("watch.teams"),
        urgencies=read.texts("watch.urgencies", URGENCIES),
        start_states=read.texts("watch.start_states", START_STATES) or START_STATES,
        poll_interval=read.integer(
            "watch.poll_interval", 10 if with_bell else 30, MIN_POLL_INTERVAL, 3600
        ),
        poll_interval_with_bell=read.integer(
            "watch.poll_interval_with_bell", 60, MIN_POLL_INTERVAL, 3600
        ),
        snapshot_every=read.integer("watch.snapshot_every", 10, 1, 10000),
    )


def _chat(read: Reader) -> ChatConfig:
    chat = ChatConfig(
        allow_from=read.boolean("chat.allow_from") is not False,
        link_by_email=read.boolean("chat.link_by_email") is not False,
        default_sender=read.boolean("chat.default_sender") is True,
        read_only=read.boolean("chat.read_only") is True,
        allowed=read.lists("chat.allowed"),
        confirm=CONFIRM if read.value("chat.confirm") is None else read.texts("chat.confirm"),
        declare_fields=read.texts("chat.declare_fields", DECLARE_FIELDS) or DECLARE_FIELDS,
        page_service=read.text("chat.page_service"),
        bind=read.text("chat.bind") or "127.0.0.1",
        port=read.integer("chat.port", 0, 0, 65535),
        public_url=read.url("chat.public_url"),
        command_tokens=tuple(Secret(text) for text in read.texts("chat.command_tokens")),
        webhook_tokens=tuple(Secret(text) for text in read.texts("chat.webhook_tokens")),
        note_word=read.text("chat.note_word") or "note:",
        signing_keys=tuple(Secret(text) for text in read.texts("chat.signing_keys")),
    )
    if not {"title", "service"} <= set(chat.declare_fields):
        read.wrong("chat.declare_fields", "must name title and service")
    if any(len(key.reveal()) < MIN_SIGNING_KEY for key in chat.signing_keys):
        read.wrong("chat.signing_keys", f"must have at least {MIN_SIGNING_KEY} characters each")
    return chat


def _without_api(url: str) -> str:
    """Mattermost's address as people open it; some copy the API's, from its documentation."""
    return re.sub(r"/+api/v4$", "", url)


def require_pagerduty(config: Config) -> PagerDutyConfig:
    """PagerDuty's part; raises `ConfigError` when the API key is missing."""
    if not config.pagerduty.api_key:
        raise ConfigError("The configuration of the pack pagerduty: api_key " + EMPTY)
    return config.pagerduty


def mattermost_missing(config: Config) -> Tuple[str, ...]:
    """The settings without which nothing can be posted, in the configuration's words; empty when
    all is there."""
    wanted = (
        ("mattermost.url", config.mattermost.url),
        ("mattermost.token", config.mattermost.token),
    )
    return tuple(name for name, value in wanted if not value)


def is_mattermost_absent(config: Config) -> bool:
    """Nothing at all is said of Mattermost, as in a configuration of the Exchange's pack: the pack
    only reads then."""
    chat = config.mattermost
    return not any(
        (
            chat.url,
            chat.token,
            chat.team,
            chat.default_channel,
            chat.operations_channel,
            chat.service_channels,
        )
    )


def require_mattermost(config: Config) -> MattermostConfig:
    """Mattermost's part; raises `ConfigError` naming what is missing."""
    missing = mattermost_missing(config)
    if missing:
        why = NOT_SET if is_mattermost_absent(config) else EMPTY
        raise ConfigError(
            "The configuration of the pack pagerduty: "
            + "; ".join(f"{name} {why}" for name in missing)
        )
    return config.mattermost
