"""Where playbooks come from, what is kept of saved ones, and what servers know of what one
names."""

# flake8: noqa: E203

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, List

import pytest
from datastore_double import Service as Datastore
from rooms_world import NOW, RoomsWorld

from pagerduty_mattermost.core.errors import NotFound, RejectedInput, StoreUnreachable
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import state_kinds, state_values
from pagerduty_mattermost.playbooks.kept import KEPT_VERSIONS, KeptPlaybooks
from pagerduty_mattermost.playbooks.library import FILE, MAX_FILES, PACK, SAVED, load
from pagerduty_mattermost.playbooks.validation import MAX_PROBLEMS, validate


def text(name: str = "outage", title: str = "Outage", more: str = "") -> str:
    return (
        f"name: {name}\ntitle: {title}\n{more}stages:\n  - name: First\n"
        "    tasks:\n      - {id: a, text: Do}\n"
    )


@pytest.fixture
def world() -> Iterator[RoomsWorld]:
    with RoomsWorld() as made:
        yield made


def kept_in(datastore: Datastore) -> KeptPlaybooks:
    return KeptPlaybooks(Store(datastore))


# What is kept


def test_each_version_stays_and_the_last_is_in_force() -> None:
    datastore = Datastore()
    kept = kept_in(datastore)
    assert kept.current("outage") is None
    first = kept.save("outage", "one", by="@ada", at=1.0)
    kept.save("outage", "two", by="@bob", at=2.0)
    assert [(one.number, one.text, one.by) for one in kept.history("outage")] == [
        (2, "two", "@bob"),
        (1, "one", "@ada"),
    ]
    assert kept.version("outage", "1") == first
    assert kept.version("outage", first.version) == first
    now = kept.current("outage")
    assert now is not None
    assert now.text == "two"
    assert list(kept.every()) == ["outage"]
    with pytest.raises(NotFound, match="there is no version 3 of outage: kept are 2, 1"):
        kept.version("outage", "3")
    for name in datastore.items:
        kind = state_kinds.kind_of(name[len("pagerduty.") :])
        assert kind.name == "playbooks"
        assert state_values.problem(name[len("pagerduty.") :], {"text": "x", "number": 1}) == ""


def test_the_same_text_again_changes_nothing() -> None:
    datastore = Datastore()
    kept = kept_in(datastore)
    first = kept.save("outage", "one", by="@ada", at=1.0)
    before = dict(datastore.items)
    assert kept.save("outage", "one", by="@bob", at=9.0) == first
    assert datastore.items == before


def test_the_last_ten_versions_are_kept() -> None:
    kept = kept_in(Datastore())
    for number in range(1, 15):
        kept.save("outage", f"text {number}", by="", at=float(number))
    numbers = [one.number for one in kept.history("outage")]
    assert numbers == list(range(14, 14 - KEPT_VERSIONS, -1))


def test_what_is_deleted_stays_in_the_history() -> None:
    kept = kept_in(Datastore())
    kept.save("outage", "one", by="@ada", at=1.0)
    assert kept.delete("outage", by="@bob", at=2.0)
    assert not kept.delete("outage", by="@bob", at=3.0)
    assert kept.current("outage") is None
    assert kept.every() == {}
    assert [(one.number, one.deleted) for one in kept.history("outage")] == [(2, True), (1, False)]
    kept.save("outage", kept.version("outage", "1").text, by="@ada", at=4.0)
    assert [one.number for one in kept.history("outage")] == [3, 2, 1]


def test_of_two_saved_at_once_none_is_lost() -> None:
    datastore = Datastore()
    one, other = kept_in(datastore), kept_in(datastore)
    saved: List[Any] = []

    def interleave() -> None:
        # The other comes in between reading the history and writing.
        if not saved and len(datastore.calls) >= 3:
            saved.append(None)
            other.save("outage", "theirs", by="@bob", at=1.0)

    datastore.trouble = interleave
    one.save("outage", "mine", by="@ada", at=1.0)
    history = kept_in(datastore).history("outage")
    assert sorted(version.text for version in history) == ["mine", "theirs"]
    assert [version.number for version in history] == [1, 1]
    with pytest.raises(RejectedInput, match="two versions of outage have the number 1: 1-"):
        kept_in(datastore).version("outage", "1")
    assert kept_in(datastore).version("outage", history[0].version) == history[0]


