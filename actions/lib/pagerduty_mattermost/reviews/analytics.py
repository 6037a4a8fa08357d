"""A report held against PagerDuty's own analytics of the same incidents: where they differ, and
why they may.

    compared(total, theirs, is_fresh=False)     # a figure each

API reference: Analytics, Get aggregated incident data. It belongs to plans of PagerDuty's that not
every account has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import listed
from pagerduty_mattermost.gateways.pagerduty.rows import rows_of
from pagerduty_mattermost.reviews.report import Figures

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.reviews.reporting import ReportSpan

PATH = "/analytics/metrics/incidents/all"
SAME_SECONDS = 1.0
"""By which two means are the same: analytics gives whole seconds."""
FRESH_SECONDS = 86400.0
"""Analytics may lack what happened since so long ago."""
LATE = "analytics is brought up to date once a day: the end of this time is younger"
FIGURES: Tuple[Tuple[str, str, str], ...] = (
    (
        "incidents",
        "total_incident_count",
        "analytics may leave out incidents that were merged, deleted or are suppressed",
    ),
    (
        "answer_mean",
        "mean_seconds_to_first_ack",
        "analytics counts acknowledgements alone; here the resolve of a person who did not "
        "acknowledge before counts as an answer too",
    ),
    (
        "resolve_mean",
        "mean_seconds_to_resolve",
        "here every incident that is over counts, whoever resolved it and after a reopening up "
        "to its last resolve",
    ),
)
"""The report's figure, that of analytics, and why the two may differ."""


class ComparedFigure(NamedTuple):
    """A figure of the report beside PagerDuty's own."""

    name: str
    ours: Optional[float]
    theirs: Optional[float]
    why: str = ""
    """Why they may differ; empty: they are the same."""


def query_of(span: ReportSpan, zone: str, query: Mapping[str, Any]) -> Dict[str, Any]:
    """The body of the request. Pure."""
    filters: Dict[str, Any] = {
        "created_at_start": times.iso(span.begin),
        "created_at_end": times.iso(span.end),
    }
    filters.update({name: listed(query[name]) for name in query if query[name]})
    return {"filters": filters, "time_zone": "Etc/UTC" if zone == "UTC" else zone}


def read(
    context: Context, span: ReportSpan, query: Mapping[str, Any]
) -> Optional[Mapping[str, Any]]:
    """PagerDuty's figures; None where the account's plan has none. `query`: `service_ids` and
    `team_ids`. Raises the gateway's errors."""
    body = query_of(span, context.settings.time_zone, query)
    try:
        answer = context.pagerduty.request("POST", PATH, None, body)
    except PackError as error:
        if getattr(error, "status", None) in (402, 403, 404):
            return None
        raise
    rows = rows_of(answer, "data")
    return rows[0] if rows else {}


def compared(total: Figures, theirs: Mapping[str, Any], *, is_fresh: bool) -> List[ComparedFigure]:
    """Figure by figure. `is_fresh`: the time ends so late that analytics may lack some of it.
    Pure."""
    found = []
    for name, their_name, why in FIGURES:
        ours, value = getattr(total, name), theirs.get(their_name)
        number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        if name == "incidents":
            number = number or 0
        elif ours is None and not number:
            number = None  # analytics gives 0 for the mean of nothing
        is_same = ours == number or (
            ours is not None and number is not None and abs(ours - number) <= SAME_SECONDS
        )
        words = "" if is_same else f"{why}; {LATE}" if is_fresh else why
        found.append(ComparedFigure(name, ours, number, words))
    return found


def as_lines(figures: Sequence[ComparedFigure]) -> List[str]:
    """For people, as Markdown."""
    names = {"incidents": "incidents", "answer_mean": "MTTA", "resolve_mean": "MTTR"}
    lines = []
    for one in figures:
        ours, theirs = (_shown(one.name, value) for value in (one.ours, one.theirs))
        said = f"{names[one.name]}: {ours}, PagerDuty's analytics {theirs}"
        lines.append(f"- {said}" + (f" ({one.why})" if one.why else ""))
    return lines


def _shown(name: str, value: Optional[float]) -> str:
    if value is None:
        return "–"
    return str(int(value)) if name == "incidents" else times.duration(value)
