"""Learns scores from what reviewers decided, and measures them on decisions that came later."""

import zlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from affiliates.models import Merchant
from core import events
from fraud.actions import scoring
from fraud.models import Case, LearnedScore, Policy
from fraud.scores.model import Model, dumped
from fraud.scores.score import Source
from fraud.scores.table import Table, table_of
from fraud.states import GUILTY, CaseState

LATER = (
    0.25  # the last part of the decisions, on which a score is measured that has learned from those before
)
NEWS = 0.05  # so many more decisions than last time, in proportion, are worth learning again


def learn_all(*, at: datetime) -> int:
    """Learn for each company that has decided enough since it last did; return for how many."""
    return sum(learn(merchant, at=at) is not None for merchant in Merchant.objects.order_by("pk"))


def learn(merchant: Merchant, *, at: datetime) -> LearnedScore | None:
    """Learn from a company's decisions and keep what came out; None where there is too little or nothing new.

    The first decisions teach and the later ones judge; then all of them teach what is kept. It comes into use only if
    it ranks the later ones no worse than the weights did. Training holds no lock and may take a minute; what was
    learned twice is kept once.
    """
    decided = list(_decided(merchant))
    newest = LearnedScore.objects.filter(merchant=merchant).order_by("learned_at").last()
    if newest is not None and len(decided) < newest.decided * (1 + NEWS) + 1:
        return None
    from fraud.scores.learning import (
        train,
    )  # where it is used: it takes a second and much memory, and most processes never need it

    table = _table(decided)
    model = train(table)
    if model.source != Source.LEARNED:
        return None
    figures = _judged(decided, _capacity(merchant))
    return _kept(merchant, model, table, figures, at)


def _decided(merchant: Merchant) -> Any:
    """Its decided cases in order, those that hold what was known when they were decided."""
    rows = Case.objects.filter(program__merchant=merchant, state=CaseState.DECIDED).exclude(features={})
    return rows.order_by("decided_at", "pk").only("pk", "verdict", "features", "enrollment_id")


def _table(cases: list[Case]) -> Table:
    rows = [scoring.learnable(case.features) for case in cases]
    labels = [case.verdict in GUILTY for case in cases]
    return table_of(rows, labels, [str(case.enrollment_id) for case in cases])


def _capacity(merchant: Merchant) -> int:
    found = (
        Policy.objects.filter(program__merchant=merchant)
        .order_by("capacity")
        .values_list("capacity", flat=True)
    )
    return int(found.last() or Policy._meta.get_field("capacity").default)


def _judged(cases: list[Case], capacity: int) -> dict[str, Any]:
    """Figures of the learned score and of the weights on the last decisions, by what was known before them."""
    from fraud.scores.learning import train  # as above
    from fraud.scores.measures import measured  # as above

    cut = round(len(cases) * (1 - LATER))
    before, later = cases[:cut], cases[cut:]
    labels = np.array([int(case.verdict in GUILTY) for case in later])
    if not 0 < labels.sum() < len(labels):
        return {}
    model = train(_table(before))
    if model.source != Source.LEARNED:
        return {}
    weighed = np.array([scoring.by_weights(case.features).value for case in later])
    ks, whose = (min(capacity, len(later)),), [str(case.enrollment_id) for case in later]
    return {
        "from": later[0].decided_at.isoformat() if later[0].decided_at else "",
        "cases": len(later),
        "guilty": int(labels.sum()),
        "capacity": ks[0],
        "learned": _told(measured(labels, model.values(_table(later)), ks, is_likelihood=True, groups=whose)),
        "weights": _told(measured(labels, weighed, ks, is_likelihood=False, groups=whose)),
    }


def _told(figures: Any) -> dict[str, Any]:
    plain: dict[str, Any] = asdict(figures)
    return plain


def _kept(
    merchant: Merchant, model: Model, table: Table, figures: dict[str, Any], at: datetime
) -> LearnedScore:
    """Keep the model, and take it into use where it is no worse; undecided cases get their new score."""
    is_better = bool(figures) and (
        figures["learned"]["average_precision"] >= figures["weights"]["average_precision"]
    )
    with transaction.atomic():
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        known: LearnedScore | None = LearnedScore.objects.filter(
            merchant=merchant, version=model.version
        ).first()
        if known is not None:
            return known
        if is_better:
            LearnedScore.objects.filter(merchant=merchant, is_current=True).update(is_current=False)
        row: LearnedScore = LearnedScore.objects.create(
            merchant=merchant,
            version=model.version,
            is_current=is_better,
            decided=table.size,
            guilty=table.positives,
            figures=figures,
            body=zlib.compress(dumped(model).encode()),
            learned_at=at,
        )
        data = {"version": model.version, "decided": table.size, "is_current": is_better}
        events.record("score.learned", row, tenant=merchant.pk, at=at, data=data)
    for case in (
        Case.objects.undecided().filter(program__merchant=merchant).select_related("program", "enrollment")
    ):
        scoring.score(case)
    return row
