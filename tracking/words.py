"""A decision in plain words, for managers: every touch that was considered, who won, and why the others lost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

WON: dict[str, str | Promise] = {
    "coupon": gettext_lazy("Credited to %(name)s, because the order used their personal coupon."),
    "bound": gettext_lazy(
        "Credited to %(name)s, because this customer belongs to them since an earlier order."
    ),
    "click": gettext_lazy("Credited to %(name)s, because theirs was the last click that counts."),
    "lapsed": gettext_lazy(
        "Credited to %(name)s: nothing newer spoke, and the customer once came through them."
    ),
    "shared_coupon": gettext_lazy(
        "Credited to %(name)s, because the order used a coupon shared in their name."
    ),
}
WHY: dict[str, str | Promise] = {
    "bot": gettext_lazy("came from a machine"),
    "inactive": gettext_lazy("the affiliate was not active"),
    "after_order": gettext_lazy("came after the order"),
    "window": gettext_lazy("was too old for the program’s window"),
    "earlier": gettext_lazy("a later click won"),
    "weaker": gettext_lazy("stronger evidence won"),
    "no_click": gettext_lazy("counts only together with a click, and there was none"),
    "over_click": gettext_lazy("never wins over a click"),
}
VIA: dict[str, str | Promise] = {
    "tid": gettext_lazy("click id given by the store"),
    "visitor": gettext_lazy("same browser"),
    "ref": gettext_lazy("referral code in the address"),
}


def enrollments_of(trace: Mapping[str, Any]) -> set[int]:
    """The ids of the enrollments that a trace names, to look their names up in one query."""
    rows = [*trace.get("touches", ()), *trace.get("coupons", ()), trace.get("binding") or {}, trace]
    return {row["enrollment"] for row in rows if row.get("enrollment")}


def decision_in_words(trace: Mapping[str, Any], names: Mapping[int, str]) -> list[str]:
    """Say who was credited, then what became of each coupon, customer relation and click; `names` by enrollment id."""
    winner = names.get(trace.get("enrollment") or 0, "")
    first = WON.get(trace.get("won", ""))
    sentences = [
        first % {"name": winner} if first else _("Credited to nobody: no click, coupon or customer spoke.")
    ]
    sentences += [_coupon(use, names) for use in trace.get("coupons", ())]
    if trace.get("binding"):
        sentences.append(_binding(trace["binding"], names))
    return sentences + [_touch(touch, names) for touch in reversed(trace.get("touches", ()))]


def _coupon(use: Mapping[str, Any], names: Mapping[int, str]) -> str:
    values = {"code": use["code"], "name": names.get(use["enrollment"], ""), "fate": _fate(use)}
    return _("Coupon “%(code)s” of %(name)s: %(fate)s.") % values


def _binding(binding: Mapping[str, Any], names: Mapping[int, str]) -> str:
    values = {
        "name": names.get(binding["enrollment"], ""),
        "date": _date(binding["since"]),
        "fate": _fate(binding),
    }
    return _("Customer of %(name)s since %(date)s: %(fate)s.") % values


def _touch(touch: Mapping[str, Any], names: Mapping[int, str]) -> str:
    values = {
        "name": names.get(touch["enrollment"], ""),
        "date": _date(touch["at"]),
        "via": VIA.get(touch["via"], touch["via"]),
        "fate": _fate(touch),
    }
    return _("Click through %(name)s on %(date)s (%(via)s): %(fate)s.") % values


def _fate(row: Mapping[str, Any]) -> str:
    return _("won") if row["won"] else str(WHY.get(row["why"], row["why"]))


def _date(text: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(text)), "j M Y, H:i")
