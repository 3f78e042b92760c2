"""The affiliate's one answer: whose, when, and which files are taken."""

import re
from datetime import timedelta
from functools import partial

import pytest

from affiliates.roles import NotAllowed
from commissions.states import IllegalMove
from core.models import Event
from fraud.actions.answers import MOST_BYTES, MOST_LETTERS, AnswerRefused, FileIn, answer
from fraud.actions.cases import case_for
from fraud.actions.verdicts import decide
from fraud.models import Answer, AnswerFile
from tests.commissions.test_at_once import overlapping
from tests.makers import NOON

pytestmark = pytest.mark.django_db
SOON = NOON + timedelta(hours=1)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.fixture
def case(bob):
    return case_for(bob, "orders", at=NOON)


@pytest.fixture
def bobs(bob):
    """The person Bob."""
    return bob.affiliate.user


def nothing_is_kept() -> bool:
    return not Answer.objects.exists() and not Event.objects.filter(kind="case.answered").exists()


def test_answer_is_kept_with_its_files(case, bobs):
    files = [FileIn("C:\\pictures\\shop.png", "text/html", PNG), FileIn("mail.txt", "", "Grüße".encode())]

    given = answer(case, "  They are my colleagues. ", files, actor=bobs, at=SOON)

    assert (given.case, given.text, given.by, given.at) == (case, "They are my colleagues.", bobs, SOON)
    kept = list(given.files.order_by("pk").values_list("name", "kind", "size"))
    assert kept == [("shop.png", "image/png", 28), ("mail.txt", "text/plain", 7)]
    assert bytes(given.files.order_by("pk")[0].content) == PNG
    (event,) = Event.objects.filter(kind="case.answered")
    assert (event.actor, event.data) == (bobs, {"files": 2})


def test_nobody_answers_twice(case, bobs):
    answer(case, "First.", actor=bobs, at=SOON)

    with pytest.raises(IllegalMove, match="answered already"):
        answer(case, "Second.", actor=bobs, at=SOON)
    assert Answer.objects.get().text == "First."


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_one_moment_are_one(case, bobs):
    ended = overlapping(*[partial(answer, case, "Mine.", actor=bobs, at=SOON)] * 2)

    assert [type(one).__name__ for one in ended] == ["Answer", "IllegalMove"]
    assert Answer.objects.count() == 1


def test_only_the_affiliate_answers(case, ann, mia, eve, olga):
    for person in (ann.affiliate.user, mia, olga, eve):
        with pytest.raises(NotAllowed):
            answer(case, "For him.", actor=person)
    assert nothing_is_kept()


def test_decided_case_takes_no_answer(case, bobs, mia):
    decide(case, "clear", reason="Fine.", actor=mia, at=SOON)

    with pytest.raises(IllegalMove, match="decided"):
        answer(case, "Too late.", actor=bobs)
    assert nothing_is_kept()


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "x" * (MOST_LETTERS + 1)])
def test_answer_says_something_and_not_too_much(case, bobs, text):
    with pytest.raises(AnswerRefused):
        answer(case, text, actor=bobs)
    assert nothing_is_kept()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n...", "application/pdf"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("\ufeffDear all,\r\n\tI did not.".encode(), "text/plain"),
    ],
)
def test_file_is_what_its_content_says(case, bobs, content, kind):
    answer(case, "See there.", [FileIn("a.exe", "application/x-msdownload", content)], actor=bobs)

    assert AnswerFile.objects.get().kind == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00\x03",
        b"PK\x03\x04\x14\x00",
        b"GIF89a\x01\x00",
        b"  <svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xef\xbb\xbf<html><script>alert(1)</script>",
        b"RIFF\x10\x00\x00\x00WAVEfmt ",
        b"\x80\x81text",
        b"text with \x1b[31m",
        b"%PDF-" + b"x" * MOST_BYTES,
    ],
)
def test_other_files_are_refused_by_name(case, bobs, content):
    with pytest.raises(AnswerRefused, match=re.escape("“a.pdf”")):
        answer(case, "See there.", [FileIn("a.pdf", "application/pdf", content)], actor=bobs)
    assert nothing_is_kept()


def test_file_may_be_as_large_as_is_said(case, bobs):
    answer(case, "See there.", [FileIn("a.pdf", "", b"%PDF-".ljust(MOST_BYTES, b" "))], actor=bobs)

    assert AnswerFile.objects.get().size == MOST_BYTES


def test_three_files_at_most(case, bobs):
    with pytest.raises(AnswerRefused, match="3 files"):
        answer(case, "See there.", [FileIn("a.png", "", PNG)] * 4, actor=bobs)
    assert nothing_is_kept()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("a\r\nb.png", "ab.png"),
        ("", "file.png"),
        ("x" * 200 + ".png", "x" * 116 + ".png"),
    ],
)
def test_names_are_made_harmless(case, bobs, name, kept):
    answer(case, "See there.", [FileIn(name, "", PNG)], actor=bobs)

    assert AnswerFile.objects.get().name == kept


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("open-me.bat", b"@echo off", "open-me.bat.txt"),
        ("note.html", b"Hello <script>alert(1)</script>", "note.html.txt"),
        ("a\u202efdp.exe", b"%PDF-1.4", "afdp.exe.pdf"),
        ("receipt.PDF", b"%PDF-1.4", "receipt.PDF"),
        ("shot.jpeg", b"\xff\xd8\xff", "shot.jpeg"),
        ("visits.csv", b"=cmd|x", "visits.csv.txt"),
        ("x" * 200 + ".js", b"alert(1)", "x" * 116 + ".txt"),
    ],
)
def test_file_is_called_as_what_it_is(case, bobs, name, content, kept):
    answer(case, "See there.", [FileIn(name, "", content)], actor=bobs)

    assert AnswerFile.objects.get().name == kept
