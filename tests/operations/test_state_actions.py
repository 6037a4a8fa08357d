"""state.show, .export, .import and .reset, on what both sandboxes and the pack's own actions
made."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict

from example_beginnings import changed, posted
from example_case import ExampleCase

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.state_store import StateStore


class StateActionsTestCase(ExampleCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.settings["files"] = {"folders": [folder.name]}
        self.incident = posted(self)
        self.done("webhook.setup")
        StateStore(Store(self.service)).compact(SensorState(self.now, self.now))

    def names(self) -> Dict[str, str]:
        return {row.name: row.raw for row in Store(self.service).rows()}

    def empty(self) -> None:
        """Another machine's datastore."""
        for name in self.names():
            Store(self.service).delete(name)

    def test_show_tells_where_the_sensor_is_and_how_many_keys_there_are(self) -> None:
        shown = self.done("state.show")
        assert shown["sensor"]["cursor"] == "2026-11-21T03:45:10Z"
        assert (shown["keys"]["sensor"], shown["keys"]["incidents"], shown["keys"]["secrets"]) == (
            33,
            2,
            1,
        )
        assert "| incidents | 2 | cards and states of incidents |" in shown["message"]
        self.service.set_value("pagerduty.audit.x", "{half", local=False)
        assert self.done("state.show")["unread"] == ["audit.x"]
        assert self.names()["audit.x"] == "{half", "showing changes nothing"
        assert not [name for name in self.names() if name.startswith("quarantine.")]

    def test_show_tells_all_of_an_incident(self) -> None:
        self.left_for_later("mattermost.post_incident", change=changed(self), channel="nowhere")
        shown = self.done("state.show", incident_id=self.incident)
        assert (shown["found"], len(shown["states"]), shown["dead_letters"]) == (True, 1, [])
        (card,) = shown["cards"]
        assert (card["label"], card["closed"]) == ("~incidents", False)
        assert "incidents | posted |" in shown["message"]
        letters = self.done("deadletter.list")["letters"]
        for incident in ("2", letters[0]["incident_id"]):
            other = self.done("state.show", incident_id=incident)
            assert other["dead_letters"] == [letters[0]["id"]]
            assert (len(other["states"]), other["cards"]) == (1, []), "the change is written first"
        assert self.done("state.show", incident_id="1")["incident_id"] == self.incident
        assert self.done("state.show", incident_id="PNONE")["found"] is False

    def test_what_is_exported_is_imported_elsewhere_as_it_was(self) -> None:
        result = self.done("state.export")
        assert "left out as secrets: webhook.secret" in result["message"]
        before = self.names()
        self.empty()
        dry = self.done("state.import", document=result["document"], dry_run=True)
        assert self.names() == {}
        done = self.done("state.import", document=result["document"])
        assert dry["written"] == done["written"]
        assert self.names() == {
            name: raw for name, raw in before.items() if name != "webhook.secret"
        }
        again = self.done("state.import", document=result["document"])
        assert (again["written"], again["same"]) == ([], len(done["written"]))
        self.done("mattermost.repaint_incident", incident_id=self.incident)
        assert self.chat.created() == 1, "the imported card is the card"

    def test_a_file_is_its_owners_and_never_written_over(self) -> None:
        path = str(self.folder / "state.json")
        self.done("state.export", file=path, kinds=["incidents"])
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
        assert {name.partition(".")[0] for name in json.loads(Path(path).read_text())["keys"]} == {
            "incident"
        }
        assert "File exists" in self.refused("state.export", file=path)
        assert "No such file" in self.refused(
            "state.export", file=str(self.folder / "no" / "state.json")
        )
        assert self.done("state.import", file=path)["same"] == 2
        Path(path).write_text("{half")
        assert "holds no JSON" in self.refused("state.import", file=path)
        assert "can't be read" in self.refused("state.import", file=str(self.folder))
        assert "Give either file or document" in self.refused("state.import")

    def test_no_file_is_used_outside_of_the_configured_folders(self) -> None:
        for name in ("state.export", "state.import"):
            assert "is not below" in self.refused(name, file="/etc/hosts")
        del self.settings["files"]
        for name in ("state.export", "state.import"):
            line = self.refused(name, file=str(self.folder / "state.json"))
            assert "actions may use no files" in line
        assert list(self.folder.iterdir()) == []

    def test_nothing_is_written_when_anything_is_wrong(self) -> None:
        document = self.done("state.export")["document"]
        document["keys"]["deadletter.x"] = {"v": 1, "data": {}}
        self.empty()
        assert "Nothing is imported: deadletter.x: " in self.refused(
            "state.import", document=document
        )
        assert self.names() == {}
        assert "has version 2" in self.refused("state.import", document={**document, "version": 2})

    def test_an_import_that_is_cut_off_is_finished_by_the_next(self) -> None:
        document = self.done("state.export")["document"]
        wanted = {name: raw for name, raw in self.names().items() if name != "webhook.secret"}
        for cut in range(0, len(wanted), 7):
            self.empty()
            left = [cut]
            write = self.service.set_value

            def dying(*args: Any, left: Any = left, write: Any = write, **more: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    raise ConnectionError("killed")
                return write(*args, **more)

            self.service.set_value = dying
            assert "datastore failed" in self.refused("state.import", document=document)
            assert "sensor.head" not in self.names(), (
                "the head comes last: until then the sensor starts afresh"
            )
            self.service.set_value = write
            self.done("state.import", document=document)
            assert self.names() == wanted

    def test_reset_asks_first_and_deletes_exactly_what_it_told(self) -> None:
        before = self.names()
        asked = self.done("state.reset")
        assert self.names() == before
        assert asked["would_delete"]["sensor"] == 33
        assert "secrets" not in asked["would_delete"]
        assert f"confirm={asked['confirm']}" in asked["message"]
        Store(self.service).write("message.new", {}, 60)
        assert "does not fit" in self.refused("state.reset", confirm=asked["confirm"])
        assert "does not fit" in self.refused("state.reset", confirm="yes")
        assert set(self.names()) == {*before, "message.new"}
        done = self.done("state.reset", confirm=self.done("state.reset")["confirm"])
        assert done["message"].startswith("Deleted ")
        assert "values of the datastore (sensor 33, incidents 2" in done["message"]
        assert set(self.names()) == {"webhook.secret"}
        one = self.done("state.reset", kinds=["secrets"])
        assert "does not fit" in self.refused("state.reset", confirm=one["confirm"])
        self.done("state.reset", kinds=["secrets"], confirm=one["confirm"])
        assert self.names() == {}
        assert self.done("state.reset")["message"].startswith("Would delete nothing")

    def test_what_could_not_be_deleted_is_told(self) -> None:
        self.service.delete_value = lambda *args, **more: False
        token = self.done("state.reset", kinds=["sensor"])["confirm"]
        done = self.done("state.reset", kinds=["sensor"], confirm=token)
        assert (done["deleted"], done["would_delete"]) == (0, {"sensor": 33})
        assert "33 are still there" in done["message"]

    def test_a_kind_that_does_not_exist_is_told(self) -> None:
        for name in ("state.reset", "state.export"):
            assert "There is no kind 'cards'; there are sensor, " in self.refused(
                name, kinds=["cards"]
            )

    def test_a_datastore_that_is_down_is_no_empty_one(self) -> None:
        self.service.list_values = lambda *args, **more: (_ for _ in ()).throw(
            ConnectionError("refused")
        )
        for name in ("state.show", "state.export", "state.reset", "deadletter.list"):
            assert "datastore failed" in self.refused(name)
