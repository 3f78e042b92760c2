"""By which terms an order is shared: those in force when it was made."""

from datetime import timedelta
from fractions import Fraction

from django.db.models.fields.json import KeyTransform

from affiliates.models import AttributionTerms
from tracking.attribution import Learned, Sharing, Terms
from tracking.models import Order, Study
from tracking.states import StudyState


def terms_of(order: Order) -> AttributionTerms:
    """Return the attribution terms in force when the order was made, or else the first there were."""
    dated = AttributionTerms.objects.filter(program=order.program_id).order_by("effective_at")
    in_force: AttributionTerms | None = dated.filter(effective_at__lte=order.occurred_at).last()
    return in_force or dated[0]


def limits_of(order: Order, terms: AttributionTerms, repeat: int) -> Terms:
    """Return the terms as the rules take them, with what a study has learned where the model asks for it.

    `repeat` is the seconds in which a second click is a repeat.
    """
    sharing = Sharing(
        model=terms.model,
        half_life=timedelta(hours=terms.half_life_hours),
        learned=_learned(order, terms.model) if terms.is_data_driven else None,
        fallback=terms.fallback,
    )
    return Terms(
        window=terms.window,
        bound=timedelta(days=terms.bound_days),
        sharing=sharing,
        views=terms.view_hours > 0,
        repeat=timedelta(seconds=repeat),
    )


def _learned(order: Order, model: str) -> Learned | None:
    """What the newest nightly study that was finished before the order has learned, if it had enough to go by."""
    studies = Study.objects.filter(
        program=order.program_id,
        is_routine=True,
        state=StudyState.DONE,
        finished_at__lte=order.occurred_at,
        result__enough=True,
    )
    weights = KeyTransform(model, KeyTransform("weights", "result"))
    newest = studies.order_by("finished_at", "pk").values_list("pk", weights).last()
    if newest is None:
        return None
    number, learned = newest
    return Learned(number, {int(one): Fraction(weight) for one, weight in (learned or {}).items()})
