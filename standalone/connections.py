"""`check`, with both sides asked: are they there, and does what the configuration and the rules
name exist there?

Cheap reads only: nothing is posted, joined or changed. One line for each thing: what, where, what
to do.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from functools import partial
from typing import Any, Callable, Collection, Iterator, List, Mapping, Sequence, Tuple

from standalone import chat_check, rule_names, uncovered
from standalone.checks import CheckFinding
from standalone.pack_model import Pack

LIFE_SECONDS = 5
"""Between two lines that say that an answer is still awaited."""

_PAGERDUTY = frozenset(("api_key", "auth_type", "region", "api_url", "proxy"))
_MATTERMOST = frozenset(("mattermost.url", "mattermost.token", "mattermost.proxy"))
"""Settings without which a side is not the one that is meant."""
Named = Tuple[str, str]
"""(where it is named, the text there)"""


def check_connections(
    raw: Mapping[str, Any],
    pack: Pack,
    action_service: Any,
    left_out: Collection[str] = (),
) -> Iterator[CheckFinding]:
    """PagerDuty's and Mattermost's side with the completed configuration `raw`; nothing when that
    can't be read: what is wrong with it is found by `checks.check_settings`. `left_out`: settings
    of which it was said what is wrong: a side that can't do without is not asked."""
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.errors import ConfigError

    try:
        config = settings.load(raw)
    except ConfigError:
        return
    yield from chat_check.check_settings(config)
    if not _PAGERDUTY.intersection(left_out):
        yield from _pagerduty(config, pack, action_service)
    missing = settings.mattermost_missing(config)
    if _MATTERMOST.intersection(left_out):
        return
    if missing:
        yield CheckFinding(
            False, f"Mattermost: {', '.join(missing)} not set; see pagerduty.yaml.example"
        )
    else:
        yield from _mattermost(config, pack, action_service)


def _pagerduty(config: Any, pack: Pack, action_service: Any) -> Iterator[CheckFinding]:
    from pagerduty_mattermost.core.config.settings import require_pagerduty
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.pagerduty.references import resolve

    try:
        pagerduty = PagerDuty(require_pagerduty(config), policy=few_tries())
        with waiting("PagerDuty"):
            pagerduty.get("/abilities")
    except PackError as error:
        yield CheckFinding(False, _elsewhere("api_url", error) or _about("PagerDuty", error))
        return
    connected = "PagerDuty: connected"
    sender = config.pagerduty.from_email
    try:
        as_whom = (
            f"; changes are made as {resolve(pagerduty, 'user', sender).name} (from_email)"
            if sender
            else ""
        )
        yield CheckFinding(True, connected + as_whom)
    except PackError as error:
        yield CheckFinding(True, connected)
        yield CheckFinding(
            False, f"from_email: {error}; write the e-mail address of a PagerDuty user"
        )
    if not sender:
        yield from _without_sender(pack)
    yield from _rights(pagerduty, config)
    yield from _clock(pagerduty)
    watch = config.watch
    yield from _named(pagerduty, "service", [("watch.services", text) for text in watch.services])
    yield from _named(pagerduty, "team", [("watch.teams", text) for text in watch.teams])
    mapped = [
        (f"mattermost.service_channels.{text}", text)
        for text in config.mattermost.service_channels
    ]
    mapped += [("canary.service", text) for text in [config.canary.service] if text]
    mapped += [("chat.page_service", text) for text in [config.chat.page_service] if text]
    yield from _named(pagerduty, "service", mapped)
    yield from _on_call(pagerduty, config)
    yield from rule_names.check(pagerduty, pack)
    yield from uncovered.check(pagerduty, config, pack, action_service)
    yield from chat_check.check_teams(pagerduty, config)


def _rights(pagerduty: Any, config: Any) -> Iterator[CheckFinding]:
    """Whether the key may write: only where something would."""
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.operations.health_checks import may_write

    wanted = [name for name, is_set in _writers(config) if is_set]
    try:
        able = may_write(pagerduty, config.pagerduty.from_email)
    except PackError as error:
        yield CheckFinding(False, _about("api_key", error))
        return
    if able:
        yield CheckFinding(True, "api_key: may read and write")
    elif wanted:
        yield CheckFinding(
            False,
            f"api_key: may only read, but {' and '.join(wanted)} is set to change incidents: make "
            "a key without 'Read-only API Key' (Integrations > API Access Keys)",
        )
    else:
        yield CheckFinding(True, "api_key: may only read: enough for cards, not to acknowledge")


