"""Whether what `mattermost.setup` made works: a command is typed, and a failure is explained, as
Mattermost does not say why; and how far the server's e-mail addresses can be trusted."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional
from urllib.parse import urlsplit

from pagerduty_mattermost.chat.endpoint import PONG
from pagerduty_mattermost.chat.setup_steps import ADVICE, OK, PROBLEM, SetupStep
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.http.accepted_secrets import REFRESH_SECONDS
from pagerduty_mattermost.gateways.mattermost.admin import Admin, CommandFailed
from pagerduty_mattermost.gateways.mattermost.client import Mattermost

LISTENER_SECONDS = 30.0
"""For the chat sensor to listen: it may be starting."""
TRY_AGAIN_SECONDS = 5.0
TOKEN_REFUSED = 401
"""The HTTP status by which the chat sensor refuses a token that it does not know."""


def try_command(
    mattermost: Mattermost,
    admin: Admin,
    team_id: str,
    trigger: str,
    public_url: str,
    sleep: Callable[[float], None],
) -> SetupStep:
    """Type it: the whole way from Mattermost to the chat sensor and back. `admin`: who may read
    what keeps Mattermost from calling an address."""
    try:
        channel_id = mattermost.direct_channel(mattermost.me().id).id
        answer = _ping(Admin(mattermost), channel_id, team_id, trigger, sleep)
    except PackError as error:
        why = why_not(error, public_url, admin.allowed_connections())
        return SetupStep(PROBLEM, f"/{trigger} was tried and failed: {why}")
    if answer.get("text") == PONG:
        reached = f"Mattermost reaches the chat sensor at {public_url}"
        return SetupStep(OK, f"/{trigger} was tried: {reached}")
    other = one_line(str(answer.get("text")), 80)
    return SetupStep(
        PROBLEM, f"/{trigger} was tried: something else answers at {public_url}: {other}"
    )


def _ping(
    bot: Admin, channel_id: str, team_id: str, trigger: str, sleep: Callable[[float], None]
) -> Dict[str, Any]:
    """Again while nobody answers there, since the chat sensor may be starting; and once more where
    the token is not known: it may have looked for tokens a moment before this one was kept, and
    does not look again at once."""
    waited = 0.0
    while True:
        try:
            return bot.execute(channel_id, team_id, f"/{trigger} ping")
        except CommandFailed as error:
            refused = error.answered == TOKEN_REFUSED
            is_silent = error.answered is None or error.answered >= 502
            if waited >= LISTENER_SECONDS or not (refused or is_silent):
                raise
        pause = REFRESH_SECONDS if refused else TRY_AGAIN_SECONDS
        sleep(pause)
        waited = LISTENER_SECONDS if refused else waited + pause


def why_not(error: PackError, public_url: str, allowed: Optional[str]) -> str:
    """What to do about a test call that failed. Mattermost does not say why, so the address tells
    whether its own guard stands in the way. `allowed`: its present setting, None when
    unknown."""
    text = str(error)
    answered = error.answered if isinstance(error, CommandFailed) else None
    if answered == TOKEN_REFUSED:
        return (
            f"{text}; the chat sensor does not take the token: is it another "
            "StackStorm's, or of an older version?"
        )
    if answered is not None and answered >= 400:
        return f"{text}; does {public_url} lead to chat.bind and chat.port?"
    host = urlsplit(public_url).hostname or ""
    reach = (
        f"is the chat sensor running (its log says 'Listening'), and does {public_url} "
        "lead to it from Mattermost?"
    )
    if not is_inside(host) or host in (allowed or "").replace(",", " ").split():
        return f"{text}; {reach}"
    value = f"{allowed.strip()} {host}" if allowed and allowed.strip() else host
    also = "" if allowed is not None else " (beside what stands there)"
    return (
        f"{text}; {host} is an internal address, which Mattermost calls only when System "
        "Console → Environment → "
        "Developer → Allow untrusted internal connections "
        "(ServiceSettings.AllowedUntrustedInternalConnections) is "
        f'"{value}"{also}; if it is, {reach}'
    )


def is_inside(host: str) -> bool:
    """Whether the host leads to a private or loopback address, as this machine resolves it;
    unknown names count."""
    import ipaddress
    import socket

    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return True
    return any(not ipaddress.ip_address(str(one[4][0]).split("%")[0]).is_global for one in found)


def trust(settings: Mapping[str, Any]) -> List[SetupStep]:
    """How far an e-mail address proves who somebody is, by the server's settings as its clients
    are told them. Pure."""

    def on(name: str) -> bool:
        return str(settings.get(name)).lower() == "true"

    steps: List[SetupStep] = []
    if "ShowEmailAddress" in settings and not on("ShowEmailAddress"):
        advice = (
            "the server hides e-mail addresses from the bot: link people with "
            "identity.link, or let it show them"
        )
        steps.append(
            SetupStep(ADVICE, f"{advice} (System Console → Users and Teams → Show email address)")
        )
    verified = on("RequireEmailVerification")
    outside = [name for name in ("Ldap", "Saml") if on(f"Enable{name}")]
    if verified:
        steps.append(
            SetupStep(OK, "e-mail addresses can be trusted: the server has them verified")
        )
    elif outside:
        where = " and ".join(name.upper() for name in outside)
        steps.append(
            SetupStep(
                ADVICE,
                f"e-mail addresses are as good as {where}, and those of other accounts are "
                "not verified",
            )
        )
    elif on("EnableUserCreation") and on("EnableOpenServer"):
        advice = (
            "anybody can sign up with anybody's e-mail address: set chat.link_by_email "
            "to false and use identity.link"
        )
        steps.append(
            SetupStep(
                ADVICE,
                f"{advice}, or require verified addresses "
                "(System Console → Authentication → Email)",
            )
        )
    else:
        advice = (
            "e-mail addresses are not verified, people must be invited: who may invite "
            "or edit users can pose as others"
        )
        steps.append(SetupStep(ADVICE, f"{advice}; chat.link_by_email: false leaves links to you"))
    return steps
