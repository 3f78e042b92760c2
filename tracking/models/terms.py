"""What stores call things, and what those are called here."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Program
from core.scoping import Scoped, ScopedQuerySet
from tracking.states import TermState, Vocabulary


class TermQuerySet(ScopedQuerySet):
    """Words of stores."""

    def unknown(self) -> Self:
        """Those that nobody has given a word of ours yet."""
        return self.filter(state=TermState.UNKNOWN)

    def decided(self) -> Self:
        """Those that have a word of ours."""
        return self.filter(state=TermState.DECIDED)


class Term(Scoped):
    """A word that a store uses (`theirs`), and what it is called here (`word`), in one vocabulary of a program.

    `suggestion` is only like it, by so many per cent; a person decides. A decided word holds for what is told from
    `decided_at` on. `seen` counts the conversions, or customers, that it stood in.
    """

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="store_words")
    source = models.CharField(_("source"), max_length=60)
    vocabulary = models.CharField(_("vocabulary"), max_length=10, choices=Vocabulary.choices)
    theirs = models.CharField(_("the store’s word"), max_length=200)
    state = models.CharField(_("state"), max_length=8, choices=TermState.choices, default=TermState.UNKNOWN)
    word = models.CharField(_("our word"), max_length=120, blank=True)
    suggestion = models.CharField(_("suggestion"), max_length=120, blank=True)
    likeness = models.PositiveSmallIntegerField(default=0)
    seen = models.PositiveBigIntegerField(_("how often"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    decided_at = models.DateTimeField(_("holds from"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = TermQuerySet.as_manager()

    class Meta:
        verbose_name = _("store’s word")
        verbose_name_plural = _("dictionary")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "source", "vocabulary", "theirs"], name="term_once"),
            models.CheckConstraint(
                condition=models.Q(state="unknown", word="", decided_at=None)
                | (models.Q(state="decided", decided_at__isnull=False) & ~models.Q(word="")),
                name="term_decided_with_a_word",
            ),
        ]

    def __str__(self) -> str:
        return self.theirs


class Bookmark(models.Model):
    """How far a count has read; its rows are read and moved under a lock."""

    name = models.CharField(max_length=40, unique=True)
    place = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("bookmark")

    def __str__(self) -> str:
        return f"{self.name}: {self.place}"
