"""Files in a watched folder: whole ones are taken once, broken ones are put aside, and nothing outside is read."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from affiliates.models import Enrollment
from core import jobs
from core.jobs import Misconfigured
from core.models import Event, Job
from integrations import actions, tasks
from integrations.connectors.folder import place
from integrations.models import Arrival, Connection, OrderFile
from integrations.presets import mappings_of
from tests import makers
from tracking.models import Order

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEAD = "order,date,total,currency,code,ref\n"
TWO = HEAD + "S-1,2026-11-02 12:00,100.00,EUR,,anna\nS-2,2026-11-03,49.00,EUR,anna15,\n"


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    """The root of all files."""
    settings.FILE_DROP_ROOT = str(tmp_path / "drop")
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.fixture
def drop(anna: Enrollment, root: Path) -> Connection:
    """A watched folder whose columns are our own, and whose files are taken in at once."""
    row = makers.make_connection(
        anna.program,
        connector="folder",
        source="lisbon",
        base_url="",
        secrets={"folder": "sales"},
        options={"taking": "at_once", "twins": "skip"},
    )
    for kind, document in mappings_of("own-columns").items():
        actions.save_mapping(row, "in", kind, document)
    return row


def folder(drop: Connection, root: Path) -> Path:
    found = root / str(drop.program_id) / "sales"
    found.mkdir(parents=True, exist_ok=True)
    return found


def put(drop: Connection, root: Path, name: str = "a.csv", text: str | bytes = TWO) -> Path:
    path = folder(drop, root) / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def looks(drop: Connection, count: int = 2, minute: int = 0) -> None:
    for number in range(minute, minute + count):
        actions.look(drop, at=START + timedelta(minutes=number))
    work()


def work() -> None:
    Job.objects.exclude(task="integrations.tasks.take_order_file").delete()
    jobs.drain()


def test_whole_file_is_taken_at_the_second_look_and_moved(drop: Connection, root: Path) -> None:
    path = put(drop, root)

    looks(drop, 1)
    before = Arrival.objects.count()
    looks(drop, 1, minute=1)

    file = OrderFile.objects.get()
    assert (before, file.state, file.source, file.outcome["counts"]["created"]) == (0, "taken", "lisbon", 2)
    assert not path.exists()
    assert (path.parent / "taken" / "a.csv").read_text() == TWO
    assert set(Order.objects.values_list("source", "external_id")) == {("lisbon", "S-1"), ("lisbon", "S-2")}


def test_file_that_grows_is_left_alone(drop: Connection, root: Path) -> None:
    path = put(drop, root, text=HEAD)

    for minute in range(4):
        with path.open("a") as file:
            file.write(f"S-{minute},2026-11-02,1.00,EUR,,\n")
        looks(drop, 1, minute)

    assert (Arrival.objects.count(), path.exists()) == (0, True)


@pytest.mark.parametrize("name", ["a.csv.tmp", "a.csv.part", ".a.csv", "a.pdf", "a.csv~", "b.filepart"])
def test_file_of_another_name_is_left_alone(drop: Connection, root: Path, name: str) -> None:
    path = put(drop, root, name)

    looks(drop, 3)

    assert (Arrival.objects.count(), path.exists()) == (0, True)


def test_same_name_and_content_again_is_the_same_file(drop: Connection, root: Path) -> None:
    for minute in (0, 5):
        put(drop, root)
        looks(drop, minute=minute)

    assert (Arrival.objects.count(), OrderFile.objects.count(), Order.objects.count()) == (1, 1, 2)
    assert list(folder(drop, root).glob("*.csv")) == []


def test_next_day_of_the_same_name_is_another_file(drop: Connection, root: Path) -> None:
    put(drop, root)
    looks(drop)
    put(drop, root, text=TWO + "S-3,2026-11-04,5.00,EUR,,\n")

    looks(drop, minute=5)

    assert [file.outcome["counts"]["created"] for file in OrderFile.objects.order_by("pk")] == [2, 1]
    assert sorted(path.name for path in (folder(drop, root) / "taken").iterdir()) == ["a-2.csv", "a.csv"]


def test_without_a_yes_nothing_counts(drop: Connection, root: Path) -> None:
    Connection.objects.update(options={"taking": "look"})
    put(drop, root)

    looks(drop)

    assert (OrderFile.objects.get().state, Order.objects.count()) == ("uploaded", 0)


def test_without_a_mapping_the_file_waits(drop: Connection, root: Path) -> None:
    drop.mappings.all().delete()
    put(drop, root)

    looks(drop)

    assert OrderFile.objects.get().state == "uploaded"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04rest", "This is a workbook: save it as CSV first."),
        (HEAD.encode() + b'S-1,"open\n', "Row 2 cannot be cut into cells: look at its quotation marks."),
        (b"a,b\0c\n", "The file has characters that no table has: save it as CSV in UTF-8."),
        (b"x" * 5_000_001, "The file is larger than 5 MB: split it."),
    ],
)
def test_broken_file_is_put_aside_with_its_reason(
    drop: Connection, root: Path, content: bytes, words: str
) -> None:
    put(drop, root, text=content)
    put(drop, root, "good.csv")

    looks(drop)

    refused = Arrival.objects.get(state="refused")
    kept = folder(drop, root) / "refused"
    assert (refused.name, refused.note, refused.order_file) == ("a.csv", words, None)
    assert (kept / "a.csv").read_bytes() == content
    assert (kept / "a.csv.reason.txt").read_text() == words + "\n"
    assert Order.objects.count() == 2
    assert Event.objects.filter(kind="arrival.refused").count() == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_usual_encoding_is_read(drop: Connection, root: Path, encoding: str) -> None:
    put(drop, root, text=(HEAD + "Ü-1,2026-11-02,1.00,EUR,,\n").encode(encoding))

    looks(drop)

    assert Order.objects.get().external_id == "Ü-1"


def test_row_errors_are_those_of_an_upload(drop: Connection, root: Path) -> None:
    put(
        drop,
        root,
        text=TWO + "S-3,yesterday,1.00,EUR,,\nS-4,2026-11-02,1.00,EUR,,nobody\nS-5,2026-11-02,1.234,EUR,,\n",
    )

    looks(drop)

    refused = {rows[0]: why for rows, why in OrderFile.objects.get().outcome["refused"]}
    assert refused[4].startswith("“yesterday” is no date")
    assert refused[5].startswith("No affiliate has the code “nobody”")
    assert refused[6].startswith("“1.234” may mean two amounts")
    assert Order.objects.count() == 2


def test_lines_of_one_order_stand_in_several_rows(drop: Connection, root: Path) -> None:
    rows = [*mappings_of("own-columns")["order"]["rows"]]
    rows += [{"target": "lines[].sku", "source": "sku"}, {"target": "lines[].net", "source": "net"}]
    actions.save_mapping(drop, "in", "order", rows)
    text = "order,date,total,sku,net\nS-1,2026-11-02,10.00,A,4.00\nS-1,,,B,6.00\nS-2,2026-11-02,1.00,,\n"

    put(drop, root, text=text)
    looks(drop)

    order = Order.objects.get(external_id="S-1")
    assert [(line["sku"], line["net"]) for line in order.snapshot["lines"]] == [("A", 400), ("B", 600)]
    assert Order.objects.get(external_id="S-2").total == 100


def test_later_file_corrects_an_earlier_one_only_if_rows_say_their_age(drop: Connection, root: Path) -> None:
    rows = [*mappings_of("own-columns")["order"]["rows"], {"target": "order.changed_at", "source": "changed"}]
    head = "order,date,total,changed\n"
    put(drop, root, text=TWO)
    looks(drop)
    put(drop, root, "b.csv", TWO.replace("100.00", "90.00"))
    looks(drop, minute=5)
    unmoved = Order.objects.get(external_id="S-1").total
    actions.save_mapping(drop, "in", "order", rows)

    put(drop, root, "c.csv", head + "S-1,2026-11-02 12:00,80.00,2026-11-10 09:00\n")
    put(drop, root, "d.csv", head + "S-1,2026-11-02 12:00,70.00,2026-11-09 09:00\n")
    looks(drop, minute=10)

    assert unmoved == 10000
    assert Order.objects.get(external_id="S-1").total == 8000


# --- who may read what --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    ["..", "../1/sales", "/etc", "a/../../b", "a\\b", ".hidden", "a/./b/..", "x\0y", "", "a/" * 9 + "b", "…"],
)
def test_folder_that_leads_elsewhere_is_refused(drop: Connection, root: Path, name: str) -> None:
    drop.secrets = {"folder": name}
    drop.save(update_fields=["secrets"])

    actions.look(drop, at=START)

    drop.refresh_from_db()
    assert drop.last_error.endswith("is no folder’s name, like sales or sales/lisbon.")


@pytest.mark.parametrize("step", ["program", "folder"])
def test_link_on_the_way_is_not_followed(drop: Connection, root: Path, tmp_path: Path, step: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "sales").mkdir(parents=True)
    (elsewhere / "sales" / "a.csv").write_text(TWO)
    own = root / str(drop.program_id)
    if step == "program":
        own.symlink_to(elsewhere)
    else:
        own.mkdir()
        (own / "sales").symlink_to(elsewhere / "sales")

    looks(drop, 3)

    drop.refresh_from_db()
    assert "links are not followed" in drop.last_error
    assert (elsewhere / "sales" / "a.csv").exists()
    assert Arrival.objects.count() == 0


def test_link_among_the_files_is_not_read(drop: Connection, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(TWO)
    (folder(drop, root) / "a.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(folder(drop, root) / "pipe.csv")

    looks(drop, 3)

    assert (Arrival.objects.count(), Order.objects.count()) == (0, 0)


def test_program_reads_its_own_folder_only(drop: Connection, root: Path) -> None:
    (root / "999").mkdir()
    (root / "999" / "a.csv").write_text(TWO)
    (root / "sales").mkdir()
    (root / "sales" / "a.csv").write_text(TWO)

    looks(drop, 3)

    assert Arrival.objects.count() == 0


def test_installation_without_a_root_reads_nothing(drop: Connection, settings: Any) -> None:
    settings.FILE_DROP_ROOT = ""

    actions.look(drop, at=START)

    drop.refresh_from_db()
    assert "FILE_DROP_ROOT" in drop.last_error


def test_test_button_says_what_waits(drop: Connection, root: Path) -> None:
    put(drop, root)

    said = actions.test_connection(drop)

    assert (
        said
        == f"The folder {drop.program_id}/sales below the root for files can be read; 1 files wait in it."
    )


# --- dying and doing it twice -------------------------------------------------------------------------------
def test_file_that_could_not_be_moved_is_not_taken_again(
    drop: Connection, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError

    path = put(drop, root)
    with monkeypatch.context() as patch:
        patch.setattr(place.Folder, "put_away", refuse)
        looks(drop, 4)
    drop.refresh_from_db()
    trouble, stayed = drop.last_error, path.exists()

    looks(drop, 1, minute=9)

    assert trouble == "“a.csv” was taken, but cannot be put away; it is not taken again."
    assert (stayed, path.exists()) == (True, False)
    assert (Arrival.objects.count(), OrderFile.objects.count()) == (1, 1)


def test_file_written_anew_while_it_was_read_is_not_moved_away(drop: Connection, root: Path) -> None:
    path = put(drop, root)
    with place.open_place(actions.connections.store_of(drop)) as opened:
        (found,) = opened.files()
        path.write_text(TWO + "S-3,2026-11-04,5.00,EUR,,\n")

        fetched = opened.fetch(found, "", 1_000_000)
        opened.put_away(found, "")

    assert (fetched, path.exists()) == (None, True)


def test_two_workers_at_once_take_a_file_once(
    drop: Connection, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(drop, root)
    actions.look(drop, at=START)
    fetch = place.Folder.fetch
    other: list[int] = []

    def slow(self: Any, *told: Any) -> Any:
        fetched = fetch(self, *told)
        if not other:
            other.append(1)
            actions.look(drop, at=START + timedelta(minutes=1))  # the other worker is faster
        return fetched

    monkeypatch.setattr(place.Folder, "fetch", slow)
    actions.look(drop, at=START + timedelta(minutes=1))
    work()

    assert (Arrival.objects.count(), OrderFile.objects.count(), Order.objects.count()) == (1, 1, 2)


def test_clock_asks_only_where_something_lies(drop: Connection, root: Path) -> None:
    idle = actions.ask_for_files(at=START)
    put(drop, root)
    asked = [actions.ask_for_files(at=START) for _ in range(2)]  # the second finds the first one's job

    event = Event.objects.get(kind="arrival.asked")
    tasks.look_for_files(event)

    drop.refresh_from_db()
    assert (idle, asked) == (0, [1, 0])
    assert list(drop.cursor["seen"]) == ["a.csv"]


def test_paused_connection_is_not_looked_at(drop: Connection, root: Path) -> None:
    put(drop, root)
    actions.pause(drop)

    assert actions.ask_for_files(at=START) == 0
    assert actions.look(drop, at=START) == 0


def test_folder_that_vanishes_is_said_and_tried_again(drop: Connection, root: Path, settings: Any) -> None:
    settings.FILE_DROP_ROOT = "/nowhere/at/all"
    actions.look(drop, at=START)
    drop.refresh_from_db()
    said = drop.last_error
    settings.FILE_DROP_ROOT = str(root)
    put(drop, root)

    looks(drop, 2, minute=1)

    assert said == "The folder for files is not there, or may not be read."
    assert Order.objects.count() == 2


def test_unknown_names_raise_misconfigured() -> None:
    with pytest.raises(Misconfigured):
        place.steps_of("../x")
