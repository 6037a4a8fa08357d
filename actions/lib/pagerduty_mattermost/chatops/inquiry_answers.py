"""Answers to inquiries, given in Mattermost: checked, counted where several people have to agree,
and given to StackStorm once. In the chat sensor, one at a time for each inquiry.

The answer is remembered before StackStorm is given it; what a killed process left is given again.
StackStorm takes one answer alone, so that a workflow goes on once.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Set, Tuple

from pagerduty_mattermost.chat.passed_on import PassedOn, PassedOnAnswer
from pagerduty_mattermost.chatops import inquiry, inquiry_posts
from pagerduty_mattermost.chatops.alias_audit import AliasAudit
from pagerduty_mattermost.chatops.alias_host import is_execution
from pagerduty_mattermost.chatops.inquiry_asking import SETTLED_SECONDS, InquiryAsking
from pagerduty_mattermost.chatops.inquiry_posts import FORM, InquiryButtons
from pagerduty_mattermost.chatops.inquiry_records import (
    DONE,
    GIVEN,
    LATE,
    OPEN,
    TAKEN,
    InquiryRecords,
    KeptInquiry,
    Vote,
)
from pagerduty_mattermost.chatops.waiting_workflows import WaitingWorkflows
from pagerduty_mattermost.core.config.chatops import ID, ChatopsConfig
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.gateways.mattermost.client import Mattermost

NOT_ALONE = (
    "it is for some at StackStorm, and nobody's own account is known here: an administrator sets "
    "chatops.service_user"
)
NOT_YOU = "it is for others at StackStorm"
REFUSED = "StackStorm does not let you answer it"
TRIED_AGAIN = "StackStorm does not answer; your answer is kept, and given again within a minute"
WAIT_SECONDS = 20.0
"""How long an answer waits for another one to the same inquiry."""


class Answerer(NamedTuple):
    """Who answers a question, in Mattermost."""

    user_id: str
    name: str


class InquiryAnswers:
    """For several threads. `api`, `asking`, `workflows`: None where there is no StackStorm, and
    the questions of this pack's own actions are all there is. `say`: tells one person something:
    their id, the line. `means`: whether an entry of a right means a user in a channel: both ids,
    the entry."""

    def __init__(
        self,
        config: ChatopsConfig,
        api: Optional[Any],
        asking: Optional[InquiryAsking],
        records: InquiryRecords,
        mattermost: Callable[[], Mattermost],
        buttons: InquiryButtons,
        say: Callable[[str, str], None],
        means: Callable[[str, str, str], bool],
        log: Any,
        clock: Callable[[], float] = time.time,
        audit: Optional[AliasAudit] = None,
        workflows: Optional[WaitingWorkflows] = None,
    ) -> None:
        self._config, self._api, self._asking = config, api, asking
        self._audit, self._workflows = audit, workflows
        self._records, self._mattermost = records, mattermost
        self._buttons, self._say, self._means = buttons, say, means
        self._log, self._clock = log, clock
        self._changed = threading.Condition()
        self._busy: Set[str] = set()

    def clicked(self, call: PassedOn) -> None:
        """A button: answered, or the dialog opened. Raises nothing that can go wrong outside."""
        id, answer = str(call.about.get("q")), call.about.get("x")
        who = Answerer(call.user_id, call.user_name)
        if call.verb == FORM:
            self._told(call, id, lambda: self._opened(id, call))
        else:
            given = answer if isinstance(answer, dict) else {}
            self._told(call, id, lambda: self._answered(id, who, given, call))

    def _told(self, call: PassedOn, id: str, work: Callable[[], str]) -> None:
        """Carried out; why it was not is said to whoever asked for it."""
        try:
            problem = work()
        except PackError as error:
            self._log.warning("An answer to inquiry %s was not taken: %s", id, error)
            problem = str(error)
        if problem:
            self._say(call.user_id, f":warning: Not answered: {problem}")

    def sent(self, call: PassedOn) -> Tuple[PassedOnAnswer, Callable[[], None]]:
        """A dialog: what is wrong in it, or what carries it out."""
        id, nothing = str(call.about.get("i")), (lambda: None)
        try:
            kept = self._records.read(id) or self._again(id, call)
        except PackError as error:
            return PassedOnAnswer(f":warning: {error}"), nothing
        if kept is None:
            return PassedOnAnswer(f":warning: {self._over(id)}"), nothing
        answer, wrong = inquiry.answered(kept.schema, call.submission)
        if wrong:
            return PassedOnAnswer(errors=wrong), nothing
        return PassedOnAnswer(), lambda: self._from_dialog(id, call, answer)

    def own_is_seen_to(self, kept: KeptInquiry) -> None:
        """An action's own question, which that action ends; but for one that was killed, and for
        an answer that was. Raises a PackError."""
        if kept.state == GIVEN:
            with self._alone(kept.id):
                self._give(self._records.read(kept.id) or kept)
            return
        if kept.until and self._clock() > kept.until + SETTLED_SECONDS:
            with self._alone(kept.id):
                self.end_unanswered(self._records.read(kept.id) or kept)

    def is_over(self, kept: KeptInquiry) -> bool:
        """Whether its time is, by the clock: StackStorm may wait for ever."""
        return bool(kept.until) and self._clock() > kept.until

    def end_unanswered(self, kept: KeptInquiry) -> None:
        """Close an inquiry whose time is over. Raises a PackError."""
        if kept.state != DONE:
            done = kept._replace(state=DONE)
            self._end(done, inquiry_posts.too_late_line(done))

    def _from_dialog(self, id: str, call: PassedOn, answer: Dict[str, Any]) -> None:
        who = Answerer(call.user_id, self._name_of(call))
        self._told(call, id, lambda: self._answered(id, who, answer, call))

    def _name_of(self, call: PassedOn) -> str:
        """Of a dialog Mattermost says the id alone."""
        try:
            return call.user_name or self._mattermost().user(call.user_id).username
        except PackError:
            return ""

    def _opened(self, id: str, call: PassedOn) -> str:
        kept = self._records.read(id) or self._again(id, call)
        if kept is None or kept.state != OPEN or self.is_over(kept):
            return self._over(id, kept)
        made = inquiry_posts.dialog(kept, call.user_id, self._buttons, self._clock())
        self._mattermost().open_dialog(call.trigger, made)
        return ""

    def _answered(self, id: str, who: Answerer, answer: Dict[str, Any], call: PassedOn) -> str:
        """Why it was not taken; empty where it was. Raises a PackError."""
        problem = self._took(id, who, answer, call)
        if not problem:
            try:
                self._seen_to(id)
            except PackError as error:
                self._log.warning("The workflow of inquiry %s is read later: %s", id, error)
        return problem

    def _took(self, id: str, who: Answerer, answer: Dict[str, Any], call: PassedOn) -> str:
        with self._alone(id):
            kept = self._records.read(id) or self._again(id, call)
            if kept is None or kept.state != OPEN:
                return self._over(id, kept)
            if self.is_over(kept):
                if not kept.own:
                    self._run_out(kept)
                return self._over(id, kept)
            person = self._person(who)
            problem = self._not_for(kept, who, person)
            if problem:
                return problem
            if kept.needs > 1:
                kept = self._counted(kept, who, answer)
                same = [v.name for v in kept.votes.values() if v.answer == answer]
                if len(same) < kept.needs:
                    self._records.write(kept)
                    self._paint(kept)
                    return ""
            else:
                same = [who.name]
            given = inquiry.with_name(kept.schema, answer, " ".join(same))
            kept = kept._replace(state=GIVEN, answer=given, by=" ".join(same), person=person)
            self._records.write(kept)
            return self._give(kept)

    @staticmethod
    def _counted(kept: KeptInquiry, who: Answerer, answer: Dict[str, Any]) -> KeptInquiry:
        """Everybody counts once, with what they answered last."""
        return kept._replace(votes={**kept.votes, who.user_id: Vote(who.name, answer)})

    def _person(self, who: Answerer) -> str:
        if not self._config.is_personal:
            return ""
        return who.user_id if self._config.nickname == ID else who.name

    def _not_for(self, kept: KeptInquiry, who: Answerer, person: str) -> str:
        """Why this person may not answer it, where some alone may."""
        if kept.own:
            may = [self._means(who.user_id, kept.channel_id, entry) for entry in kept.who]
            return "" if any(may) or not may else f"it is for {', '.join(kept.who)}"
        assert self._api is not None  # it is StackStorm's
        assert self._asking is not None
        if not kept.some:
            if person:
                self._api.known(person)
            return ""
        if not person:
            return NOT_ALONE
        if kept.needs == 1:
            return ""  # StackStorm itself says so
        found = self._asking.read(kept.id)
        told = self._api.call("GET", "/user", person=person)
        return "" if found is not None and inquiry.is_among(found.inquiry, told) else NOT_YOU

    def _give(self, kept: KeptInquiry) -> str:
        """Why StackStorm did not take it; empty where it did. Raises a PackError where that is not
        known: it is given again then."""
        if kept.own:
            self._done(kept)
            return ""
        assert self._api is not None  # it is StackStorm's
        if self._workflows is not None:
            self._workflows.before(kept)
        path = f"/inquiries/{kept.id}"
        body = {"id": kept.id, "response": dict(kept.answer)}
        try:
            self._api.call("PUT", path, body, person=kept.person)
        except RetryLater as error:
            self._log.warning("Inquiry %s is answered again: %s", kept.id, error)
            return TRIED_AGAIN
        except (RejectedInput, NotFound) as error:
            if "already been responded" in str(error) and self._answer_of(kept.id)[1] == dict(
                kept.answer
            ):
                self._done(kept)
                return ""
            if "did not pass schema" in str(error):
                return self._taken_back(kept, inquiry.why_refused(str(error)))
            self._settle(kept)
            return inquiry.why_refused(str(error))
        except Unauthorized as error:
            if error.status != 403:
                raise
            return self._taken_back(kept, REFUSED)
        self._done(kept)
        return ""

    def _taken_back(self, kept: KeptInquiry, why: str) -> str:
        """It waits on, without the answer that StackStorm did not take."""
        back = kept._replace(state=OPEN, answer={}, by="", person="")
        self._records.write(back)
        self._paint(back)
        return why

    def _answer_of(self, id: str) -> Tuple[str, Optional[Dict[str, Any]]]:
        assert self._asking is not None  # where there is an API
        return self._asking.answer_of(id)

    def _done(self, kept: KeptInquiry) -> None:
        state = TAKEN if kept.parent and self._workflows is not None else DONE
        kept = kept._replace(state=state, taken=self._clock())
        self._end(kept, inquiry_posts.answered_line(kept))
        if self._audit is not None:
            said = inquiry.in_words(kept.schema, kept.answer)
            self._audit.answered(kept.by, kept.id, said, kept.at)

    def _seen_to(self, id: str) -> None:
        """Of one whose answer was taken: its workflow goes on. Raises a PackError."""
        kept = self._records.read(id)
        if kept is None or kept.state != TAKEN or self._workflows is None:
            return
        if self._workflows.went_on(kept):
            self._records.write(kept._replace(state=DONE))

    def settled(self, kept: KeptInquiry) -> None:
        """One that waits no more, whose answer was given or whose time is over: how it is now.
        Raises a PackError."""
        with self._alone(kept.id):
            self._settle(self._records.read(kept.id) or kept)
        self._seen_to(kept.id)

    def _settle(self, kept: KeptInquiry) -> None:
        if kept.state in (TAKEN, DONE):
            return
        status, response = self._answer_of(kept.id)
        if status == "pending":
            if kept.state == GIVEN:
                self._give(kept)
            elif kept.state == OPEN and self.is_over(kept):
                self._run_out(kept)
            return
        if kept.state == GIVEN and response == dict(kept.answer):
            self._done(kept)
            return
        done = kept._replace(state=DONE, answer=response or {}, by="")
        if status == "timeout":
            self._end(done, inquiry_posts.too_late_line(done))
        elif response is not None:
            said = escape(inquiry.in_words(kept.schema, response))
            self._end(done, f":white_check_mark: Answered elsewhere: **{said}**")
        else:
            self._end(done, f":no_entry: It ended without an answer ({escape(status)}).")

    def _run_out(self, kept: KeptInquiry) -> None:
        """Its time is over, and StackStorm waits for it still. Raises a PackError."""
        late = kept._replace(state=LATE)
        self._end(late, inquiry_posts.run_out_line(late))

    def _end(self, kept: KeptInquiry, how: str) -> None:
        """Its post says so, without buttons; then it is remembered as over."""
        text = inquiry_posts.ended_text(kept, how)
        self._patch(kept, text, inquiry_posts.props(kept, self._buttons, self._clock()))
        self._records.write(kept)

    def _paint(self, kept: KeptInquiry) -> None:
        text = inquiry_posts.open_text(kept, self._buttons.zone)
        self._patch(kept, text, inquiry_posts.props(kept, self._buttons, self._clock()))

    def _patch(self, kept: KeptInquiry, text: str, props: Mapping[str, Any]) -> None:
        """What was deleted or archived stays so."""
        try:
            self._mattermost().patch_post(kept.post_id, message=text, props=props)
        except NotFound as error:
            self._log.info("The post of inquiry %s is gone: %s", kept.id, error)
        except PackError as error:
            if not is_archived(error):
                raise
            self._log.info("The post of inquiry %s stays as it is: %s", kept.id, error)

    def _again(self, id: str, call: PassedOn) -> Optional[KeptInquiry]:
        """One whose key is not there: clicked at once, or lost. None where it waits no more."""
        if self._asking is None or not is_execution(id):
            return None
        found = self._asking.read(id)
        post_id = call.post_id or str(call.about.get("p") or "")
        return self._asking.kept_of(found, call.channel_id, post_id) if found is not None else None

    def _over(self, id: str, kept: Optional[KeptInquiry] = None) -> str:
        kept = kept or self._records.read(id)
        if kept is not None and kept.answer:
            names = ", ".join(f"@{name}" for name in kept.by.split())
            said = inquiry.in_words(kept.schema, kept.answer)
            return f"{names or 'somebody'} answered already: {said}"
        if kept is not None and self.is_over(kept):
            return inquiry_posts.refused_line(kept, self._buttons.zone)
        return "it is answered already, or its time is over"

    @contextmanager
    def _alone(self, id: str) -> Iterator[None]:
        """One at a time; the others wait. Raises RetryLater where that takes too long."""
        with self._changed:
            if not self._changed.wait_for(lambda: id not in self._busy, WAIT_SECONDS):
                raise RetryLater("somebody else is just answering it: try again")
            self._busy.add(id)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(id)
                self._changed.notify_all()
