"""Scores learned from decisions, one row for each time something was learned."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Merchant
from core.scoping import Scoped


class LearnedScore(Scoped):
    """A model learned from a company's decisions; of several the current one scores.

    `body` is what fraud.scores.model.dumped wrote, compressed; `figures` say how good it was on later decisions than it
    had learned from, beside the weights. Companies on one installation never learn from each other.
    """

    TENANT = "merchant"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="learned_scores")
    version = models.CharField(_("version"), max_length=64)
    is_current = models.BooleanField(_("in use"), default=False)
    decided = models.PositiveIntegerField(_("decisions"), default=0)
    guilty = models.PositiveIntegerField(_("of them fraud"), default=0)
    figures = models.JSONField(default=dict)
    body = models.BinaryField()
    learned_at = models.DateTimeField(_("learned at"), default=timezone.now)

    class Meta:
        verbose_name = _("learned score")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant", "version"], name="learned_score_once"),
            models.UniqueConstraint(
                fields=["merchant"], condition=models.Q(is_current=True), name="learned_score_one_current"
            ),
        ]

    def __str__(self) -> str:
        return self.version[:12]
