"""A phrase that somebody typed, from its arrival to an execution of StackStorm's that is watched.

    AliasOrders(...).run(phrase)

The way: which alias takes it, whether they may run it here, what is remembered of it, StackStorm
asked once to run it, its acknowledgement. In a thread of its own, while its giver was answered
already; it is carried out at once or not at all. What goes wrong is told to its giver alone.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any, Callable, Dict, NamedTuple, Sequence

from pagerduty_mattermost.chatops import access, alias_help, aliases
from pagerduty_mattermost.chatops.alias_audit import AliasAudit
from pagerduty_mattermost.chatops.alias_host import (
    AliasHost,
    AliasRun,
    Match,
    NoMatch,
    broken_of,
)
from pagerduty_mattermost.chatops.alias_posts import MAX_PHRASE_CHARACTERS, key_of
from pagerduty_mattermost.chatops.alias_telling import AliasTelling
from pagerduty_mattermost.chatops.alias_watch import AliasWatch
from pagerduty_mattermost.chatops.aliases import Alias
from pagerduty_mattermost.core.config.chatops import ID, ChatopsConfig
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.core.markdown import code_span
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase, PhraseRecords

LOOKED_FOR_SECONDS = (0.3, 1.0, 3.0)
"""After which an execution is looked for whose answer was lost."""


class Phrase(NamedTuple):
    """What somebody typed, or clicked to run again."""

    id: str
    text: str
    user_id: str
    user_name: str
    channel_id: str
    root_id: str = ""
    hook: str = ""


class AliasSurroundings(NamedTuple):
    """What is asked of elsewhere."""

    means: Callable[[Phrase, str], bool]
    """Whether an entry of a right means who gave the phrase, and where."""
    is_private: Callable[[Phrase], bool]
    """Whether what comes of it is for its giver alone, by the channel."""
    seed: Callable[[str], str]
    """Of the key of a post that is to be made."""
    warn: Callable[[str, str], None]
    """Tells operations, once for each matter: the matter, the line."""


class AliasOrders:
    """For several threads."""

    def __init__(
        self,
        config: ChatopsConfig,
        host: AliasHost,
        telling: AliasTelling,
        watch: AliasWatch,
        records: PhraseRecords,
        around: AliasSurroundings,
        audit: AliasAudit,
        log: Any,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config, self._host, self._telling = config, host, telling
        self._watch, self._records, self._around = watch, records, around
        self.audit = audit
        self._log, self._clock, self._sleep = log, clock, sleep

    def run(self, phrase: Phrase) -> None:
        """Raises nothing that can go wrong outside: its giver is told."""
        try:
            problem = self._ran(phrase)
        except PackError as error:
            self._log.warning("A phrase of %s was not run: %s", phrase.user_name, error)
            problem = f"{error}"
        if problem:
            self.refuse(phrase, problem)

    def refuse(self, phrase: Phrase, problem: str) -> None:
        """Its giver is told that it was not run, and why. Raises nothing."""
        typed = code_span(phrase.text[:200])
        self.say(phrase, f":warning: {typed} was not run: {problem}")

    def person_of(self, phrase: Phrase) -> str:
        """Their nickname at StackStorm; empty where all runs as one account."""
        if not self._config.is_personal:
            return ""
        return phrase.user_id if self._config.nickname == ID else phrase.user_name

    def refusal(self, alias: Alias, phrase: Phrase) -> str:
        """Why its giver may not run that alias there; empty where they may."""
        return access.refusal(self._config, alias, lambda entry: self._around.means(phrase, entry))

    def _help(self, phrase: Phrase) -> None:
        """Raises a PackError."""
        means = _remembered(lambda entry: self._around.means(phrase, entry))
        may = [
            alias
            for alias in self._host.aliases()
            if not access.refusal(self._config, alias, means)
        ]
        self.say(phrase, alias_help.helped(may, phrase.text, self._config.trigger))

    def _ran(self, phrase: Phrase) -> str:
        """Why it was not run; empty where it was. Raises a PackError."""
        if len(phrase.text) > MAX_PHRASE_CHARACTERS:
            return f"a phrase has at most {MAX_PHRASE_CHARACTERS} characters"
        person = self.person_of(phrase)
        if alias_help.is_asked(phrase.text):
            self._help(phrase)
            return ""
        try:
            found = self._host.match(phrase.text)
        except NoMatch as error:
            self._name_broken(broken_of(error))
            return f"{error}{self._meant(phrase)}"
        self._name_broken(found.broken)
        problem = self.refusal(found.alias, phrase)
        if problem:
            self.audit.refused(phrase.user_name, found.alias.ref, problem)
            return problem
        kept = self._kept(phrase, found, person)
        self._watch.begin(kept)
        try:
            self._records.write(kept)
            runs = self._started(kept, found, phrase)
        except BaseException:
            self._watch.drop(kept)
            raise
        if not runs:
            self._watch.drop(kept)
            self._records.delete(kept)
            return "StackStorm did not take it; nothing runs. Say it again"
        for number, run in enumerate(runs):
            one = kept if not number else self._further(kept, number)
            self._follow(one, found, run)
        return ""

    def _kept(self, phrase: Phrase, found: Match, person: str) -> KeptPhrase:
        extra = found.alias.result.get("extra")
        said = extra.get("mattermost") if isinstance(extra, dict) else None
        own = said.get("ephemeral") if isinstance(said, dict) else None
        private = own if isinstance(own, bool) else self._around.is_private(phrase)
        kept = KeptPhrase(
            phrase.id,
            phrase.text,
            found.alias.ref,
            found.alias.action,
            phrase.user_id,
            phrase.user_name,
            phrase.channel_id,
            self._clock(),
            person,
            phrase.root_id,
            phrase.hook,
            private,
        )
        return kept._replace(seed=self._around.seed(key_of(kept)))

    def _further(self, kept: KeptPhrase, number: int) -> KeptPhrase:
        """Of a phrase that asks for several executions: the record of one more."""
        more = kept._replace(id=further_id(kept.id, number))
        return more._replace(seed=self._around.seed(key_of(more)))

    def _started(self, kept: KeptPhrase, found: Match, phrase: Phrase) -> Sequence[AliasRun]:
        """The executions; () where there is none. Raises a PackError where StackStorm refuses it,
        and where it is not known: then it is looked for later."""
        try:
            return self._host.execute(found, phrase.text, phrase.user_name, kept.person, kept.mark)
        except RetryLater as error:
            if not error.maybe_done:
                self._records.delete(kept)
                raise
            self._log.warning(
                "Whether StackStorm runs %s has to be found out: %s", kept.alias, error
            )
        except PackError as error:
            self._records.delete(kept)
            self.audit.refused(phrase.user_name, kept.alias, str(error))
            raise
        for pause in LOOKED_FOR_SECONDS:
            self._sleep(pause)
            try:
                ids = self._host.executions_of(kept.mark, kept.action, kept.at)
            except PackError as error:
                self._log.warning("StackStorm can't be asked: %s", error)
                continue
            if ids:
                return [AliasRun(id, "") for id in ids]
        raise RetryLater(
            "StackStorm does not say whether it runs. If it does, what comes of it is posted"
        )

    def _follow(self, kept: KeptPhrase, found: Match, run: AliasRun) -> None:
        """Acknowledged at once, remembered, watched. What fails here is made good when it is
        told."""
        kept = kept._replace(execution=run.execution, link=run.link, secret=run.secret)
        if found.alias.is_acknowledged:
            with_link = found.alias.ack.get("append_url", True) is not False
            try:
                kept = self._telling.acknowledge(kept, run.message, with_link=with_link)
            except PackError as error:
                self._log.warning("Execution %s is not acknowledged: %s", run.execution, error)
        try:
            self._records.write(kept)
        except PackError as error:
            self._log.warning("Execution %s is not remembered: %s", run.execution, error)
        self.audit.ran(kept)
        self._watch.add(kept)  # last: once it is told its record goes

    def _meant(self, phrase: Phrase) -> str:
        try:
            near = aliases.nearest(phrase.text, self._host.aliases())
        except PackError:
            near = ""
        meant = f"; did you mean {code_span(near)}?" if near else ""
        return f"{meant or ';'} `/{self._config.trigger} help` lists what there is"

    def _name_broken(self, broken: Sequence[str]) -> None:
        for line in broken:
            ref = line.partition(":")[0]
            self._around.warn(
                f"alias {ref}",
                f"The alias {code_span(ref)} does not compile, and StackStorm itself answers "
                f"every phrase with an error because of it: {code_span(line)}. Mend or disable it",
            )

    def say(self, phrase: Phrase, text: str) -> None:
        """To its giver alone. Raises nothing."""
        kept = KeptPhrase(
            phrase.id,
            phrase.text,
            "",
            "",
            phrase.user_id,
            phrase.user_name,
            phrase.channel_id,
            self._clock(),
            hook=phrase.hook,
        )
        try:
            self._telling.answer(kept, text)
        except PackError as error:
            self._log.warning("%s could not be answered: %s", phrase.user_name, error)


def _remembered(means: access.Means) -> access.Means:
    """The same, each entry looked at once."""
    known: Dict[str, bool] = {}

    def looked(entry: str) -> bool:
        if entry not in known:
            known[entry] = means(entry)
        return known[entry]

    return looked


def further_id(id: str, number: int) -> str:
    """Of the order's n-th execution: the same each time."""
    return hashlib.sha256(f"{id} {number}".encode()).hexdigest()[:32]
