"""How an inquiry looks in Mattermost: the question with its buttons, how far it is, who answered.
Pure."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Dict, List, Mapping, NamedTuple

from pagerduty_mattermost.cards.buttons import CLICK, PURPOSE
from pagerduty_mattermost.chat import dialogs
from pagerduty_mattermost.chatops import inquiry
from pagerduty_mattermost.chatops.inquiry_records import LATE, OPEN, KeptInquiry
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import code_span
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, escape, inert, markdown_link
from pagerduty_mattermost.gateways.http.signed_tokens import button_expiry, sign

CHOSEN, FORM, SENT = "inquiry_choice", "inquiry_form", "inquiry_answer"
"""Verbs: of a button that answers, of one that opens a dialog, of that dialog."""
CLICKS, DIALOGS = (CHOSEN, FORM), (SENT,)
PURGE = "purge_inquiries"
"""The setting by which StackStorm ends inquiries whose time is over; off by default."""
_STYLES = {True: "primary", False: "default"}


class InquiryButtons(NamedTuple):
    """What signs them, and where they lead; an empty address: there are none."""

    url: str
    key: str
    zone: tzinfo


def key_of(id: str) -> str:
    """The key of the question's post."""
    return post_key("inquiry", id)


def title(asker: str, execution: str, link: str) -> str:
    """Who asks. `asker`: the action or workflow that waits."""
    where = markdown_link("execution", link) if link else code_span(execution)
    return f":grey_question: **{code_span(clean(asker, 200))} asks** ({where})"


def open_text(kept: KeptInquiry, zone: tzinfo) -> str:
    """The whole post while it waits."""
    lines = [kept.title, escape(inquiry.question(kept.schema))]
    told = []
    if kept.needs > 1:
        told.append(f"{kept.needs} people have to give the same answer")
    if kept.votes:
        told.append("so far: " + _votes(kept))
    if kept.until:
        told.append(f"open until {times.stamp_at(kept.until, zone)}")
    if told:
        lines.append(f"_{'; '.join(told)}_")
    return "\n".join(lines)


def ended_text(kept: KeptInquiry, how: str) -> str:
    """`how`: a line of Markdown: who answered what, or that nobody did."""
    return "\n".join([kept.title, escape(inquiry.question(kept.schema)), how])


def answered_line(kept: KeptInquiry) -> str:
    """Who answered what, as Markdown."""
    names = ", ".join(inert("@" + name) for name in kept.by.split())
    said = escape(inquiry.in_words(kept.schema, kept.answer))
    return (
        f":white_check_mark: {names} answered: **{said}**"
        if said
        else (f":white_check_mark: {names} answered")
    )


def too_late_line(kept: KeptInquiry) -> str:
    """Nobody has answered it, or too few have given the same answer."""
    if kept.votes:
        few = f"Fewer than {kept.needs} people gave the same answer in time"
        return f":hourglass: {few}: {_votes(kept)}."
    return ":hourglass: Nobody answered in time."


def run_out_line(kept: KeptInquiry) -> str:
    """The same, of one that StackStorm waits for still."""
    return f"{too_late_line(kept)} {_goes_on(kept)}"


def never_asked_line(kept: KeptInquiry) -> str:
    """Of one that was over before it was posted."""
    return f":hourglass: Its time was over before it could be asked here. {_goes_on(kept)}"


def refused_line(kept: KeptInquiry, zone: tzinfo) -> str:
    """Why an answer that comes after its time is not taken."""
    said = f"its time was over at {times.stamp_at(kept.until, zone)}"
    return f"{said}. {_goes_on(kept)}" if kept.state in (OPEN, LATE) and not kept.own else said


def _goes_on(kept: KeptInquiry) -> str:
    by_hand = code_span(f"st2 inquiry respond {kept.id}")
    return (
        f"StackStorm waits until it ends the question itself (only with {code_span(PURGE)}); "
        f"{by_hand} still answers it."
    )


def _votes(kept: KeptInquiry) -> str:
    return ", ".join(
        f"{inert('@' + vote.name)} {escape(inquiry.in_words(kept.schema, vote.answer))}"
        for vote in kept.votes.values()
    )


def actions(kept: KeptInquiry, buttons: InquiryButtons, now: float) -> List[Dict[str, Any]]:
    """Buttons that answer, or one that opens a dialog; none where it can't be asked so."""
    if not buttons.url:
        return []
    offered = inquiry.choices(kept.schema)
    if not offered:
        if not inquiry.can_be_asked(kept.schema):
            return []
        return [_button("inquiryform", "Answer…", "primary", {"v": FORM}, kept, buttons, now)]
    made = []
    for place, (label, answer) in enumerate(offered):
        style = "danger" if answer in ({}, None) else _STYLES[place == 0]
        about = {"v": CHOSEN, "x": answer}
        made.append(_button(f"inquiry{place}", label, style, about, kept, buttons, now))
    return made


def props(kept: KeptInquiry, buttons: InquiryButtons, now: float) -> Dict[str, Any]:
    """Of the post, with its key; no buttons where it is over."""
    own = {"pagerduty": {"key": key_of(kept.id)}}
    made = actions(kept, buttons, now) if kept.state == OPEN else []
    if kept.state == OPEN and not made:
        by_hand = f"Answer by {code_span(f'st2 inquiry respond {kept.id}')}"
        return {**own, "attachments": [{"fallback": by_hand, "text": by_hand}]}
    return {**own, "attachments": [{"fallback": "", "actions": made}]} if made else own


def dialog(kept: KeptInquiry, user: str, buttons: InquiryButtons, now: float) -> Dict[str, Any]:
    """The question's dialog as `open_dialog` takes it, but for the trigger id."""
    about = {"v": SENT, "i": kept.id, "u": user, "c": kept.channel_id, "p": kept.post_id}
    shown = {
        "title": "Answer",
        "introduction_text": escape(inquiry.question(kept.schema)),
        "elements": inquiry.elements(kept.schema),
        "submit_label": "Answer",
        "notify_on_cancel": False,
    }
    return dialogs.signed(about, shown, buttons.url, buttons.key, now)


def _button(
    id: str,
    name: str,
    style: str,
    about: Mapping[str, Any],
    kept: KeptInquiry,
    buttons: InquiryButtons,
    now: float,
) -> Dict[str, Any]:
    signed = {**about, "q": kept.id}
    token = sign(buttons.key, PURPOSE, signed, button_expiry(now))
    integration = {"url": buttons.url.rstrip("/") + CLICK, "context": {"token": token}}
    return {"id": id, "name": name, "type": "button", "style": style, "integration": integration}
