"""What counts, who is credited for it, and the way that led there."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import AttributionTerms, Coupon, Enrollment, Program
from core.scoping import Scoped, ScopedQuerySet
from tracking.models.orders import Customer, Order
from tracking.states import ConversionState, EvidenceKind, StudyState


class ConversionQuerySet(ScopedQuerySet):
    """Counted or parked conversions."""

    def parked(self) -> Self:
        """Those that wait for something and can be valued again."""
        return self.filter(state=ConversionState.PARKED)


class Conversion(Scoped):
    """An order, lead or sign-up that counts, once; its ids are its arrival numbers.

    `words` are the store's words in it as they were called here when they were first told: vocabulary -> theirs ->
    ours, None while nobody had said. They stay; None in all is a conversion of a time before there was a dictionary.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="conversions")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="conversion")
    goal = models.CharField(_("goal"), max_length=40, default="sale")
    source = models.CharField(_("source"), max_length=60)
    external_id = models.CharField(_("number"), max_length=120)
    state = models.CharField(
        _("state"), max_length=8, choices=ConversionState.choices, default=ConversionState.COUNTED
    )
    parked_reason = models.CharField(_("why parked"), max_length=300, blank=True)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="conversions")
    is_new_customer = models.BooleanField(_("first order of the customer"), null=True)
    occurred_at = models.DateTimeField(_("ordered at"))
    captured_at = models.DateTimeField(_("paid at"))
    words = models.JSONField(null=True, default=dict, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = ConversionQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversion")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "source", "external_id"], name="conversion_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "occurred_at"], name="conversion_of_customer"),
            models.Index(fields=["program", "occurred_at"], name="conversion_by_time"),
            models.Index(fields=["program", "external_id"], name="conversion_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"

    @property
    def decision(self) -> "Decision | None":
        """Who is credited now (prefetch `decisions` where many are asked)."""
        return next((decision for decision in self.decisions.all() if decision.is_current), None)


class Decision(Scoped):
    """Who was credited and why; a later one replaces it, none is edited.

    `credits` is a list of {"enrollment", "share", "group", "chain": [{"level", "enrollment", "active", "group"}]}, the
    principal, who is `enrollment`, first; shares are texts such as "1/3" and add up to 1, a group is its name ("" for
    none) and is lacking in decisions made before groups were noted. "own" says by what a credited one is the buyer.
    `awaits` is the click that counts by its id alone until its row comes and the decision is looked at again.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    enrollment = models.ForeignKey(Enrollment, null=True, on_delete=models.PROTECT, related_name="decisions")
    evidence = models.CharField(_("evidence"), max_length=14, choices=EvidenceKind.choices)
    click_id = models.UUIDField(null=True)
    coupon = models.ForeignKey(Coupon, null=True, on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey(AttributionTerms, null=True, on_delete=models.PROTECT, related_name="+")
    credits = models.JSONField(default=list)
    trace = models.JSONField()
    awaits = models.UUIDField(null=True, editable=False)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversion"], condition=models.Q(is_current=True), name="decision_one_current"
            ),
            models.UniqueConstraint(fields=["conversion", "number"], name="decision_number_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["click_id"], name="decision_by_click"),
            models.Index(
                fields=["made_at"], condition=models.Q(awaits__isnull=False), name="decision_awaits_click"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_evidence_display()}"


class Journey(Scoped):
    """The touches before a conversion, the oldest first, compactly: what models are compared and fitted on.

    `path` is a list of [enrollment, seconds before the order, kind], kind "c" for a click and "v" for a view; only
    touches that were eligible stand in it. `value` is the order's net in minor units of `currency`.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="journeys")
    conversion = models.OneToOneField(Conversion, on_delete=models.PROTECT, related_name="journey")
    at = models.DateTimeField()
    path = models.JSONField(default=list)
    value = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("journey")
        indexes: ClassVar = [models.Index(fields=["program", "at"], name="journey_by_time")]

    def __str__(self) -> str:
        return f"{len(self.path)} touches"


class Study(Scoped):
    """All models fitted on the journeys of a program in a period, side by side; a finished one never changes.

    `result` is what tracking.attribution.studies writes. A routine one is made each night and serves programs that pay
    by a data-driven model.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="studies")
    begins_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    state = models.CharField(_("state"), max_length=8, choices=StudyState.choices, default=StudyState.ASKED)
    is_routine = models.BooleanField(_("nightly"), default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("model comparison")
        verbose_name_plural = _("model comparisons")
        indexes: ClassVar = [
            models.Index(fields=["program", "is_routine", "state", "finished_at"], name="study_newest")
        ]

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"
