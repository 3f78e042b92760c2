"""What the journal holds comes home, once, whatever happens meanwhile."""

import json
from datetime import UTC, datetime
from threading import Thread

import pytest
from django.db import DataError, connection

from tests.tracking.visitors import SHOP, row
from tracking.edge.journal import Journal
from tracking.edge.rows import BeaconRow, ImpressionRow, new_id
from tracking.edge.writer import store
from tracking.models import Beacon, Click, Impression

NOW = datetime(2026, 11, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def test_next_process_brings_home_what_an_earlier_one_left(tmp_path):
    journal = Journal(tmp_path)
    journal.append([row(1), row(2)])
    journal.close()

    assert Journal(tmp_path).replay(store) == 2
    assert Click.objects.count() == 2


def test_replay_that_was_cut_off_begins_anew(tmp_path):
    first, second = row(1), row(2)
    store([first])
    journal = Journal(tmp_path)
    journal.append([first, second])

    journal.replay(store)

    assert Click.objects.count() == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite takes any text for JSON's")
def test_group_of_several_kinds_is_stored_whole_or_not_at_all():
    click = row(1)
    told = BeaconRow(new_id(7, NOW), 7, "page", click.at, None, "", "unknown", "", "", r'{"a": "\u0000"}')

    with pytest.raises(DataError):
        store([click, told])

    assert Click.objects.count() == 0


def test_replay_that_fails_loses_nothing(tmp_path):
    def broken(rows):
        raise ConnectionError

    journal = Journal(tmp_path)
    journal.append([row()])

    with pytest.raises(ConnectionError):
        journal.replay(broken)

    assert journal.replay(store) == 1


def test_torn_last_line_is_left_out(tmp_path):
    journal = Journal(tmp_path)
    journal.append([row(1), row(2)])
    journal.close()
    path = next(tmp_path.glob("*.jsonl"))
    path.write_bytes(path.read_bytes()[:-20])

    assert (Journal(tmp_path).replay(store), Click.objects.count()) == (1, 1)


def test_file_that_another_process_writes_is_left_alone(tmp_path):
    writing = Journal(tmp_path)
    writing.append([row(1)])

    assert Journal(tmp_path).replay(store) == 0

    writing.append([row(2)])
    assert writing.replay(store) == 2


def test_row_that_the_database_never_takes_keeps_no_others_waiting(tmp_path):
    def picky(rows):
        if any(row.link_id == 2 for row in rows):
            raise ValueError
        store(rows)

    journal = Journal(tmp_path)
    journal.append([row(1), row(2), row(3)])
    journal.replay(picky)

    assert sorted(Click.objects.values_list("link_id", flat=True)) == [1, 3]
    assert [json.loads(line)[2] for line in (tmp_path / "refused.txt").read_text().splitlines()] == [2]


def test_clicks_written_while_the_journal_is_replayed_are_kept(tmp_path):
    journal = Journal(tmp_path)
    writers = [
        Thread(target=lambda: [journal.append([row(number)]) for number in range(1, 51)]) for _w in range(3)
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        journal.replay(store)
    journal.replay(store)

    assert (Click.objects.count(), list(tmp_path.iterdir())) == (150, [])


VIEW = ImpressionRow(row(7).id, 7, 1, 1, None, "2026-01-01 00:00:00.123000", "ab" * 16, True)
TOLD = BeaconRow(
    row(8).id, 1, "page", "2026-01-01 00:00:00.123000", None, "", "granted", SHOP, "", '{"a": "\\u00e9\\""}'
)


def test_rows_of_all_tables_come_home_together(tmp_path):
    journal = Journal(tmp_path)
    journal.append([row(1), VIEW, TOLD, row(2)])

    assert journal.replay(store) == 4

    view, told = Impression.objects.get(), Beacon.objects.get()
    assert (Click.objects.count(), view.visitor.hex, view.is_bot, view.link_id) == (2, "ab" * 16, True, 7)
    assert (told.kind, told.consent, told.data, told.state, told.at) == (
        "page",
        "granted",
        {"a": 'é"'},
        "waiting",
        view.at,
    )


def test_clicks_of_the_former_version_come_home(tmp_path):
    lines = [json.dumps(row(number)[:13]) for number in (1, 2)]
    (tmp_path / "former.jsonl").write_text("\n".join(lines) + "\n")

    assert Journal(tmp_path).replay(store) == 2

    click = Click.objects.filter(link_id=2).get()
    assert (click.via, click.utm, click.country, click.consent, click.sub_ids) == ("", {}, "", "unknown", [])
    assert (click.network_kind, click.fetch_dest, click.fetch_user) == (None, None, None)


def test_clicks_without_how_they_came_come_home_beside_those_with_it(tmp_path):
    former = ["click", *row(1, via="qr", consent="granted")[:17]]
    (tmp_path / "former.jsonl").write_text(json.dumps(former) + "\n")
    journal = Journal(tmp_path)
    journal.append([row(2, network_kind="vpn", fetch_dest="iframe", fetch_user=False)])

    assert journal.replay(store) == 2

    came = Click.objects.order_by("link_id").values_list("via", "network_kind", "fetch_dest", "fetch_user")
    assert list(came) == [("qr", None, None, None), ("", "vpn", "iframe", False)]


@pytest.mark.parametrize(
    "line",
    ["[]", "{}", "7", "null", '["click"]', '["click", "a"]', '["view", 1]', '[["a"]]', '"x"', "[" * 9000],
)
def test_line_that_is_no_row_is_left_out(tmp_path, line):
    (tmp_path / "odd.jsonl").write_text(f"{line}\n{json.dumps(['click', *row(1)])}\n")

    assert (Journal(tmp_path).replay(store), Click.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("column", "value"), [("ip", []), ("ip", None), ("link_id", "1"), ("sub_ids", {}), ("fetch_user", "no")]
)
def test_line_with_a_column_of_another_type_is_left_out(tmp_path, column, value):
    odd = json.dumps(["click", *row(2, **{column: value})])
    (tmp_path / "odd.jsonl").write_text(f"{odd}\n{json.dumps(['click', *row(1)])}\n")

    assert (Journal(tmp_path).replay(store), Click.objects.count()) == (1, 1)


def test_number_that_no_database_holds_keeps_no_others_waiting(tmp_path):
    journal = Journal(tmp_path)
    journal.append([row(2, link_id=2**70), row(1)])
    journal.close()

    Journal(tmp_path).replay(store)

    assert list(Click.objects.values_list("link_id", flat=True)) == [1]
    assert (tmp_path / "refused.txt").stat().st_mode & 0o777 == 0o600


def test_texts_come_home_letter_by_letter(tmp_path):
    strange = "a\"b\\c{d},e'f\n\t NULL é\u20ac\U0001f600 $1 %s"
    journal = Journal(tmp_path)
    journal.append([row(1, referrer=strange, utm=json.dumps({"source": strange})), row(2, referrer="NULL")])
    journal.replay(store)

    assert list(Click.objects.order_by("link_id").values_list("referrer", flat=True)) == [strange, "NULL"]
    assert Click.objects.get(link_id=1).utm == {"source": strange}


def test_what_a_full_disk_took_in_part_is_taken_back(tmp_path, monkeypatch):
    def half(file, lines):
        file.write(lines[: len(lines) // 2])
        raise OSError(28, "No space left on device")

    journal = Journal(tmp_path)
    journal.append([row(1)])
    with monkeypatch.context() as patch:
        patch.setattr("tracking.edge.journal._write", half)
        with pytest.raises(OSError, match="No space"):
            journal.append([row(2), row(3)])
    journal.append([row(4)])

    assert (journal.replay(store), list(tmp_path.iterdir())) == (2, [])
    assert sorted(Click.objects.values_list("link_id", flat=True)) == [1, 4]
