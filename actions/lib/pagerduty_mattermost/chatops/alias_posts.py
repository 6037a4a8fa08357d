"""How a phrase and what came of it look in Mattermost: the post that acknowledges it and then
becomes its result. Pure.

    acknowledged(kept, "Hold tight …", with_link=True, trigger="st2")    # the text of the post
    props(attachments, ended_actions(kept, buttons, now))
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from pagerduty_mattermost.cards.buttons import CLICK, PURPOSE
from pagerduty_mattermost.chatops.rendering import ShownResult, without_mentions
from pagerduty_mattermost.core.markdown import code_span
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, cut, inert, markdown_link
from pagerduty_mattermost.gateways.http.signed_tokens import button_expiry, sign
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase

CANCEL, AGAIN = "alias_cancel", "alias_again"
CLICKS = (CANCEL, AGAIN)
MAX_PHRASE_CHARACTERS = 2000
"""StackStorm's formats are patterns that try many ways to cut a phrase up."""
MAX_HEAD_CHARACTERS = 200
MAX_ACK_CHARACTERS = 3000


class Buttons(NamedTuple):
    """What signs them, and where they lead; an empty address: there are none."""

    url: str
    key: str
    trigger: str
    """The slash command's word."""


def key_of(kept: KeptPhrase, part: str = "") -> str:
    """Of its post; `part`: of a further one, such as its file."""
    return post_key("alias", kept.id, part) if part else kept.key


def head(kept: KeptPhrase, trigger: str) -> str:
    """Who asked what, without calling anybody."""
    who = f"**{inert('@' + kept.user_name)}**"
    if kept.task:
        return f"{who} {kept.task}: {code_span(cut(kept.phrase, MAX_HEAD_CHARACTERS))}"
    return f"{who} {code_span(cut(f'/{trigger} {kept.phrase}', MAX_HEAD_CHARACTERS))}"


def acknowledged(kept: KeptPhrase, message: str, *, with_link: bool, trigger: str) -> str:
    """`message`: of StackStorm, empty where its alias has none."""
    said = without_mentions(clean(message, MAX_ACK_CHARACTERS).replace("{~}", "").strip())
    said = said or f":hourglass_flowing_sand: {code_span(kept.action)} runs …"
    where = f" ({markdown_link('execution', kept.link)})" if with_link and kept.link else ""
    return f"{head(kept, trigger)}\n{said}{where}"


def ended(kept: KeptPhrase, shown: ShownResult, trigger: str) -> str:
    """The post of one that has ended: whose phrase it was, and its result, as Markdown."""
    return f"{head(kept, trigger)}\n{shown.text}".strip()


def running_actions(kept: KeptPhrase, buttons: Buttons, now: float) -> List[Dict[str, Any]]:
    """The buttons below one that runs: to cancel it, where clicks can arrive."""
    return [_button("aliascancel", "Cancel", CANCEL, kept, buttons, now)] if buttons.url else []


def ended_actions(kept: KeptPhrase, buttons: Buttons, now: float) -> List[Dict[str, Any]]:
    """None for a task, which is carried out again where it stands."""
    if kept.task or not buttons.url:
        return []
    return [_button("aliasagain", "Run again", AGAIN, kept, buttons, now)]


def props(
    extra: Sequence[Mapping[str, Any]], actions: Sequence[Mapping[str, Any]]
) -> Dict[str, Any]:
    """The props of a phrase's post, without its key."""
    rows: List[Mapping[str, Any]] = list(extra)
    if actions:
        rows.append({"fallback": "", "actions": list(actions)})
    return {"attachments": rows} if rows else {}


def _button(
    id: str, name: str, verb: str, kept: KeptPhrase, buttons: Buttons, now: float
) -> Dict[str, Any]:
    about: Dict[str, Any] = {"v": verb, "n": kept.id, "c": kept.channel_id, "r": kept.root_id}
    more = {"x": kept.phrase} if verb == AGAIN else {"e": kept.execution, "a": kept.alias}
    about.update(more)
    token = sign(buttons.key, PURPOSE, about, button_expiry(now))
    integration = {"url": buttons.url.rstrip("/") + CLICK, "context": {"token": token}}
    return {
        "id": id,
        "name": name,
        "type": "button",
        "style": "danger" if verb == CANCEL else "default",
        "integration": integration,
    }
