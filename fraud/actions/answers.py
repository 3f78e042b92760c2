"""The affiliate's one answer to a case: a text, and a few files that are what they say they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.roles import NotAllowed
from commissions.states import IllegalMove
from core.models import User
from fraud.actions.cases import is_about, locked, record
from fraud.models import Answer, AnswerFile, Case

MOST_FILES = 3
MOST_BYTES = 5 * 1024 * 1024  # of one file
MOST_LETTERS = 4000
LONGEST_NAME = 120
TEXT = "text/plain"
# kind -> how its files may be called, the usual way first: the name decides what a reviewer's computer does with one
ENDINGS = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    TEXT: (".txt", ".log", ".md"),
}


class AnswerRefused(ValueError):
    """An answer or a file that cannot be taken; the text says why."""


@dataclass(frozen=True, slots=True)
class FileIn:
    """A file as it was sent; `kind` is what the browser calls it, which is not believed."""

    name: str
    kind: str
    content: bytes


@transaction.atomic
def answer(
    case: Case, text: str, files: Sequence[FileIn] = (), *, actor: User, at: datetime | None = None
) -> Answer:
    """Keep what the affiliate has to say, once, while nothing is decided.

    Raises NotAllowed for anybody else, IllegalMove where it is decided or answered, AnswerRefused with a sentence.
    """
    now, case = at or timezone.now(), locked(case)
    if not is_about(case, actor):
        raise NotAllowed(_("Only the affiliate answers."))
    if case.is_decided:
        raise IllegalMove(_("It is decided already."))
    if Answer.objects.filter(case=case).exists():
        raise IllegalMove(_("You have answered already."))
    told = _told(text)
    kinds = _kinds(files)
    given: Answer = Answer.objects.create(case=case, text=told, by=actor, at=now)
    AnswerFile.objects.bulk_create(
        AnswerFile(
            answer=given,
            name=_called(file.name, kind),
            kind=kind,
            size=len(file.content),
            content=file.content,
        )
        for file, kind in zip(files, kinds, strict=True)
    )
    record("case.answered", case, actor=actor, at=now, data={"files": len(files)})
    return given


def _told(text: str) -> str:
    told = text.replace("\x00", "").strip()
    if not told:
        raise AnswerRefused(_("Write a sentence or two."))
    if len(told) > MOST_LETTERS:
        raise AnswerRefused(_("At most %(most)s letters.") % {"most": MOST_LETTERS})
    return told


def _kinds(files: Sequence[FileIn]) -> list[str]:
    if len(files) > MOST_FILES:
        raise AnswerRefused(_("At most %(most)s files.") % {"most": MOST_FILES})
    return [_kind(file) for file in files]


def _kind(file: FileIn) -> str:
    """Return what a file is by its content; raise AnswerRefused for what is not taken."""
    named = {"name": _named(file.name)}
    if not file.content:
        raise AnswerRefused(_("“%(name)s” is empty.") % named)
    if len(file.content) > MOST_BYTES:
        raise AnswerRefused(_("“%(name)s” is larger than 5 MB.") % named)
    found = kind_of(file.content)
    if not found:
        raise AnswerRefused(_("“%(name)s” is no PDF, picture or plain text.") % named)
    return found


def kind_of(content: bytes) -> str:
    """Return the media type of a PDF, PNG, JPEG, WebP or plain text, or an empty text for anything else."""
    for kind, beginning in (
        ("application/pdf", b"%PDF-"),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("image/jpeg", b"\xff\xd8\xff"),
    ):
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return TEXT if _is_text(content) else ""


def _is_text(content: bytes) -> bool:
    """UTF-8 without control characters, and no page or script that a browser might take for one."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(sign >= " " or sign in "\t\r\n\f" for sign in text) and not text.lstrip().startswith("<")


def _called(name: str, kind: str) -> str:
    """A name that ends as files of its kind do: a script is a text, but must not be started as a script."""
    named = _named(name)
    if named.lower().endswith(ENDINGS[kind]):
        return named
    ending = ENDINGS[kind][0]
    return named[: LONGEST_NAME - len(ending)] + ending


def _named(name: str) -> str:
    """The last part of a name, with nothing in it that a header or a disk would trip over."""
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = "".join(sign for sign in last if sign.isprintable()).strip()
    return plain[-LONGEST_NAME:] or "file"
