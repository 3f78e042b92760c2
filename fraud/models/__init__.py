"""Signals, cases and what is held for them; policies, lists and exemptions; what is counted day by day."""

from fraud.models.cases import Answer, AnswerFile, Case, CaseQuerySet, Hold
from fraud.models.days import DayCount
from fraud.models.dry_runs import DryRun
from fraud.models.lists import Exemption, ListEntry, Relation
from fraud.models.marks import KnownMark, Testimony
from fraud.models.policies import Policy
from fraud.models.scores import LearnedScore
from fraud.models.signals import Signal, SignalQuerySet

__all__ = [
    "Answer",
    "AnswerFile",
    "Case",
    "CaseQuerySet",
    "DayCount",
    "DryRun",
    "Exemption",
    "Hold",
    "KnownMark",
    "LearnedScore",
    "ListEntry",
    "Policy",
    "Relation",
    "Signal",
    "SignalQuerySet",
    "Testimony",
]