def _writers(config: Any) -> Tuple[Tuple[str, bool], ...]:
    return (
        ("from_email", bool(config.pagerduty.from_email)),
        ("chat.port", bool(config.chat.port) and not config.chat.read_only),
    )


def _clock(pagerduty: Any) -> Iterator[CheckFinding]:
    import time

    from pagerduty_mattermost.core import times
    from pagerduty_mattermost.operations.health_checks import MAX_SKEW_SECONDS

    server = pagerduty.last_server_time
    skew = abs(time.time() - server) if server is not None else 0.0
    if skew > MAX_SKEW_SECONDS:
        yield CheckFinding(
            False,
            f"clock: this machine's is {times.duration(skew)} off PagerDuty's; start NTP "
            "(timedatectl set-ntp true)",
        )


def _on_call(pagerduty: Any, config: Any) -> Iterator[CheckFinding]:
    """Schedules and escalation policies that the section `oncall` names."""
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.oncall.targets import targets

    named = [(f"oncall.channels.{text}", text) for text in config.oncall.channels] + [
        (f"oncall.{section}.{where}", text)
        for section in ("headers", "members", "groups")
        for where, text in getattr(config.oncall, section).items()
    ]
    if not named:
        return
    try:
        found = targets(pagerduty, [text for _, text in named], suggest=True)
    except PackError as error:
        yield CheckFinding(False, _about("oncall", error))
        return
    for where, text in named:
        if text in found.unknown:
            yield CheckFinding(False, f"{where}: {found.unknown[text]}")
    if not found.unknown:
        yield CheckFinding(True, f"oncall: {', '.join(sorted(found.known))}")


def _without_sender(pack: Pack) -> Iterator[CheckFinding]:
    """A line for each enabled rule and phrase that changes something in PagerDuty and does not say
    as whom."""
    for rule in sorted(pack.rules.values()):
        if rule.enabled and _lacks_sender(pack, rule.action["ref"], rule.action["parameters"]):
            yield CheckFinding(
                False,
                f"from_email: not set, but the rule {rule.ref} needs it: set it, there or here",
            )
    phrases = [
        alias.name
        for alias in pack.aliases
        if alias.enabled and _lacks_sender(pack, alias.action_ref, alias.immutable_parameters)
    ]
    if phrases:
        yield CheckFinding(
            True, f"from_email: not set; these phrases can't do without: {', '.join(phrases)}"
        )


def _lacks_sender(pack: Pack, action_ref: str, given: Mapping[str, Any]) -> bool:
    parameters = pack.actions[action_ref].parameters
    return bool(parameters.get("needs_from", {}).get("default")) and not given.get("from_email")


def _named(pagerduty: Any, kind: str, named: Sequence[Named]) -> Iterator[CheckFinding]:
    """Whether each of them exists: what does not would silently never match."""
    from pagerduty_mattermost.core.errors import Ambiguous, NotFound, PackError
    from pagerduty_mattermost.gateways.pagerduty.references import resolve, resolve_all

    if not named:
        return
    try:
        resolve_all(pagerduty, kind, [text for _, text in named])
    except (Ambiguous, NotFound):
        for where, text in named:
            try:
                resolve(pagerduty, kind, text)
            except PackError as error:
                advice = (
                    ""
                    if str(error).endswith((".", "?"))
                    else f"; write the {kind}'s name or id, or take it out"
                )
                yield CheckFinding(False, f"{where}: {error}{advice}")
    except PackError as error:
        yield CheckFinding(False, _about(named[0][0], error))
    else:
        if named[0][0].startswith("watch."):
            yield CheckFinding(True, f"{named[0][0]}: {', '.join(text for _, text in named)}")