def test_killed_between_its_two_writes_the_version_stands_and_a_retry_ends_it() -> None:
    datastore = Datastore()
    kept = kept_in(datastore)
    kept.save("outage", "one", by="", at=1.0)

    def dies_at_the_second_write() -> None:
        if datastore.calls.count("set") > 3:
            raise OSError("gone")

    datastore.trouble = dies_at_the_second_write
    with pytest.raises(StoreUnreachable):
        KeptPlaybooks(Store(datastore, sleep=lambda s: None)).save("outage", "two", by="", at=2.0)
    datastore.trouble = lambda: None
    now = kept.current("outage")
    assert now is not None
    assert now.text == "one"
    assert kept.history("outage")[0].text == "two"
    kept.save("outage", "two", by="", at=3.0)
    now = kept.current("outage")
    assert now is not None
    assert now.text == "two"


# Where they come from


def test_saved_ones_come_before_files_and_files_before_the_packs(
    world: RoomsWorld, tmp_path: Path
) -> None:
    assert [one.playbook.name for one in load(world.context()).playbooks] == ["major-incident"]
    (tmp_path / "a.yaml").write_text(text("major-incident", "From a file"))
    (tmp_path / "b.yml").write_text(text("other"))
    (tmp_path / "notes.txt").write_text("none of ours")
    folder = str(tmp_path)
    found = load(world.context(playbook_dir=folder))
    assert [(one.playbook.name, one.source) for one in found.playbooks] == [
        ("major-incident", FILE),
        ("other", FILE),
    ]
    kept_in(world.datastore).save("other", text("other", "Saved"), by="@ada", at=NOW)
    other = load(world.context(playbook_dir=folder)).get(" Other ")
    assert (other.playbook.title, other.source, other.by, other.number) == (
        "Saved",
        SAVED,
        "@ada",
        1,
    )
    assert load(world.context()).get("major-incident").source == PACK


def test_an_invalid_file_hides_no_other_and_is_named(world: RoomsWorld, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text("good"))
    (tmp_path / "b.yaml").write_text("name: bad\ntitle: [\n")
    (tmp_path / "c.yaml").write_bytes(b"name: \xff\xfe")
    (tmp_path / "d.yaml").mkdir()
    (tmp_path / "e.yaml").write_text(text("good"))
    found = load(world.context(playbook_dir=str(tmp_path)))
    assert [one.playbook.name for one in found.playbooks] == ["good", "major-incident"]
    told = {Path(one.place).name: str(one.problems[0]) for one in found.broken}
    assert set(told) == {"b.yaml", "c.yaml", "d.yaml", "e.yaml"}
    assert "line 3" in told["b.yaml"]
    assert "this file is no UTF-8" in told["c.yaml"]
    assert "this file can't be read here" in told["d.yaml"]
    assert "good stands in a.yaml already" in told["e.yaml"]


def test_a_folder_that_is_not_there_is_named(world: RoomsWorld, tmp_path: Path) -> None:
    found = load(world.context(playbook_dir=str(tmp_path / "gone")))
    assert [one.playbook.name for one in found.playbooks] == ["major-incident"]
    assert "this folder can't be read here: No such file" in str(found.broken[0].problems[0])


def test_of_very_many_files_the_first_are_read(world: RoomsWorld, tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number:04}.yaml").write_text("name: x")
    broken = load(world.context(playbook_dir=str(tmp_path))).broken
    assert len(broken) == MAX_FILES + 1
    assert "201 files, the first 200 are read" in str(broken[-1].problems[0])


def test_a_saved_one_that_does_not_read_makes_room_for_the_packs(world: RoomsWorld) -> None:
    kept = kept_in(world.datastore)
    kept.save("major-incident", "name: major-incident\n", by="", at=NOW)
    kept.save("renamed", text("other"), by="", at=NOW)
    found = load(world.context())
    assert [(one.playbook.name, one.source) for one in found.playbooks] == [
        ("major-incident", PACK)
    ]
    assert [one.place for one in found.broken] == [
        "the saved playbook major-incident",
        "the saved playbook renamed",
    ]
    assert "was saved as renamed" in str(found.broken[1].problems[0])


def test_an_unknown_name_is_refused_with_the_nearest(world: RoomsWorld) -> None:
    found = load(world.context())
    with pytest.raises(NotFound, match="no playbook 'major'; did you mean major-incident"):
        found.get("major")
    with pytest.raises(NotFound, match="no playbook 'x'; there are major-incident"):
        found.get("x")


# What servers know

NAMES = """teams: [ops, nowhere]
who: {start: ["@ada", "@nobody", "~ops", "team:Payments", "team:None"]}
choose: {priorities: [P1, P9], services: [Checkout API, Chekout API]}
room: {team: nowhere, invite: [on_call, "@ada", "@ghost", "group:dba"]}
commander: "@grace"
roles: [{name: scribe, default: "@phantom"}]
updates: {broadcast: [~incidents, ~nothing]}
retro: {channel: ~postmortems}
"""


def lines(world: RoomsWorld, more: str, **asked: Any) -> List[str]:
    return list(validate(world.context(), text(more=more), **asked).lines)


