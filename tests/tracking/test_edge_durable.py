"""Clicks are on a disk before their visitors go on, many at once."""

import asyncio
import threading

import pytest

from tests.tracking.visitors import blocked_database, follow, lines, request, tid_of
from tracking import clickid
from tracking.edge import known
from tracking.edge.group import CROWD, GATHERING, Full, Group
from tracking.edge.writer import store
from tracking.models import Click

pytestmark = pytest.mark.django_db(transaction=True)


def test_clicks_that_wait_together_share_a_commit(edge, link, monkeypatch):
    monkeypatch.setattr("tracking.edge.group.LOOK_AGAIN", 60.0)  # it looks when the bell rings, not midway

    async def crowd():
        return await asyncio.gather(*(edge.answer(request(), None) for _click in range(200)))

    follow(edge)
    before = edge.writer.commits
    answers = asyncio.run(crowd())

    assert ([answer.status for answer in answers], Click.objects.count()) == ([302] * 200, 201)
    assert edge.writer.commits - before < 20  # a busy machine may tear a group in pieces


def test_who_comes_while_a_group_is_written_is_in_the_next_one():
    groups, is_written, may_end = [], threading.Event(), threading.Event()

    def work(items):
        groups.append(items)
        is_written.set()
        assert may_end.wait(30)
        return items

    async def crowd(group):
        first = group.ask(0)
        await asyncio.to_thread(is_written.wait, 30)
        rest = [group.ask(number) for number in range(1, 101)]
        may_end.set()
        return await asyncio.gather(first, *rest)

    group = Group("test", work, most=60)
    assert asyncio.run(crowd(group)) == list(range(101))
    assert asyncio.run(crowd(group)) == list(range(101))  # another loop, and a thread that slept
    group.stop()
    assert [len(one) for one in groups[:3]] == [1, 60, 40]


def test_loop_that_ends_before_it_rings_silences_nobody():
    group = Group("test", lambda items: items)
    loop = asyncio.new_event_loop()
    loop.call_soon(lambda: (loop.stop(), group.ask(1)))
    loop.run_forever()
    loop.close()

    async def other():
        return await asyncio.wait_for(group.ask(2), 30)

    assert asyncio.run(other()) == 2
    group.stop()


def test_group_that_gets_no_thread_says_so_and_works_again_later(monkeypatch):
    group, begin = Group("test", lambda items: items), threading.Thread.start

    def refuse(thread):
        if thread.name == "edge-test":
            raise RuntimeError("can't start new thread")
        begin(thread)

    async def ask():
        return await asyncio.wait_for(group.ask(1), 30)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            asyncio.run(ask())
        group.stop()

    assert asyncio.run(ask()) == 1
    group.stop()


def test_group_that_is_ended_twice_at_once_ends():
    group = Group("test", lambda items: items)

    async def ask():
        await group.ask(1)
        await asyncio.gather(*(asyncio.to_thread(group.stop) for _again in range(3)))
        return await asyncio.wait_for(group.ask(2), 30)

    assert asyncio.run(ask()) == 2
    group.stop()
    assert "edge-test" not in {thread.name for thread in threading.enumerate()}


def test_visitor_who_leaves_does_not_take_the_others_along(edge, link):
    async def crowd():
        visits = [asyncio.create_task(edge.answer(request(), None)) for _click in range(20)]
        await asyncio.sleep(0)
        for visit in visits[::2]:
            visit.cancel()
        return await asyncio.gather(*visits, return_exceptions=True)

    follow(edge)
    answers = asyncio.run(crowd())

    assert [answer.status for answer in answers[1::2]] == [302] * 10
    assert Click.objects.count() >= 11


def test_what_no_disk_takes_is_not_given_an_id(edge, link):
    edge.journal.folder.write_text("in the way")
    with blocked_database():
        answer = follow(edge)

    assert (answer.status_code, answer.headers["location"]) == (302, link.destination)


def test_group_that_is_full_says_so():
    group = Group("full", list, limit=0)

    async def ask_it():
        group.ask(1)

    with pytest.raises(Full):
        asyncio.run(ask_it())


def test_click_beyond_the_buffer_goes_to_the_journal(edge, link):
    edge.rows.limit = 0
    edge.replayer.stop()
    edge._is_started = True

    tid = tid_of(follow(edge))

    assert [line[1] for line in lines(edge)] == [clickid.read(tid).uuid.hex]


def test_known_link_works_while_the_database_cannot_be_asked(edge, link, monkeypatch):
    follow(edge)
    edge.links._away_until = float("inf")
    monkeypatch.setattr(known, "FRESH", 0.0)

    assert follow(edge).status_code == 302
    assert follow(edge, "/r/other").status_code == 503


def test_click_waits_in_the_journal_while_the_database_is_away_and_comes_home_once(edge, link):
    edge._is_started = True  # nobody replays meanwhile
    follow(edge)
    with blocked_database():
        tid = tid_of(follow(edge))
        waiting = lines(edge)

    replayed = [edge.journal.replay(store), edge.journal.replay(store)]

    assert [line[1] for line in waiting] == [clickid.read(tid).uuid.hex]
    assert (replayed, Click.objects.count(), lines(edge)) == ([1, 0], 2, [])
    assert Click.objects.filter(id=clickid.read(tid).uuid, sub_ids=[]).count() == 1


@pytest.mark.parametrize(("before", "together"), [(CROWD, 1), (CROWD + 1, 3)])
def test_where_many_came_others_are_waited_for(monkeypatch, before, together):
    group = Group("test", lambda items: items)

    def come_meanwhile(seconds):
        assert seconds == GATHERING
        group._waiting.extend([(2, None), (3, None)])

    monkeypatch.setattr("tracking.edge.group.time.sleep", come_meanwhile)
    group._last = before
    group._waiting.append((1, None))

    assert len(group._next()) == together
