"""Tables for a terminal of 80 columns: nothing that matters is left out."""

from __future__ import annotations

import pytest

from standalone.output import readable, short_executions
from standalone.tables import records, table

HEAD = ("ID", "WHAT", "INCIDENT", "KIND", "WHY", "FAILED LAST", "TIMES")
ROW = (
    "63e643b98cf01ab2",
    "#4 Checkout does not answer, in ~incidents-p1",
    "#4 Checkout does not answer",
    "blocked",
    "There is no channel ~incidents-p1 in the team ops",
    "1 Dec 2026 06:33 UTC",
    "12",
)


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", [80, 90, 120])
def test_an_id_stands_whole_in_a_narrow_table(width: int) -> None:
    text = table([HEAD, ROW], width)
    assert all(len(line) <= width for line in text.splitlines())
    assert any("63e643b98cf01ab2  " in f"{line}  " for line in text.splitlines())
    assert "…" not in text


def test_columns_that_would_be_too_narrow_become_a_block_for_each_row() -> None:
    lines = table([HEAD, ROW, ROW], 80).splitlines()
    assert lines[:7] == [
        "ID           63e643b98cf01ab2",
        "WHAT         #4 Checkout does not answer, in ~incidents-p1",
        "INCIDENT     #4 Checkout does not answer",
        "KIND         blocked",
        "WHY          There is no channel ~incidents-p1 in the team ops",
        "FAILED LAST  1 Dec 2026 06:33 UTC",
        "TIMES        12",
    ]
    assert lines[7] == ""
    assert len(lines) == 15


def test_a_long_name_in_the_first_column_gives_way_last() -> None:
    lines = table([("z" * 60, "y" * 60)], 40, headed=False).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert lines[0].startswith("z" * 13)
    assert "".join(lines).count("y") == 60


def test_a_description_goes_on_in_the_next_line() -> None:
    rows = [("ACTION", "WHAT IT DOES"), ("pagerduty.incident.get", "Read it. " * 20)]
    text = table(rows, 80)
    assert words(text).count("Read it.") == 20
    assert all(len(line) <= 80 for line in text.splitlines())


def test_addresses_and_hashes_stay_whole() -> None:
    address = "https://pagerduty.example/incidents/Q0000001TFGQIP/timeline?" + "x" * 60
    sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    note = f"The timeline is kept: {address} SHA-256 {sha}, made by Ada."
    text = readable(
        "\n".join(
            [
                "| when | who | note |",
                "| --- | --- | --- |",
                f"| 1 Dec 2026 12:57 UTC | Ada Lovelace | {note} |",
            ]
        ),
        80,
    )
    assert address in text
    assert sha in text


def test_a_name_with_a_hash_in_it_fits() -> None:
    sha = "ca3d09eb2506259933d82eb45c24fda9"
    value = f'{{"data":{{"asked":"channel.{sha}","at":1796141075.169,"more":"{"x" * 40}"}}}}'
    rows = [("NAME", "EXPIRES", "VALUE"), (f"pagerduty.channel.{sha}", "3580 s left", value)]
    rows += [(f"pagerduty.incident.Q0000001SN82SH.card.{'x' * 26}", "15551990 s left", value)]
    lines = table(rows, 80).splitlines()
    assert max(map(len, lines)) <= 80, lines
    assert any(line.startswith(sha) for line in lines), "the part that is copied"
    assert "".join(lines).count("x") == 26 + 2 * 40, "nothing of it is left out"


def test_a_time_of_a_list_of_objects_stands_whole() -> None:
    found = [
        {
            "at": "2026-12-01T12:57:03Z",
            "chat_user": "ada",
            "person": "ada.lovelace@a-long-company-name.example",
            "verb": "acknowledge",
            "words": {"a": "b" * 30},
            "result": "succeeded",
            "reason": "",
            "incidents": ["Q0000001TFGQIP"],
        }
    ]
    lines = table(records(found, 80), 80).splitlines()
    assert lines[1].split() == [
        "2026-12-01T12:57:03Z",
        "ada",
        "acknowledge",
        "Q0000001TFGQIP",
        "succeeded",
    ]


def test_an_execution_is_told_whole_in_80_columns() -> None:
    rows = [
        ("ID", "PLANNED", "STATUS", "TRACE", "ACTION", "RULE"),
        (
            "5e0c11aa",
            "2026-12-01T12:57:03+00:00",
            "succeeded",
            "Q0000001TFGQIP",
            "pagerduty.mattermost.post_incident",
            "pagerduty.post_incidents",
        ),
        ("4f0c11aa", "2026-11-30T12:57:03+00:00", "failed", "", "mine.act", ""),
    ]
    lines = table(short_executions(rows, "pagerduty.", "2026-12-01"), 80).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].split()[:4] == ["5e0c11aa", "12:57:03", "succeeded", "Q0000001TFGQIP"]
    joined = "".join(line[45:] for line in lines[1:3]).replace(" ", "")
    assert "mattermost.post_" in joined
    assert [line.split() for line in lines[-1:]] == [
        ["4f0c11aa", "11-30", "12:57:03", "failed", "mine.act"],
    ]


@pytest.mark.parametrize(
    ("today", "shown"),
    [
        ("2026-12-01", "12:57:03"),
        ("2026-12-02", "12-01 12:57:03"),
        ("2027-01-01", "2026-12-01 12:57:03"),
    ],
)
def test_an_execution_of_another_day_has_its_date(today: str, shown: str) -> None:
    rows = [("ID",) * 6, ("5e0c11aa", "2026-12-01T12:57:03+00:00", "succeeded", "", "a.b", "")]
    assert short_executions(rows, "pagerduty.", today)[1][1] == shown


def test_headings_and_blocks_of_code_are_plain_text() -> None:
    report = "### Incidents of 7 days\n\n**3** incidents\n\n```text\nMon  **2** | #\n```\nEnd."
    assert readable(report, 80).splitlines() == [
        "Incidents of 7 days",
        "",
        "3 incidents",
        "",
        "Mon  **2** | #",
        "End.",
    ]
