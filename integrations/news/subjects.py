"""What an event may be about: how its row is found and told, whose it is, and in which order it is told."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import models

from affiliates.models import (
    Affiliate,
    AttributionTerms,
    Coupon,
    DirectLink,
    Enrollment,
    Link,
    Program,
)
from commissions.models import Commission, PlanVersion
from integrations.models import Connection
from integrations.news import shapes
from payouts.models import Batch, Payout
from tracking.models import Conversion, Customer, Decision, Order, Refund

Whose = Callable[[Any], Any]


def _nobody(_row: Any) -> None:
    return None


def _itself(row: Any) -> Any:
    return row


@dataclass(frozen=True, slots=True)
class Subject:
    """`noun` names it in bodies, `shape` tells it; `program` and `enrollment` are whose it is.

    `way` is how rows of a program are looked up; `together` and `lists` are read with the row. `orderly` is what it is
    told in one order with: a noun, and the way to that row's id.
    """

    noun: str
    model: type[models.Model]
    shape: Callable[[Any], dict[str, Any]]
    program: Whose
    enrollment: Whose = _nobody
    way: str = "program"
    together: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    orderly: tuple[str, str] | None = None

    def newest(self, program: Program, most: int) -> list[str]:
        """Return the ids of the newest rows of a program, as events name them."""
        rows = self.model._default_manager.filter(**{self.way: program.pk})
        return [str(pk) for pk in rows.order_by("-pk").values_list("pk", flat=True)[:most]]

    def row(self, number: str) -> Any:
        """Return the row, or None if it is gone."""
        found = self._rows(number)
        return found.select_related(*self.together).prefetch_related(*self.lists).first()

    def key(self, number: str) -> str:
        """Return what must be told in order with it."""
        if self.orderly:
            noun, path = self.orderly
            above = self._rows(number).values_list(path, flat=True).first()
            if above is not None:
                return f"{noun}:{above}"
        return f"{self.noun}:{number}"

    def _rows(self, number: str) -> "models.QuerySet[Any]":
        rows: models.QuerySet[Any] = self.model._default_manager.all()
        is_number = number.isascii() and number.isdigit() and len(number) <= 18
        return rows.filter(pk=int(number)) if is_number else rows.none()


def _credited(order: Any) -> Any:
    """The membership that an order is credited to now; of several, the one with the largest share."""
    if order is None:
        return None
    rows = Decision.objects.filter(conversion__order=order, is_current=True)
    decision = rows.select_related("enrollment__affiliate").first()
    return decision.enrollment if decision else None


def _principal(conversion: Any) -> Any:
    decision = conversion.decision
    return decision.enrollment if decision else None


OF_PROGRAM, OF_ENROLLMENT = attrgetter("program"), attrgetter("enrollment")
OF_BOTH = ("program", "enrollment__affiliate")
_ALL = (
    Subject("program", Program, shapes.program, _itself, way="pk"),
    Subject("terms", AttributionTerms, shapes.terms, OF_PROGRAM, together=("program",)),
    Subject(
        "plan",
        PlanVersion,
        shapes.plan,
        attrgetter("plan.program"),
        way="plan__program",
        together=("plan__program",),
        orderly=("plan", "plan_id"),
    ),
    Subject("profile", Affiliate, shapes.profile, _nobody, way="enrollments__program"),
    Subject(
        "enrollment",
        Enrollment,
        shapes.enrollment,
        OF_PROGRAM,
        _itself,
        together=("program", "affiliate", "group"),
    ),
    Subject(
        "link",
        Link,
        shapes.link,
        attrgetter("enrollment.program"),
        OF_ENROLLMENT,
        way="enrollment__program",
        together=("enrollment__program", "enrollment__affiliate"),
    ),
    Subject("direct_link", DirectLink, shapes.direct_link, OF_PROGRAM, OF_ENROLLMENT, together=OF_BOTH),
    Subject("coupon", Coupon, shapes.coupon, OF_PROGRAM, OF_ENROLLMENT, together=OF_BOTH),
    Subject("order", Order, shapes.order, OF_PROGRAM, _credited, together=("program",)),
    Subject(
        "refund",
        Refund,
        shapes.refund,
        OF_PROGRAM,
        lambda refund: _credited(refund.order),
        together=("program", "order"),
        orderly=("order", "order_id"),
    ),
    Subject(
        "conversion",
        Conversion,
        shapes.conversion,
        OF_PROGRAM,
        _principal,
        together=("program", "order"),
        lists=("decisions__enrollment__affiliate", "decisions__coupon"),
        orderly=("order", "order_id"),
    ),
    Subject(
        "commission",
        Commission,
        shapes.commission,
        OF_PROGRAM,
        OF_ENROLLMENT,
        together=(*OF_BOTH, "conversion__order", "plan_version__plan"),
        lists=("reversals",),
        orderly=("order", "conversion__order_id"),
    ),
    Subject(
        "customer", Customer, shapes.customer, OF_PROGRAM, together=("program",), lists=("facts__connection",)
    ),
    Subject("batch", Batch, shapes.batch, OF_PROGRAM, together=("program",), lists=("payouts",)),
    Subject("connection", Connection, shapes.connection, OF_PROGRAM, together=("program",)),
    Subject("payout", Payout, shapes.payout, OF_PROGRAM, OF_ENROLLMENT, together=OF_BOTH),
)
SUBJECTS: dict[str, Subject] = {subject.model._meta.label_lower: subject for subject in _ALL}
NOUNS: dict[str, Subject] = {subject.noun: subject for subject in _ALL}
