"""The proof of a timeline: whatever is changed in an exported one is named, and so is what the
sources tell otherwise than when it was sealed."""

from __future__ import annotations

import copy
import json
import random
from typing import Any, Dict, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews import proof
from pagerduty_mattermost.reviews.timeline import KINDS, TimelineEntry

INCIDENT = Incident("PINC1", 12, "Disk full", url="https://acme.example/incidents/PINC1")
SEALED_AT = 1_795_100_000.0


def entries(count: int = 12) -> Tuple[TimelineEntry, ...]:
    return tuple(
        TimelineEntry(
            1_795_000_000.0 + 61.007 * n,
            KINDS[n % len(KINDS)],
            f"thing {n}",
            f"log:R{n}",
            f"said {n}" if n % 3 else "",
            f"https://chat.example/{n}",
        )
        for n in range(count)
    )


def sealed() -> Tuple[Dict[str, Any], proof.Seal]:
    found = entries()
    seal = proof.seal_of(INCIDENT.id, found, SEALED_AT)
    document = json.loads(json.dumps(proof.document_of(INCIDENT, found, SEALED_AT)))
    return document, seal


def test_an_untouched_document_is_as_it_was() -> None:
    document, seal = sealed()
    assert proof.changes_of(document, seal) == []
    assert document["head"] == seal.head
    assert proof.seal_from(json.loads(json.dumps(proof.to_value(seal)))) == seal


def edited(document: Dict[str, Any], dice: random.Random) -> str:
    """One random change; what has to be named of it."""
    rows = document["entries"]
    place = dice.randrange(len(rows))
    row = rows[place]
    how = dice.choice(["text", "quote", "at", "kind", "source", "digest", "gone", "new", "moved"])
    if how in ("text", "quote"):
        row[how] += dice.choice(["!", " ", "\u200b", "x" * 50])
    elif how == "at":
        row["at"] = row["at"].replace("2026", "2025")
    elif how == "kind":
        row["kind"] = next(kind for kind in KINDS if kind != row["kind"])
    elif how == "source":
        row["source"] += "0"
    elif how == "digest":
        row["digest"] = "0" * proof.DIGEST_DIGITS
    elif how == "gone":
        del rows[place]
        return f"entry {place + 1} ("
    elif how == "new":
        rows.insert(place, {**row, "text": "never happened", "source": "log:NEW"})
    else:
        other = (place + 1 + dice.randrange(len(rows) - 1)) % len(rows)
        rows[place], rows[other] = rows[other], rows[place]
        return "stands in another place"
    return f"entry {place + 1} ("


def test_each_of_ten_thousand_random_changes_is_named() -> None:
    original, seal = sealed()
    for seed in range(10_000):
        dice, document = random.Random(seed), copy.deepcopy(original)
        wanted = edited(document, dice)
        told = proof.changes_of(document, seal)
        assert any(wanted in line for line in told), (seed, wanted, told)


def test_whoever_makes_the_whole_chain_anew_is_found_out() -> None:
    _, seal = sealed()
    forged = (*entries()[:3], *(one._replace(text=f"{one.text}.") for one in entries()[3:4]))
    told = proof.changes_of(proof.document_of(INCIDENT, forged, SEALED_AT), seal)
    assert "its head is not the one that was sealed" in told
    assert any(line.startswith("entry 4 (") and line.endswith("was changed") for line in told)
    assert sum(line.endswith("is missing") for line in told) == 8


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"head": "0" * 64}, "head"),
        ({"sealed_at": ""}, "sealing"),
        ({"incident": {"id": "POTHER"}}, "another incident"),
    ],
)
def test_what_stands_around_the_entries_counts_too(change: Dict[str, Any], line: str) -> None:
    document, seal = sealed()
    assert line in " ".join(proof.changes_of({**document, **change}, seal))


@pytest.mark.parametrize("wrong", [None, [], {}, {"entries": [1]}, {"entries": [{"at": "soon"}]}])
def test_what_is_no_timeline_is_refused_in_one_line(wrong: Any) -> None:
    with pytest.raises(RejectedInput, match="timeline"):
        proof.changes_of(wrong, sealed()[1])


def test_the_sources_are_compared_by_what_is_there_and_was_written() -> None:
    seal = proof.seal_of(INCIDENT.id, entries(), SEALED_AT)
    now = list(entries())
    renamed = [one._replace(text=one.text.upper(), link="") for one in now]
    assert proof.changed_since(seal, renamed) == [], "a new name changes nothing"
    assert (
        proof.changed_since(seal, [*now, now[0]._replace(at=SEALED_AT + 1, source="log:N")]) == []
    )
    told = proof.changed_since(seal, now[1:])
    assert len(told) == 1
    assert "log:R0) is gone" in told[0]
    now[4] = now[4]._replace(quote="said otherwise")
    assert "reads otherwise" in " ".join(proof.changed_since(seal, now))
    now[4] = entries()[4]._replace(at=5.0)
    assert "has another time" in " ".join(proof.changed_since(seal, now))
    late = [*entries(), entries()[2]._replace(source="log:LATE")]
    assert "was not there" in " ".join(proof.changed_since(seal, late))


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_a_time_reads_back_to_the_millisecond(at_ms: int) -> None:
    (found,) = proof.entries_of({"entries": [{"at": proof.iso_ms(at_ms)}]})
    assert round(found.at * 1000) == at_ms


@pytest.mark.parametrize("kept", [None, {}, {"v": 2}, {"v": 1, "incident": "P", "at": 1.0}])
def test_a_kept_seal_that_does_not_read_is_none(kept: Any) -> None:
    with pytest.raises(ValueError, match="timeline"):
        proof.seal_from(kept)
