"""Clicks are on a disk before their visitors go on, many at once."""

import asyncio
import threading

import pytest

from tests.tracking.visitors import blocked_database, follow, lines, request, tid_of
from tracking import clickid
from tracking.edge import links
from tracking.edge.group import Full, Group
from tracking.edge.writer import store
from tracking.models import Click

pytestmark = pytest.mark.django_db(transaction=True)


def test_clicks_that_wait_together_share_a_commit(edge, link, monkeypatch):
    ask, work, everybody = edge.clicks.ask, edge.clicks.work, threading.Barrier(2)
    asked = []

    def ask_and_count(row):
        answer = ask(row)
        asked.append(row)
        if len(asked) == 200:
            everybody.wait(30)
        return answer

    def work_when_all_have_asked(rows):
        if edge.writer.commits == 0:
            everybody.wait(30)
        return work(rows)

    monkeypatch.setattr(edge.clicks, "ask", ask_and_count)
    monkeypatch.setattr(edge.clicks, "work", work_when_all_have_asked)

    async def crowd():
        return await asyncio.gather(*(edge.follow(request()) for _click in range(200)))

    answers = asyncio.run(crowd())

    assert ([answer.status for answer in answers], Click.objects.count()) == ([302] * 200, 200)
    assert edge.writer.commits <= 2  # the first group, and all who came while it waited


def test_visitor_who_leaves_does_not_take_the_others_along(edge, link):
    async def crowd():
        visits = [asyncio.create_task(edge.follow(request())) for _click in range(20)]
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
    edge.clicks.limit = 0
    edge.replayer.stop()
    edge._is_started = True

    tid = tid_of(follow(edge))

    assert [line[0] for line in lines(edge)] == [clickid.read(tid).uuid.hex]


def test_known_link_works_while_the_database_cannot_be_asked(edge, link, monkeypatch):
    follow(edge)
    edge.links._away_until = float("inf")
    monkeypatch.setattr(links, "FRESH", 0.0)

    assert follow(edge).status_code == 302
    assert follow(edge, "/r/other").status_code == 503


def test_click_waits_in_the_journal_while_the_database_is_away_and_comes_home_once(edge, link):
    edge._is_started = True  # nobody replays meanwhile
    follow(edge)
    with blocked_database():
        tid = tid_of(follow(edge))
        waiting = lines(edge)

    replayed = [edge.journal.replay(store), edge.journal.replay(store)]

    assert [line[0] for line in waiting] == [clickid.read(tid).uuid.hex]
    assert (replayed, Click.objects.count(), lines(edge)) == ([1, 0], 2, [])
    assert Click.objects.filter(id=clickid.read(tid).uuid, sub_ids=[]).count() == 1
