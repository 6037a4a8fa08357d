"""Who took part in an incident: each person once, whether they did it at PagerDuty or in
Mattermost, by PagerDuty's name where they have one; and who led it.

    took_part(context, acts, run)    # ("Ada Lovelace (commander)", "bob")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterable, Optional, Tuple

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.reviews.report import NOTIFIED, ReportedAct
from pagerduty_mattermost.runs.acts import Who
from pagerduty_mattermost.runs.people import account_of
from pagerduty_mattermost.runs.records import Run

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

LED = " (commander)"


def took_part(
    context: Context, acts: Iterable[ReportedAct], run: Optional[Run]
) -> Tuple[str, ...]:
    """Plain names. Who was only notified took no part. Raises nothing: where it can't be found out
    which account is whose, both names are given."""
    found = {one.person: one.person_id for one in acts if one.person and one.kind != NOTIFIED}
    there = {act.by.id: act.by for act in run.acts if act.by.id} if run is not None else {}
    leader = run.state.commander if run is not None else Who()
    if leader.id:
        there.setdefault(leader.id, leader)
    names = _by_account(context, found) if there else {}
    led = names.get(leader.id) or leader.name
    everyone = dict.fromkeys([*found, *(names.get(one.id) or one.name for one in there.values())])
    return tuple(f"{name}{LED}" if leader.id and name == led else name for name in everyone)


def _by_account(context: Context, people: Dict[str, str]) -> Dict[str, str]:
    """PagerDuty's names by the id of the Mattermost account that is theirs."""
    found: Dict[str, str] = {}
    for name, id in people.items():
        try:
            account = account_of(context, Reference("user", id, name)) if id else None
        except PackError as error:
            context.log.info("Which account is %s is not known: %s", name, error)
            continue
        if account is not None:
            found[account.id] = name
    return found
