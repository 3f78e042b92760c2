"""By what people are known again, and what other systems say of them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Program
from core.scoping import Scoped
from fraud.checks.facts import Mark
from fraud.states import TestimonyKind
from tracking.models import Conversion, Customer


class KnownMark(Scoped):
    """A keyed digest by which the buyer of a conversion, or the person behind an enrollment, is known again.

    Written when a conversion is screened, and when an affiliate logs in or changes what is known of it: earlier orders
    of the same person are looked up here and never searched for.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Mark.choices)
    digest = models.CharField(max_length=64)
    conversion = models.ForeignKey(Conversion, null=True, on_delete=models.PROTECT, related_name="marks")
    enrollment = models.ForeignKey(Enrollment, null=True, on_delete=models.PROTECT, related_name="marks")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("mark")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversion", "kind", "digest"],
                condition=Q(conversion__isnull=False),
                name="mark_of_conversion_once",
            ),
            models.UniqueConstraint(
                fields=["enrollment", "kind", "digest"],
                condition=Q(enrollment__isnull=False),
                name="mark_of_enrollment_once",
            ),
            models.CheckConstraint(
                condition=Q(conversion__isnull=False, enrollment__isnull=True)
                | Q(conversion__isnull=True, enrollment__isnull=False),
                name="mark_is_somebodys",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["program", "digest", "kind", "at"], name="mark_by_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"


class Testimony(Scoped):
    """What another system (`by`) says of an order, or of a customer and all its orders; its newest word."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="testimonies")
    kind = models.CharField(_("about"), max_length=10, choices=TestimonyKind.choices)
    by = models.CharField(_("who says so"), max_length=60)
    word = models.CharField(_("what it says"), max_length=120)
    conversion = models.ForeignKey(
        Conversion, null=True, on_delete=models.PROTECT, related_name="testimonies"
    )
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="testimonies")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("testimony")
        verbose_name_plural = _("testimonies")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversion", "kind", "by"],
                condition=Q(conversion__isnull=False),
                name="testimony_on_conversion_once",
            ),
            models.UniqueConstraint(
                fields=["customer", "kind", "by"],
                condition=Q(customer__isnull=False),
                name="testimony_on_customer_once",
            ),
            models.CheckConstraint(
                condition=Q(conversion__isnull=False, customer__isnull=True)
                | Q(conversion__isnull=True, customer__isnull=False),
                name="testimony_on_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by}: {self.word}"