def _mattermost(config: Any, pack: Pack, action_service: Any) -> Iterator[CheckFinding]:
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.gateways.mattermost.channel_words import WORDS
    from pagerduty_mattermost.gateways.mattermost.channels import Channels
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store

    mattermost = Mattermost(config.mattermost, policy=few_tries())
    try:
        with waiting("Mattermost"):
            me = mattermost.me().username
        yield CheckFinding(True, f"Mattermost: connected as @{me}")
        teams = mattermost.teams()
    except PackError as error:
        elsewhere = _elsewhere("mattermost.url", error)
        yield CheckFinding(False, elsewhere or _about("Mattermost", error))
        return
    team = config.mattermost.team
    if team and team not in teams:
        # One mistake, one line: no channel of the team can be looked for.
        yield CheckFinding(
            False,
            f"mattermost.team: there is no team '{team}', or @{me} is not in it; @{me} is in: "
            f"{', '.join(teams) or 'no team'}. Correct the team, or ask an administrator to run "
            f"`mmctl team users add {team} {me}`",
        )
        return
    find = partial(_channel, Channels(mattermost, Store(action_service)).look_up)
    uses = channels_of_rules(pack)
    for name, words in (
        ("default_channel", (":default", ":service")),
        ("operations_channel", (":operations",)),
    ):
        setting, text = f"mattermost.{name}", getattr(config.mattermost, name)
        if text:
            yield find(setting, text)
            continue
        rules = [
            rule
            for rule, channel in uses
            if channel in words and not _is_answered(config, words[0])
        ]
        needed = (
            f", but posted to by {', '.join(rules)}: set it, or change or disable that"
            if rules
            else ""
        )
        yield CheckFinding(not rules, f"{setting}: not set{needed}")
    by_service = config.mattermost.service_channels
    for service, text in by_service.items():
        yield find(f"mattermost.service_channels.{service}", text)
    if by_service and not any(channel == ":service" for _, channel in uses):
        yield CheckFinding(
            False,
            "mattermost.service_channels: no enabled rule posts to :service, so nothing comes "
            "into these channels; enable pagerduty.p4_to_service, or write channel: ':service' in "
            "a rule of yours (docs/routes.md)",
        )
    for channel_setting, text in _channels_of_oncall(config):
        yield find(channel_setting, text)
    for rule, text in uses:
        if text not in WORDS:
            yield find(rule, text)
    yield from chat_check.check_people(mattermost, find, config)


def _channels_of_oncall(config: Any) -> List[Named]:
    """The channels that the sections `oncall` and `canary` name."""
    on_call = config.oncall
    found = [(f"oncall.channels.{name}", text) for name, text in on_call.channels.items()]
    found += [(f"oncall.headers.{text}", text) for text in on_call.headers]
    found += [(f"oncall.members.{text}", text) for text in on_call.members]
    found += [("canary.channel", text) for text in [config.canary.channel] if text]
    return found


def _is_answered(config: Any, word: str) -> bool:
    """Whether the configuration says of a word, or of what stands in for it, which channel it
    means."""
    from pagerduty_mattermost.core.errors import ConfigError
    from pagerduty_mattermost.gateways.mattermost.channel_words import expand

    try:
        return bool(expand(config.mattermost, word)[0])
    except ConfigError:
        return False


def channels_of_rules(pack: Pack) -> List[Named]:
    """The channels that enabled rules name literally, or by their action's default."""
    from standalone.templates import holds_template

    found: List[Named] = []
    for rule in sorted(pack.rules.values()):
        declared = pack.actions[rule.action["ref"]].parameters.get("channel")
        if not rule.enabled or declared is None:
            continue
        text = rule.action["parameters"].get("channel") or declared.get("default")
        if isinstance(text, str) and not holds_template(text):
            found.append((f"the rule {rule.ref}", text.strip()))
    return found


def _channel(look_up: Callable[[str], Any], where: str, text: str) -> CheckFinding:
    from pagerduty_mattermost.core.errors import PackError

    try:
        found = look_up(text)
    except PackError as error:
        return CheckFinding(False, _about(where, error))
    return CheckFinding(True, f"{where}: {found.label} ({found.id})")


@contextmanager
def waiting(side: str) -> Iterator[None]:
    """Says on stderr every few seconds that an answer is still awaited."""
    done = threading.Event()

    def say() -> None:
        seconds = 0
        while not done.wait(LIFE_SECONDS):
            seconds += LIFE_SECONDS
            print(f"...    waiting for {side}'s answer ({seconds} s)", file=sys.stderr, flush=True)

    thread = threading.Thread(target=say, name="waiting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def few_tries() -> Any:
    """A person waits: two tries, and no long pause between them."""
    from pagerduty_mattermost.gateways.http.client import RetryPolicy

    return RetryPolicy(attempts=2, budget=10.0)


def _elsewhere(setting: str, error: Exception) -> str:
    """What is said where something else answers at a server's address; empty for other errors."""
    if getattr(error, "status", None) != 404:
        return ""
    return (
        f"{setting}: something answers there, but not the API (404): write the server's address "
        "without a team or another path behind it, as https://chat.example.com"
        if setting.startswith("mattermost")
        else f"{setting}: something answers there, but not PagerDuty's API (404): leave it out"
    )


def _about(where: str, error: Exception) -> str:
    line = str(error)
    if any(word in line for word in ("no connection (", "no answer in time")):
        line += "; check the address, the network and the proxy"
    return line if line.startswith(where) else f"{where}: {line}"
