"""The one answer to a review: kept with its files, refused in a sentence, never lost with what was typed."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from affiliates.models import Enrollment
from core.models import Event, User
from fraud.actions import verdicts
from fraud.actions.answers import MOST_BYTES
from fraud.models import Answer, AnswerFile, Case
from fraud.states import Verdict
from portal.affiliate.review_form import READ, Bounded
from portal.models import Brand
from tests import makers
from tests.portal.affiliate.test_reviews import text_of
from tests.portal.affiliate.under_review import open_case

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
PDF = b"%PDF-1.4\nA receipt."
TEXT = "It was my brother, who ordered for himself."


@pytest.fixture
def case(ann: Enrollment, brand: Brand) -> Case:
    """A review of a commission of Ann's."""
    return open_case(ann, makers.make_commission(ann, 24000))


def file_of(
    name: str = "receipt.pdf", content: bytes = PDF, kind: str = "application/pdf"
) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def send(client: Client, case: Case, text: str = TEXT, *files: SimpleUploadedFile, **more):
    """Post the form as a browser does."""
    return client.post(f"/reviews/{case.pk}/answer/", {"text": text, "attached": list(files)}, **more)


def test_answer_is_kept_with_its_files(enter: Enter, ann: Enrollment, case: Case) -> None:
    note = file_of("note.txt", b"My newsletter of May.", "text/plain")

    answer = send(enter(ann), case, TEXT, file_of(), note)

    given = Answer.objects.get(case=case)
    assert (answer.status_code, answer.url) == (302, f"/reviews/{case.pk}/")
    assert (given.text, given.by) == (TEXT, ann.affiliate.user)
    assert [(file.name, file.kind, bytes(file.content)) for file in given.files.order_by("pk")] == [
        ("receipt.pdf", "application/pdf", PDF),
        ("note.txt", "text/plain", b"My newsletter of May."),
    ]
    assert Event.objects.filter(kind="case.answered", subject_id=str(case.pk)).count() == 1


def test_answered_review_shows_what_was_sent_and_no_form(enter: Enter, ann: Enrollment, case: Case) -> None:
    client = enter(ann)

    page = client.get(send(client, case, TEXT, file_of()).url)

    kept = AnswerFile.objects.get()
    assert text_of(page).count(TEXT) == 1
    assert (
        page.content.decode().count(f"/reviews/files/{kept.pk}/"),
        page.content.decode().count("<textarea"),
    ) == (1, 0)
    assert text_of(client.get("/reviews/")).count("You have answered") == 1
    assert text_of(client.get("/overview/")).count("Your answer is in") == 1


def test_there_is_one_answer_only(enter: Enter, ann: Enrollment, case: Case) -> None:
    client = enter(ann)
    send(client, case)

    again = send(client, case, "And another thing.")

    assert (again.status_code, again.url) == (302, f"/reviews/{case.pk}/")
    assert text_of(client.get(again.url)).count("You have answered already.") == 1
    assert Answer.objects.get().text == TEXT


def test_decided_review_takes_no_answer(enter: Enter, ann: Enrollment, case: Case, rita: User) -> None:
    verdicts.decide(case, Verdict.CLEAR, reason="A brother.", actor=rita)
    client = enter(ann)

    answer = send(client, case)

    assert text_of(client.get(answer.url)).count("This was decided in the meantime.") == 1
    assert Answer.objects.count() == 0


@pytest.mark.parametrize("text", ["", "   \n"])
def test_empty_answer_is_asked_for_a_sentence(enter: Enter, ann: Enrollment, case: Case, text: str) -> None:
    page = send(enter(ann), case, text)

    assert (page.status_code, text_of(page).count("Write a sentence or two.")) == (200, 1)
    assert Answer.objects.count() == 0


def test_too_long_an_answer_is_kept_in_the_form(enter: Enter, ann: Enrollment, case: Case) -> None:
    page = send(enter(ann), case, "x" * 4001)

    assert page.content.decode().count("x" * 4001) == 1
    assert "text" in page.context["form"].errors
    assert Answer.objects.count() == 0


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("big.pdf", PDF + b"x" * MOST_BYTES)], "“big.pdf” is larger than 5 MB."),
        ([("empty.pdf", b"")], "“empty.pdf” is empty."),
        ([("setup.exe", b"MZ\x90\x00")], "“setup.exe” is no PDF, picture or plain text."),
        ([("page.txt", b"<script>alert(1)</script>")], "“page.txt” is no PDF, picture or plain text."),
        ([("a.pdf", PDF), ("b.pdf", PDF), ("c.pdf", PDF), ("d.pdf", PDF)], "At most 3 files can be sent."),
    ],
)
def test_file_that_is_not_taken_leaves_the_text_and_says_why(
    enter: Enter, ann: Enrollment, case: Case, files: list[tuple[str, bytes]], sentence: str
) -> None:
    page = send(enter(ann), case, TEXT, *(file_of(name, content) for name, content in files))

    assert (page.status_code, text_of(page).count(sentence)) == (200, 1)
    assert text_of(page).count("Please choose your files again.") == 1
    assert text_of(page).count(TEXT) == 1
    assert (Answer.objects.count(), AnswerFile.objects.count()) == (0, 0)


