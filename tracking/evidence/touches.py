"""The touches before an order: clicks, views where they count, the code that it carries, the page it came from."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from affiliates.models import AttributionTerms, Enrollment, Link
from tracking.attribution import Touch
from tracking.attribution.touches import CODE, SKEW, VIEW
from tracking.clickid import ClickId
from tracking.evidence.own_pages import touch_of_page
from tracking.evidence.visitors import Visitors
from tracking.models import Click, Impression, Order
from tracking.orders import Evidence

BACK = timedelta(days=365)  # no window is longer
MOST_CLICKS, MOST_VIEWS = 200, 50
WINDOW = timedelta(days=30)  # of a click that was made under no terms


def touches_of(
    order: Order, said: Evidence, whose: Visitors, terms: AttributionTerms
) -> tuple[tuple[Touch, ...], bool]:
    """Return the touches, and whether there were more than are looked at."""
    clicks, is_cut = _clicks(order, whose)
    found = [_from_click(click, whose) for click in clicks]
    if whose.named and whose.click is None:
        found += _from_id(order, whose.named, terms)
    if terms.view_hours:
        views, more = _views(order, whose)
        found += [_from_view(view) for view in views]
        is_cut = is_cut or more
    return (*found, *_from_code(order, said.ref, terms), *touch_of_page(order, said, terms)), is_cut


def _clicks(order: Order, whose: Visitors) -> tuple[list[Click], bool]:
    """The newest clicks of these browsers up to the order, and the one that the click id names, whenever it was."""
    rows = Click.objects.filter(program=order.program_id).select_related("terms", "enrollment")
    found = _newest(rows, order, whose, MOST_CLICKS)
    clicks, is_cut = found[:MOST_CLICKS], len(found) > MOST_CLICKS
    if whose.click is not None and whose.click.pk not in {click.pk for click in clicks}:
        clicks.append(whose.click)
    return clicks, is_cut


def _views(order: Order, whose: Visitors) -> tuple[list[Impression], bool]:
    rows = Impression.objects.filter(program=order.program_id).select_related("terms", "enrollment")
    found = _newest(rows, order, whose, MOST_VIEWS)
    return found[:MOST_VIEWS], len(found) > MOST_VIEWS


def _newest(rows: QuerySet[Any], order: Order, whose: Visitors, most: int) -> list[Any]:
    """One more than are looked at, if there are."""
    if not whose.all:
        return []
    between = (order.occurred_at - BACK, order.occurred_at + SKEW)
    found = rows.filter(visitor__in=whose.all, at__range=between)
    return list(found.order_by("-at", "-pk")[: most + 1])


def _from_click(click: Click, whose: Visitors) -> Touch:
    via = "visitor" if click.visitor == whose.own else "identity"
    return Touch(
        click.enrollment_id,
        click.at,
        "tid" if whose.named and click.pk == whose.named.uuid else via,
        click.terms.window if click.terms else WINDOW,
        str(click.pk),
        click.is_bot,
        click.enrollment.is_active,
        tuple(map(str, click.sub_ids)),
        visitor=str(click.visitor or ""),
    )


def _from_view(view: Impression) -> Touch:
    """A view has the window of the terms that it was seen under; none where they did not count views."""
    return Touch(
        view.enrollment_id,
        view.at,
        "visitor",
        view.terms.view_window if view.terms else timedelta(0),
        str(view.pk),
        view.is_bot,
        view.enrollment.is_active,
        kind=VIEW,
        visitor=str(view.visitor or ""),
    )


def _from_id(order: Order, named: ClickId, terms: AttributionTerms) -> list[Touch]:
    """The click's row is still on its way: its id says enough."""
    link = Link.objects.filter(pk=named.link_id, enrollment__program=order.program_id).first()
    if link is None:
        return []
    active = link.enrollment.is_active
    return [Touch(link.enrollment_id, named.at, "tid", terms.window, str(named.uuid), False, active)]


def _from_code(order: Order, said: str, terms: AttributionTerms) -> list[Touch]:
    """A referral code from an address, or as somebody said it at a till: "Ann Archer" is ann-archer."""
    code = "-".join(said.lower().split())
    if not code:
        return []
    named = Enrollment.objects.filter(program=order.program_id, code=code).first()
    if named is None:
        return []
    return [Touch(named.pk, order.occurred_at, CODE, terms.window, "", False, named.is_active)]
