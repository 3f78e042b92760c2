"""What a person has to look at: findings on one affiliate of one cause, what is held for them, what became of it."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Program
from commissions.models import Commission
from core.scoping import Scoped, ScopedQuerySet
from fraud.scores.score import Source
from fraud.states import UNDECIDED, CaseState, Cause, Verdict


class CaseQuerySet(ScopedQuerySet):
    """Cases."""

    def undecided(self) -> Self:
        """Those that wait for a person."""
        return self.filter(state__in=UNDECIDED)

    def overdue(self, at: datetime) -> Self:
        """Undecided ones whose deadline has passed and of which nobody was told."""
        return self.undecided().filter(due_at__lte=at, escalated_at=None)

    def not_about(self, user: Any) -> Self:
        """Those that a colleague may see: all but the ones about an affiliate account of the person's own."""
        return self.exclude(enrollment__affiliate__user=user)


class Case(Scoped):
    """Findings of one cause on one enrollment; at most one is undecided at a time.

    `assignee` is whose it is, `locked_by` who looks at it right now, until `locked_until`. A verdict on much money is
    `proposed_by` one person and decided by another. `score` is from 0 to 1, `moves` what moved it ([name, by, value]);
    `features` are what was known while it was undecided, from which scores learn. `terms` of a decided one hold what
    undoing needs, written by fraud.actions.verdicts.
    """

    TENANT = "program__merchant"
    OWNER = "enrollment__affiliate__user"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="cases")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="cases")
    cause = models.CharField(_("cause"), max_length=12, choices=Cause.choices)
    state = models.CharField(_("state"), max_length=10, choices=CaseState.choices, default=CaseState.OPEN)
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    due_at = models.DateTimeField(_("to be decided until"))
    escalated_at = models.DateTimeField(_("escalated at"), null=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    locked_until = models.DateTimeField(null=True)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    message = models.TextField(_("message to the affiliate"), max_length=2000, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    terms = models.JSONField(default=dict)
    score = models.FloatField(_("score"), null=True)
    score_source = models.CharField(max_length=10, choices=Source.choices, blank=True)
    score_version = models.CharField(max_length=64, blank=True)
    moves = models.JSONField(default=list)
    features = models.JSONField(default=dict)

    objects: ClassVar = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrollment", "cause"],
                condition=~Q(state="decided"),
                name="case_one_undecided",
            ),
            models.CheckConstraint(
                condition=~Q(state="decided") | (Q(decided_at__isnull=False) & ~Q(verdict="")),
                name="case_decided_with_a_verdict",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["program", "state", "due_at"], name="case_queue"),
            models.Index(fields=["enrollment", "state"], name="case_of_enrollment"),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment.affiliate} · {self.get_cause_display()}"

    @property
    def is_decided(self) -> bool:
        """Whether somebody has decided it."""
        return self.state == CaseState.DECIDED

    def is_locked_for(self, user: object, at: datetime) -> bool:
        """Whether a colleague works on it at an instant."""
        return bool(
            self.locked_by_id and self.locked_by != user and self.locked_until and self.locked_until > at
        )


class Hold(Scoped):
    """A commission that waits because of a case; while any case holds it, it is neither approved nor paid.

    `was` is the reason for which the house itself had held it before, which it goes back to.
    """

    TENANT = "case__program__merchant"
    OWNER = "commission__enrollment__affiliate__user"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="holds")
    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, related_name="fraud_holds")
    was = models.CharField(max_length=300, blank=True)
    placed_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("hold")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "commission"], name="hold_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["commission"], condition=Q(lifted_at=None), name="hold_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.commission_id}"


class Answer(Scoped):
    """What the affiliate says to a case, once."""

    TENANT = "case__program__merchant"
    OWNER = "case__enrollment__affiliate__user"

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="answer")
    text = models.TextField(_("answer"), max_length=4000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("answer")

    def __str__(self) -> str:
        return self.text[:60]


class AnswerFile(Scoped):
    """A file that came with an answer; kept in the database: a backup has it, and no web server gives it."""

    TENANT = "answer__case__program__merchant"
    OWNER = "answer__case__enrollment__affiliate__user"

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(_("file"), max_length=120)
    kind = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("file of an answer")
        verbose_name_plural = _("files of answers")

    def __str__(self) -> str:
        return self.name
