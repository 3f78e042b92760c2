"""What the journal holds comes home, once, whatever happens meanwhile."""

import json
from threading import Thread

import pytest

from tests.tracking.visitors import row
from tracking.edge.journal import Journal
from tracking.edge.writer import store
from tracking.models import Click

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
    assert [json.loads(line)[1] for line in (tmp_path / "refused.txt").read_text().splitlines()] == [2]


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