def test_what_a_playbook_names_is_looked_for(world: RoomsWorld) -> None:
    assert lines(world, NAMES) == [
        "line 3: teams, entry 2: unknown team nowhere",
        "line 4: who, start, entry 2: unknown user @nobody",
        "line 4: who, start, entry 5: unknown PagerDuty team None",
        "line 5: choose, priorities, entry 2: unknown priority P9",
        "line 5: choose, services, entry 2: unknown service Chekout API; did you mean "
        "Checkout API?",
        "line 6: room, invite, entry 3: unknown user @ghost",
        "line 6: room, invite, entry 4: this Mattermost has no custom user groups, which need a "
        "paid edition",
        "line 6: room, team: unknown team nowhere",
        "line 8: role 1, default: unknown user @phantom",
        "line 9: updates, broadcast, entry 2: unknown channel ~nothing: misspelt, archived, or "
        "private and you are no member",
        "line 10: retro, channel: unknown channel ~postmortems: misspelt, archived, or private "
        "and you are no member",
    ]


def test_names_within_conditions_are_looked_for(world: RoomsWorld) -> None:
    made = validate(
        world.context(),
        "name: a\ntitle: A\nstages:\n  - name: First\n    tasks:\n      - id: a\n"
        "        text: Do\n"
        "        assign: '@ghost'\n        when:\n"
        "          - {services: [Nowhere], assign: '@phantom', due: 5m}\n",
    )
    assert [one.why for one in made.problems] == [
        "unknown user @ghost",
        "unknown service Nowhere",
        "unknown user @phantom",
    ]


def test_a_private_channel_is_unknown_to_who_is_no_member(world: RoomsWorld) -> None:
    secret = world.chat.add_channel(
        "board", "Board", private=True, members=["ada", world.world.bot]
    )
    world.chat.add_channel("hidden", "Hidden", private=True, members=["ada"])
    more = "updates: {broadcast: [~board, ~hidden]}\n"
    assert world.chat.channel(secret).name == "board"
    assert len(lines(world, more, asker=world.user("ada"))) == 1
    told = lines(world, more, asker=world.user("grace"))
    assert [line.replace("board", "X").replace("hidden", "X") for line in told] == [
        "line 3: updates, broadcast, entry 1: unknown channel ~X: misspelt, archived, or private "
        "and you are no member",
        "line 3: updates, broadcast, entry 2: unknown channel ~X: misspelt, archived, or private "
        "and you are no member",
    ]


@pytest.mark.parametrize("kind", ["status", "drop", "html", "bad_json", "empty"])
def test_a_server_that_does_not_answer_proves_nothing(world: RoomsWorld, kind: str) -> None:
    world.sandbox.mattermost.faults.add(kind, path="/api/v4", status=500)
    world.sandbox.pagerduty.faults.add(kind, status=500)
    made = validate(world.context(), text(more=NAMES))
    assert made.playbook is not None
    assert made.problems == ()
    assert [line.split(":")[0] for line in made.unchecked] == [
        "Mattermost could not be asked",
        "PagerDuty could not be asked",
    ]


def test_without_mattermost_only_pagerduty_is_asked(world: RoomsWorld) -> None:
    from pagerduty_mattermost.gateways.context import Context

    raw = {key: value for key, value in world.raw().items() if key != "mattermost"}
    made = validate(Context(raw, world.datastore, world.log), text(more=NAMES))
    assert {one.why.split(" ")[1] for one in made.problems} == {"priority", "service", "PagerDuty"}
    assert made.unchecked == ("Mattermost could not be asked: Mattermost is not configured",)


def test_nothing_is_asked_where_nobody_wants_it(world: RoomsWorld) -> None:
    before = len(world.sandbox.journal.entries)
    assert lines(world, NAMES, ask_servers=False) == []
    assert len(world.sandbox.journal.entries) == before


def test_of_very_many_problems_the_first_are_shown(world: RoomsWorld) -> None:
    rows = "".join(f"      - {{id: t{number}}}\n" for number in range(60))
    made = validate(
        world.context(), f"name: a\ntitle: A\nstages:\n  - name: F\n    tasks:\n{rows}"
    )
    assert len(made.problems) == 60
    assert len(made.lines) == MAX_PROBLEMS + 1
    assert made.lines[-1] == "… and 20 more"


def test_further_checks_are_said_with_their_line(world: RoomsWorld) -> None:
    made = validate(
        world.context(),
        text(),
        further=lambda playbook: [(("stages", 0, "tasks", 0, "run"), f"not in {playbook.name}")],
    )
    assert [str(one) for one in made.problems] == ["line 6: stage 1, task 1, run: not in outage"]
