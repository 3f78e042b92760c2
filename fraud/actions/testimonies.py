"""What others testify of an order or a buyer: of each thing the newest word of each system, and of a colleague."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates.models import Program
from core import events
from core.models import User
from fraud.checks.systems import COLLEAGUE
from fraud.models import Testimony
from fraud.states import TestimonyKind
from tracking.models import Conversion, Customer

LONGEST_NAME, LONGEST_WORD = 60, 120


@transaction.atomic
def testify(
    program: Program,
    kind: TestimonyKind,
    word: str,
    *,
    by: str,
    conversion: Conversion | None = None,  # noqa: PT028 - it is no test, whatever its name begins with
    customer: Customer | None = None,  # noqa: PT028
    actor: User | None = None,  # noqa: PT028
    reason: str = "",  # noqa: PT028
    at: datetime | None = None,  # noqa: PT028
) -> Testimony | None:
    """Keep what a system says of one order, or of one customer; "" takes it back. Return its testimony, if any.

    The same word again moves only the time up to which it holds, and an older one moves nothing. Nothing is written for
    a word taken back that was never said. A colleague speaks as COLLEAGUE, with a name (`actor`) and a reason, which
    the event keeps. Raises ValueError unless exactly one is named, of the same program, and for anybody else who would
    speak as a colleague.
    """
    about = _about(program, conversion, customer)
    now, said, named = at or timezone.now(), word.strip()[:LONGEST_WORD], by.strip()[:LONGEST_NAME]
    if (named == COLLEAGUE) != (actor is not None):
        raise ValueError("A colleague speaks with a name, and nobody else as one.")
    key = {**about, "kind": kind, "by": named}
    known = Testimony.objects.select_for_update().filter(**key).first()
    if known is None and not said:
        return None
    if known is None:
        known, is_new = _made(program, key, said, now)
        if is_new:
            return _tell(known, program, actor, reason, at)
    return _tell(known, program, actor, reason, at) if _move(known, said, now) else known


def _about(program: Program, conversion: Conversion | None, customer: Customer | None) -> dict[str, object]:
    row = conversion if conversion is not None else customer
    if row is None or (conversion is not None and customer is not None):
        raise ValueError("A testimony is about one conversion or one customer.")
    if row.program_id != program.pk:
        raise ValueError("It belongs to another program.")
    return {"conversion": conversion, "customer": customer}


def _made(program: Program, key: dict[str, object], word: str, now: datetime) -> tuple[Testimony, bool]:
    """Write the first word; of two at the same moment one is written, and the other finds it."""
    try:
        with transaction.atomic():
            return Testimony.objects.create(program=program, word=word, at=now, **key), True
    except IntegrityError:
        return Testimony.objects.select_for_update().get(**key), False


def _move(known: Testimony, word: str, now: datetime) -> bool:
    """Write a newer word; return whether it says something else."""
    if now < known.at:
        return False
    is_news = known.word != word
    known.word, known.at = word, now
    known.save(update_fields=["word", "at"])
    return is_news


def _tell(
    row: Testimony, program: Program, actor: User | None, reason: str, at: datetime | None
) -> Testimony:
    data = {"kind": str(row.kind), "word": row.word, "by": row.by}
    events.record(
        "testimony.heard",
        row,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=at,
        data={**data, "reason": reason} if reason else data,
    )
    return row
