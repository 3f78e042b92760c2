"""Why was I not credited? A decision's trace as one affiliate may hear it: nobody else and no buyer is named. Pure.

A reason has a code, which tests and programs compare, and a sentence for people.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy, ngettext

Trace = Mapping[str, Any]
# a touch that could have counted, by the evidence that won
BEATEN: dict[str, str | Promise] = {
    "coupon": gettext_lazy(
        "The order used another partner’s personal code, and such a code counts before a click in this program."
    ),
    "bound": gettext_lazy("The customer already belonged to another partner, because of an earlier order."),
    "view": gettext_lazy("Another partner’s advertisement was seen after yours."),
}
# by the model that shared among clicks
OUTSHARED: dict[str, str | Promise] = {
    "earlier": gettext_lazy(
        "A later touch of another partner counted: this program credits the last click before the order."
    ),
    "later": gettext_lazy(
        "An earlier touch of another partner counted: this program credits the first click before the order."
    ),
    "faded": gettext_lazy(
        "Your click was so much older than those of other partners that it no longer weighed anything."
    ),
    "no_weight": gettext_lazy(
        "By what this program has learned from its orders, other partners brought this one about."
    ),
    "code": gettext_lazy("A click of another partner counted, and a click counts before a spoken code."),
    "referrer": gettext_lazy(
        "A click or a code of another partner counted, and either counts before the page that a buyer came from."
    ),
    "only_view": gettext_lazy(
        "A click of another partner counted, and a click counts before an advertisement that was only seen."
    ),
}
COUPON: dict[str, str | Promise] = {
    "inactive": gettext_lazy("Your code had ended, or your membership was not active."),
    "no_click": gettext_lazy("Your code counts only together with a click on your link, and there was none."),
    "over_click": gettext_lazy("Your code never counts over a click, and there was one."),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its code and its sentence."""

    code: str
    text: str


def concerns(trace: Trace, enrollment: int) -> bool:
    """Say whether anything of the enrollment's was looked at for the order."""
    rows = [*trace.get("touches", ()), *trace.get("coupons", ()), trace.get("binding") or {}]
    return trace.get("enrollment") == enrollment or any(row.get("enrollment") == enrollment for row in rows)


def share_of(trace: Trace, enrollment: int) -> Fraction:
    """Return the enrollment's share; traces of before shares were split have one winner."""
    if "shares" not in trace:
        return Fraction(trace.get("enrollment") == enrollment)
    own = (Fraction(row["share"]) for row in trace["shares"] if row["enrollment"] == enrollment)
    return next(own, Fraction(0))


def reasons(trace: Trace, enrollment: int) -> list[Reason]:
    """Return why the enrollment was credited, or all that stood in the way; [] if nothing of it was looked at."""
    share = share_of(trace, enrollment)
    if share:
        return [_credited(trace, share)]
    found = [*_coupons(trace, enrollment), *_binding(trace, enrollment), *_touches(trace, enrollment)]
    return list(dict.fromkeys(found))


def _credited(trace: Trace, share: Fraction) -> Reason:
    if share == 1:
        return Reason("credited", _("You are credited with this order."))
    values = {"share": percent(share), "count": len(trace["shares"])}
    text = _(
        "You are credited with %(share)s of this order: you were one of %(count)s partners who contributed."
    )
    return Reason("credited", text % values)


def percent(share: Fraction) -> str:
    """A part of the whole in per cent, with at most two places: "33.33 %"."""
    hundredths = round(share * 10000)
    whole, rest = divmod(hundredths, 100)
    places = f"{rest:02d}".rstrip("0")
    return _("%(rate)s %%") % {"rate": f"{whole}.{places}" if places else str(whole)}


def _coupons(trace: Trace, enrollment: int) -> Iterator[Reason]:
    for use in trace.get("coupons", ()):
        if use["enrollment"] != enrollment or use["won"]:
            continue
        if use["why"] in COUPON:
            yield Reason(f"coupon_{use['why']}", str(COUPON[use["why"]]))
        else:
            yield Reason(
                "coupon_weaker",
                _("Your code was used, but something that counts more spoke for another partner."),
            )


def _binding(trace: Trace, enrollment: int) -> Iterator[Reason]:
    binding = trace.get("binding")
    if not binding or binding["enrollment"] != enrollment or binding["won"]:
        return
    if binding["why"] == "inactive":
        yield _inactive()
    elif binding["lapsed"]:
        text = _(
            "The customer once came through you, but that was too long ago, and something newer counted."
        )
        yield Reason("lapsed", text)
    else:
        text = _("The customer belonged to you, but the order used another partner’s personal code.")
        yield Reason("binding_weaker", text)


def _touches(trace: Trace, enrollment: int) -> Iterator[Reason]:
    won = trace.get("won", "")
    for touch in trace.get("touches", ()):
        if touch["enrollment"] != enrollment:
            continue
        why = touch["why"]
        if why == "weaker" and won in BEATEN:
            yield Reason(f"beaten_by_{won}", str(BEATEN[won]))
        elif why in OUTSHARED:
            yield Reason(why, str(OUTSHARED[why]))
        elif why == "earlier_view":
            yield Reason("beaten_by_view", str(BEATEN["view"]))
        else:
            yield _not_eligible(touch, why)


def _not_eligible(touch: Trace, why: str) -> Reason:
    if why == "window":
        return Reason("window", _too_old(touch))
    if why == "inactive":
        return _inactive()
    texts = {
        "bot": _("The visit through your link was made by a machine."),
        "after_order": _("Your click came after the order."),
        "repeat": _("A click that repeats the one just before it counts once."),
        "no_views": _("Advertisements that were only seen do not count in this program."),
    }
    return Reason(why or "weaker", texts.get(why, _("Something that counts more spoke for another partner.")))


def _too_old(touch: Trace) -> str:
    hours = touch.get("window", 0) // 3600
    if not hours:
        return _("Your click was made too long before the order.")
    if hours % 24:
        text = ngettext(
            "Your click was made more than %(count)s hour before the order, and it counted for no longer.",
            "Your click was made more than %(count)s hours before the order, and it counted for no longer.",
            hours,
        )
        return text % {"count": hours}
    text = ngettext(
        "Your click was made more than %(count)s day before the order, and it counted for no longer.",
        "Your click was made more than %(count)s days before the order, and it counted for no longer.",
        hours // 24,
    )
    return text % {"count": hours // 24}


def _inactive() -> Reason:
    return Reason("inactive", _("Your membership was not active when the order was credited."))