def test_refused_file_may_be_replaced(enter: Enter, ann: Enrollment, case: Case) -> None:
    client = enter(ann)
    send(client, case, TEXT, file_of("setup.exe", b"MZ\x90\x00"))

    send(client, case, TEXT, file_of())

    assert [file.name for file in AnswerFile.objects.all()] == ["receipt.pdf"]


def test_far_too_large_a_body_is_refused_in_a_sentence_and_not_read(
    enter: Enter, ann: Enrollment, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(Bounded, "new_file", lambda *_args, **_more: read.append("a file"))

    page = send(enter(ann), case, TEXT, file_of(), CONTENT_LENGTH=str(READ + 1))

    assert (page.status_code, read) == (413, [])
    assert text_of(page).count("That was too much at once. Up to 3 files of 5 MB each can be sent.") == 1
    assert Answer.objects.count() == 0


def test_text_of_megabytes_is_refused_in_a_sentence(enter: Enter, ann: Enrollment, case: Case) -> None:
    page = send(enter(ann), case, "x" * 2_100_000)

    assert (page.status_code, text_of(page).count("That was too much at once.")) == (413, 1)


def test_very_many_files_are_refused_in_a_sentence(enter: Enter, ann: Enrollment, case: Case) -> None:
    page = send(enter(ann), case, TEXT, *(file_of(f"{number}.pdf") for number in range(101)))

    assert (page.status_code, text_of(page).count("That was too much at once.")) == (413, 1)


def test_form_needs_its_token(ann: Enrollment, case: Case) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann.affiliate.user, backend="django.contrib.auth.backends.ModelBackend")

    refused = send(client, case)
    token = client.get(f"/reviews/{case.pk}/").cookies["csrf"].value
    taken = client.post(f"/reviews/{case.pk}/answer/", {"text": TEXT, "csrfmiddlewaretoken": token})

    assert (refused.status_code, taken.status_code) == (403, 302)
    assert Answer.objects.count() == 1


def test_nobody_reads_a_body_for_somebody_else(
    enter: Enter, bob: Enrollment, case: Case, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(Bounded, "new_file", lambda *_args, **_more: read.append("a file"))

    answers = [send(client, case, TEXT, file_of()), send(enter(bob), case, TEXT, file_of())]

    assert ([answer.status_code for answer in answers], read) == ([302, 404], [])


def test_own_file_comes_back_to_be_saved(enter: Enter, ann: Enrollment, case: Case) -> None:
    client = enter(ann)
    send(client, case, TEXT, file_of("Rechnung „Mai“.pdf"))

    answer = client.get(f"/reviews/files/{AnswerFile.objects.get().pk}/")

    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PDF, "application/pdf")
    assert (
        answer["Content-Disposition"] == "attachment; filename*=utf-8''Rechnung%20%E2%80%9EMai%E2%80%9C.pdf"
    )
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")


def test_file_of_somebody_else_is_not_there(
    enter: Enter, ann: Enrollment, bob: Enrollment, case: Case, mia: User
) -> None:
    send(enter(ann), case, TEXT, file_of())
    kept = AnswerFile.objects.get().pk

    assert [enter(person).get(f"/reviews/files/{kept}/").status_code for person in (bob, mia)] == [404, 302]


def test_long_name_keeps_its_ending(enter: Enter, ann: Enrollment, case: Case) -> None:
    send(enter(ann), case, TEXT, file_of("a" * 200 + ".pdf"))

    assert (len(AnswerFile.objects.get().name), AnswerFile.objects.get().name[-4:]) == (120, ".pdf")


def test_page_does_not_load_the_files_themselves(enter: Enter, ann: Enrollment, case: Case) -> None:
    client = enter(ann)
    send(client, case, TEXT, file_of())

    (given,) = client.get(f"/reviews/{case.pk}/").context["files"]

    assert given.get_deferred_fields() == {"content"}
