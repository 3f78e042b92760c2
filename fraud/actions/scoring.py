"""Says how likely a case is fraud and what moved it: by weights, or by what was learned from decisions."""

import logging
import zlib
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache

from django.db.models import Count, Q

from commissions.models import Commission
from commissions.states import CommissionState
from fraud.checks import CHECKS
from fraud.models import Case, LearnedScore, Signal
from fraud.scores.model import Model, loaded
from fraud.scores.score import Score
from fraud.scores.table import Cell, table_of
from fraud.scores.weights import Evidence, weighted_score
from fraud.states import SignalState

log = logging.getLogger(__name__)

GREATEST = 10.0  # how many times its threshold a value counts for at most
Features = dict[str, Cell]


def score(case: Case, *, learned: LearnedScore | None = None) -> Score:
    """Write down how likely an undecided case is fraud, by the learned score in use, else by weights; and from what."""
    case.features = features_of(case)
    model = learned or LearnedScore.objects.filter(merchant=case.program.merchant_id, is_current=True).first()
    found = (by_learning(model, case.features) if model else None) or by_weights(case.features)
    case.score, case.score_source, case.score_version = found.value, found.source, found.version
    case.moves = [[move.name, round(move.by, 3), move.value] for move in found.moves]
    case.save(update_fields=["features", "score", "score_source", "score_version", "moves"])
    return found


def score_open(enrollments: Collection[int]) -> None:
    """Score every undecided case of affiliates anew: what stands against one counts in each of its cases."""
    rows = Case.objects.undecided().filter(enrollment__in=enrollments).order_by("enrollment", "cause")
    for case in rows.select_related("program", "enrollment"):
        score(case)


def by_weights(features: Features) -> Score:
    """Return the score of what was found, each finding with its weight in the program's policy."""
    found = [
        Evidence(name.removeprefix("weight:"), float(weight or 0))
        for name, weight in features.items()
        if name.startswith("weight:")
    ]
    return weighted_score(found)


def by_learning(row: LearnedScore, features: Features) -> Score | None:
    """Return what a learned model says of features that it knows; those that it has never seen say nothing.

    None for one that cannot be read: a score is an opinion, and holds up no screening.
    """
    try:
        model = model_of(row.pk, bytes(row.body))
    except (ValueError, zlib.error) as wrong:
        log.warning("learned score %s: %s", row.pk, wrong)
        return None
    known = learnable(features)
    asked = {name: known.get(name, 0) for name in set(model.encoding.origins)}
    return model.scores(table_of([asked]))[0]


def learnable(features: Features) -> Features:
    """Return what a model learns from: how strong each finding is and on how many sales, 0 for none; and the past.

    Weights are left out: they are what a manager thinks, not what happened.
    """
    names = [f"{what}:{check}" for what in ("strength", "count") for check in CHECKS]
    past = {name: value for name, value in features.items() if ":" not in name}
    return {**{name: features.get(name, 0) for name in names}, **past}


@lru_cache(maxsize=8)
def model_of(number: int, body: bytes) -> Model:
    """Return the model of a LearnedScore row, read once."""
    return loaded(zlib.decompress(body).decode())


def features_of(case: Case) -> Features:
    """Return what is known of a case at this moment: its findings and the enrollment's others, and its past.

    `weight:<check>` is the finding's weight, `strength:<check>` its value in thresholds, `count:<check>` on how many
    sales; then days since it joined, orders, and what was approved and declined before.
    """
    features: Features = {}
    counts: dict[str, int] = defaultdict(int)
    standing = Q(state=SignalState.STANDS) & (Q(case=case) | Q(enrollment=case.enrollment_id))
    signals = Signal.objects.filter(standing).order_by("pk")
    for signal in signals.only(
        "check_name", "weight", "value", "limits"
    ):  # not the rows behind, of which are many
        name = signal.check_name
        counts[name] += 1
        features[f"weight:{name}"] = signal.weight
        strength = max(_strength(signal), float(features.get(f"strength:{name}") or 0))
        features[f"strength:{name}"] = strength
    features |= {f"count:{name}": count for name, count in counts.items()}
    return features | _past(case, case.opened_at)


def _strength(signal: Signal) -> float:
    """A value in thresholds: 2 is twice as much as makes a finding, whichever side is bad."""
    check, threshold = signal.check_itself, float(signal.limits.get("threshold", 0))
    value = signal.value
    if check is not None and check.is_low_bad:
        value, threshold = threshold, value
    if threshold <= 0:
        return GREATEST if value > 0 else 1.0
    return min(max(value / threshold, 0.0), GREATEST)


def _past(case: Case, before: datetime) -> Features:
    own = Commission.objects.filter(enrollment=case.enrollment_id, level=1, created_at__lt=before)
    counts = own.aggregate(
        orders=Count("pk"),
        approved=Count("pk", filter=Q(state=CommissionState.APPROVED)),
        declined=Count("pk", filter=Q(state=CommissionState.DECLINED)),
    )
    joined = case.enrollment.decided_at or case.enrollment.applied_at
    return {**counts, "days": max((before - joined).days, 0)}
