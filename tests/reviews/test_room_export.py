"""A room with its conversation as a file: what is in it, who gets it, and how much memory a long
one takes."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from model_world import LOG
from review_act import ReviewAct
from runs_case import RunsWorld

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.verbs import exports
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, RetryLater
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.incidents.reader import read_incident
from pagerduty_mattermost.reviews import room_export
from pagerduty_mattermost.reviews.conversation import COLUMNS, FORMS

FORMULA = '=HYPERLINK("https://evil.example")'


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld() as made:
        made.begin()
        yield made


def asked(world: RunsWorld, by: str = "ada", form: str = "", key: str = "k") -> CommandResult:
    command = Command(
        "room_export", world.case.id, text=form, user=marked_id(world.user(by)), key=key
    )
    return exports.room_export(world.context(), command)


def sent(world: RunsWorld, name: str = "ada") -> List[Any]:
    """The files of the newest direct message to somebody, in order: name and text."""
    bot, user = world.world.bot.id, world.user(name)
    state = world.chat.state
    channels = {c.id for c in state.channels.values() if {bot, user} <= set(c.name.split("__"))}
    posts = [p for p in state.posts.values() if p.channel_id in channels and p.file_ids]
    newest = posts[-1]
    files = [state.files[id] for id in newest.file_ids]
    return [(one.name, one.content.decode("utf-8")) for one in files]


def told(world: RunsWorld) -> Any:
    """A conversation: an answer, a file, a formula, a mention, what was deleted."""
    name = world.the_room.name
    first = world.chat.say("ada", name, "The *disk* is full\n@all look")
    world.chat.say("grace", name, "on it", thread=first)
    world.chat.say("linus", name, FORMULA)
    gone = world.chat.say("linus", name, "the password is swordfish")
    with world.chat.lock:
        world.chat.state.delete_post(gone, world.chat.user("linus"))
    bot = world.context()
    file_id = bot.mattermost.upload_file(world.the_room.channel_id, "graph.png", b"png")
    bot.mattermost.create_post(world.the_room.channel_id, "the graph", file_ids=[file_id])
    return first


@pytest.mark.parametrize("form", list(FORMS))
def test_what_is_in_it(world: RunsWorld, form: str) -> None:
    told(world)
    asked(world, form=form)
    ((name, text),) = sent(world)
    assert name == f"room-{world.case.number}.{form}"
    assert "swordfish" not in text
    assert "graph.png" in text
    places = [text.index(words) for words in ("disk", "on it", "HYPERLINK", "the graph")]
    assert places == sorted(places)
    for person in ("ada", "grace", "linus"):
        assert person in text
    assert world.user("ada") not in text or form in ("csv", "json")


def test_a_spreadsheet_takes_no_cell_for_a_formula(world: RunsWorld) -> None:
    first = told(world)
    asked(world, form="csv")
    rows = list(csv.reader(io.StringIO(sent(world)[0][1])))
    assert tuple(rows[0]) == COLUMNS
    by_text = {row[7]: dict(zip(rows[0], row)) for row in rows[1:]}
    assert f"'{FORMULA}" in by_text
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    answer = by_text["on it"]
    assert answer["Parent Post Id"] == first.id
    assert (answer["User Name"], answer["User Type"]) == ("grace", "user")
    assert by_text["the graph"]["Files"] == "graph.png"
    assert by_text["the graph"]["User Type"] == "bot"
    assert {row["Post Type"] for row in by_text.values()} == {"message", "system"}


def test_a_message_ends_where_it_ends(world: RunsWorld) -> None:
    world.chat.say("ada", world.the_room.name, "# no heading\n</td><script>x</script>\n```")
    asked(world, form="md")
    lines = sent(world)[0][1].splitlines()
    assert "> # no heading" in lines
    assert [line for line in lines if line.startswith("#")] == [lines[0]]
    asked(world, form="html", key="k2")
    assert "<script>" not in sent(world)[0][1]
    asked(world, form="json", key="k3")
    document = json.loads(sent(world)[0][1])
    assert document["incident_id"] == world.case.id
    assert any("```" in post["text"] for post in document["posts"])


def test_a_private_room_is_its_members_alone(world: RunsWorld) -> None:
    world.records().save(world.the_room._replace(private=True))
    with pytest.raises(RejectedInput, match="not yours to read"):
        asked(world, "mei")
    asked(world, "grace")
    for user, line in (("@mei", "@mei is no member"), ("", "user: who is it for?")):
        done, said = run(world, user=user)
        assert (done, line in said) == (False, True), said
    done, said = run(world, user="@grace")
    assert done, said


def test_once_for_one_order(world: RunsWorld) -> None:
    asked(world, key="same")
    before = len(world.chat.state.posts)
    asked(world, key="same")
    assert len(world.chat.state.posts) == before


def run(world: RunsWorld, **given: Any) -> Any:
    action = ReviewAct({**world.raw(), **given.pop("config", {})}, world.datastore)
    action.logger, action.clock, action.monotonic = LOG, world.clock, world.clock
    action.sleep = world.sleep
    asked = {"form": "md", "user": "", "file": "", **given}
    return action.run(what="room_export", incident_id=world.case.id, **asked)


def test_below_a_folder_of_the_configuration_alone(world: RunsWorld, tmp_path: Path) -> None:
    told(world)
    path, config = tmp_path / "room.json", {"files": {"folders": [str(tmp_path)]}}
    done, said = run(world, file=str(path))
    assert (done, "files.folders" in said) == (False, True)
    done, said = run(world, file="/etc/room.json", config=config)
    assert (done, "is not below" in said) == (False, True)
    done, result = run(world, file=str(path), form="json", config=config)
    assert done, result
    posts = json.loads(path.read_text(encoding="utf-8"))["posts"]
    assert len(posts) == result["posts"]
    assert path.stat().st_mode & 0o777 == 0o600
    done, said = run(world, file=str(path), config=config)
    assert (done, "can't be made" in said) == (False, True)


def test_nothing_half_is_left(world: RunsWorld, tmp_path: Path) -> None:
    path = f"/channels/{world.the_room.channel_id}/posts"
    world.sandbox.mattermost.faults.add("status", status=500, method="GET", path=path)
    where = tmp_path / "room.html"
    done, said = run(world, file=str(where), config={"files": {"folders": [str(tmp_path)]}})
    assert (done, "Mattermost" in said) == (False, True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RetryLater):
        asked(world)


def test_no_room_no_incident_no_person(world: RunsWorld) -> None:
    with pytest.raises(RejectedInput, match="has no room"):
        room_export.need_room(world.context(), "PNONE")
    done, said = run(world, user="@nobody")
    assert (done, "There is no Mattermost user" in said) == (False, True)


def test_an_adopted_channel_is_older_than_its_incident(world: RunsWorld) -> None:
    world.chat.say("ada", world.the_room.name, "much earlier")
    world.clock.advance(2 * 3600)
    other = world.incident("Later")
    world.chat.say("ada", world.the_room.name, "about it")
    room = world.the_room._replace(incident=other.id, adopted=True)
    context = world.context()
    incident = read_incident(context.pagerduty, other.id)
    assert incident is not None
    out = io.BytesIO()
    room_export.write(context, room, incident, "md", lambda number: out)
    text = out.getvalue().decode("utf-8")
    assert "about it" in text
    assert "much earlier" not in text


@pytest.mark.parametrize(
    ("many", "most"), [(2_000, 20e6), pytest.param(20_000, 100e6, marks=pytest.mark.soak)]
)
def test_many_messages_within_a_bound_of_memory(
    world: RunsWorld, tmp_path: Path, many: int, most: float
) -> None:
    channel = world.chat.channel(world.the_room.channel_id)
    words = "It is slow and we look for the reason of it. " * 6
    for number in range(many):
        world.chat.say("ada", channel, f"{number} {words}")
    config = {"files": {"folders": [str(tmp_path)]}}
    counts: Dict[str, int] = {}
    for form in ("html", "csv"):
        path = tmp_path / f"room.{form}"
        tracemalloc.start()
        done, result = run(world, file=str(path), form=form, config=config)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert done, result
        counts[form] = result["posts"]
        # The sandbox answers in this process; its pages count as well.
        assert peak < most, (form, peak)
        assert path.stat().st_size > 250 * many
    assert set(counts.values()) == {counts["csv"]}
    assert counts["csv"] > many
    tracemalloc.start()
    done, result = run(world, user="@ada", form="json")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert done, result
    assert peak < most
    assert result["posts"] == counts["csv"]
    assert len(sent(world)) == result["parts"] >= 1
    numbers = [
        int(post["text"].split()[0])
        for _, text in sent(world)
        for post in json.loads(text)["posts"]
        if post["user"] == "ada" and post["type"] == "message" and post["text"][0].isdigit()
    ]
    assert numbers == list(range(many))


def test_several_files_where_one_would_be_too_large(
    world: RunsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        world.chat.say("ada", world.the_room.name, f"message {number}")
    monkeypatch.setattr(room_export, "PART_BYTES", 2000)
    for form in FORMS:
        asked(world, form=form, key=form)
        files = sent(world)
        assert len(files) > 1
        assert files[1][0] == f"room-{world.case.number}-2.{form}"
        whole = "".join(text for _, text in files)
        assert all(whole.count(f"message {number}\n") <= 1 for number in range(30))
        assert "message 29" in files[-1][1]
    monkeypatch.setattr(room_export, "PART_BYTES", 10)
    with pytest.raises(RejectedInput, match="too long for a message"):
        asked(world, key="many")


def test_what_is_no_form(world: RunsWorld) -> None:
    with pytest.raises(RejectedInput, match="md, html, csv, json"):
        asked(world, form="pdf")
    with pytest.raises(NotFound):
        exports.room_export(world.context(), Command("room_export", "PNONE12", key="k"))
