"""What other systems say of orders and buyers: the newest word of each, told once."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from core.models import Event
from fraud import models, states  # whole modules: pytest takes what begins with "test" for tests
from fraud.actions import testimonies
from tests.makers import NOON, make_commission
from tests.story.at_once import at_once
from tracking.models import Conversion, Customer

KINDS = states.TestimonyKind
DAY = timedelta(days=1)


@pytest.fixture
def sale(ann: Enrollment) -> Conversion:
    """A sale of Ann's."""
    conversion = make_commission(ann).conversion
    assert conversion is not None
    return conversion


def say(sale: Conversion, word: str, at: datetime = NOON, **fields: Any) -> models.Testimony | None:
    """Let Shopify say something of a sale's risk."""
    told = {"by": "Shopify", "conversion": sale, **fields}
    return testimonies.testify(sale.program, KINDS.RISK, word, at=at, **told)


def heard() -> list[dict[str, Any]]:
    """The news so far."""
    return list(Event.objects.filter(kind="testimony.heard").order_by("pk").values_list("data", flat=True))


def test_first_word_is_kept_and_told(sale: Conversion) -> None:
    row = say(sale, "high")

    assert row is not None
    assert (row.word, row.by, row.conversion, row.customer, row.at) == ("high", "Shopify", sale, None, NOON)
    event = Event.objects.get(kind="testimony.heard")
    assert (event.subject_type, event.subject_id) == ("fraud.testimony", str(row.pk))
    assert event.data == {"kind": "risk", "word": "high", "by": "Shopify"}
    assert (event.tenant_id, event.scope_id) == (sale.program.merchant_id, sale.program_id)


def test_same_word_is_no_news_but_holds_until_later(sale: Conversion) -> None:
    say(sale, "high")
    say(sale, "high", NOON + 2 * DAY)
    say(sale, "low", NOON + DAY)  # it was late

    assert (models.Testimony.objects.get().word, len(heard())) == ("high", 1)


def test_newer_word_replaces_the_former_one(sale: Conversion) -> None:
    say(sale, "pending")
    say(sale, "high", NOON + DAY)

    assert (models.Testimony.objects.get().word, models.Testimony.objects.get().at) == ("high", NOON + DAY)
    assert [each["word"] for each in heard()] == ["pending", "high"]


def test_older_word_changes_nothing(sale: Conversion) -> None:
    say(sale, "high", NOON + DAY)
    row = say(sale, "low", NOON)

    assert row is not None
    assert (row.word, models.Testimony.objects.get().word, len(heard())) == ("high", "high", 1)


def test_empty_word_takes_back(sale: Conversion) -> None:
    say(sale, "high")
    say(sale, "", NOON + DAY)

    assert models.Testimony.objects.get().word == ""
    assert [each["word"] for each in heard()] == ["high", ""]


def test_nothing_is_taken_back_that_was_never_said(sale: Conversion) -> None:
    assert say(sale, " ") is None
    assert (models.Testimony.objects.count(), heard()) == (0, [])


def test_each_system_and_each_thing_has_a_word_of_its_own(sale: Conversion) -> None:
    say(sale, "low")
    say(sale, "high", by="Signifyd")
    testimonies.testify(sale.program, KINDS.DISPUTE, "opened", by="Shopify", conversion=sale, at=NOON)
    testimonies.testify(sale.program, KINDS.BLOCKED, "yes", by="Shopify", customer=sale.customer, at=NOON)

    told = {(row.kind, row.by, row.word) for row in models.Testimony.objects.all()}
    assert told == {
        ("risk", "Shopify", "low"),
        ("risk", "Signifyd", "high"),
        ("dispute", "Shopify", "opened"),
        ("blocked", "Shopify", "yes"),
    }


def test_long_words_are_cut(sale: Conversion) -> None:
    row = say(sale, "x" * 200, by="y" * 100)

    assert row is not None
    row.refresh_from_db()
    assert (len(row.word), len(row.by)) == (120, 60)
    assert say(sale, "x" * 200, by="y" * 100) == row
    assert len(heard()) == 1


def test_it_is_about_one_of_the_same_program(sale: Conversion, other: Program) -> None:
    buyer = sale.customer
    assert buyer is not None
    wrong: list[dict[str, Conversion | Customer]] = [{}, {"conversion": sale, "customer": buyer}]

    for about in wrong:
        with pytest.raises(ValueError, match="one conversion or one customer"):
            testimonies.testify(sale.program, KINDS.RISK, "high", by="Shopify", **about)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="another program"):
        testimonies.testify(other, KINDS.RISK, "high", by="Shopify", conversion=sale)
    assert models.Testimony.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_write_one(sale: Conversion) -> None:
    words = [partial(say, sale, "high"), partial(say, sale, "high"), partial(say, sale, "low", NOON - DAY)]

    answers = at_once(words)

    assert [each for each in answers if isinstance(each, Exception)] == []
    assert (models.Testimony.objects.get().word, models.Testimony.objects.get().at) == ("high", NOON)
    assert [each["word"] for each in heard()].count("high") == 1
