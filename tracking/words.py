"""A decision in plain words, for managers: every touch that was considered, who won, and why the others lost."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from tracking.attribution.sharing import UNIT
from tracking.attribution.why_not import percent

WON: dict[str, str | Promise] = {
    "coupon": gettext_lazy("Credited to %(name)s, because the order used their personal coupon."),
    "bound": gettext_lazy(
        "Credited to %(name)s, because this customer belongs to them since an earlier order."
    ),
    "click": gettext_lazy("Credited to %(name)s, because theirs was the last click that counts."),
    "view": gettext_lazy(
        "Credited to %(name)s: there was no click, and theirs was the last advertisement that was seen."
    ),
    "lapsed": gettext_lazy(
        "Credited to %(name)s: nothing newer spoke, and the customer once came through them."
    ),
    "shared_coupon": gettext_lazy(
        "Credited to %(name)s, because the order used a coupon shared in their name."
    ),
}
BY_PAGE = gettext_lazy(
    "Credited to %(name)s: there was no click and no code, and the buyer came from %(page)s, "
    "this affiliate’s direct link."
)
MODELS: dict[str, str | Promise] = {
    "last_click": gettext_lazy("the last click has it all"),
    "first_click": gettext_lazy("the first click has it all"),
    "linear": gettext_lazy("every click counts the same"),
    "time_decay": gettext_lazy("a click that is %(hours)s hours older than the last one counts half"),
    "position": gettext_lazy(
        "the first and the last click count 40 % each, those between them share the rest"
    ),
    "markov": gettext_lazy("each partner counts by what the study %(study)s found of its part in orders"),
    "shapley": gettext_lazy("every partner on the way counts the same, as the study %(study)s found"),
}
STOOD_IN: dict[str, str | Promise] = {
    "no_study": gettext_lazy(
        "The program’s data-driven model had too little to go by when the order was made."
    ),
    "unknown_partner": gettext_lazy(
        "The program’s data-driven model did not know all of these partners when the order was made."
    ),
    "no_weight": gettext_lazy("The program’s data-driven model found no part of these partners in orders."),
}
WHY: dict[str, str | Promise] = {
    "bot": gettext_lazy("came from a machine"),
    "inactive": gettext_lazy("the affiliate was not active"),
    "after_order": gettext_lazy("came after the order"),
    "window": gettext_lazy("was too old for the program’s window"),
    "repeat": gettext_lazy("repeats the click just before it"),
    "no_views": gettext_lazy("advertisements seen do not count"),
    "code": gettext_lazy("a click counts before a code"),
    "referrer": gettext_lazy("a click or a code counts before the page that a buyer came from"),
    "only_view": gettext_lazy("a click counts before an advertisement seen"),
    "earlier": gettext_lazy("a later click won"),
    "later": gettext_lazy("an earlier click won"),
    "earlier_view": gettext_lazy("one that was seen later won"),
    "faded": gettext_lazy("was too long before the last click to weigh anything"),
    "no_weight": gettext_lazy("has no weight in the study"),
    "weaker": gettext_lazy("stronger evidence won"),
    "no_click": gettext_lazy("counts only together with a click, and there was none"),
    "over_click": gettext_lazy("never wins over a click"),
}
VIA: dict[str, str | Promise] = {
    "tid": gettext_lazy("click id given by the store"),
    "visitor": gettext_lazy("same browser"),
    "identity": gettext_lazy("another browser in which the customer was known"),
    "ref": gettext_lazy("referral code in the address"),
    "referrer": gettext_lazy("as the store says"),
}


def enrollments_of(trace: Mapping[str, Any]) -> set[int]:
    """The ids of the enrollments that a trace names, to look their names up in one query."""
    rows = [*trace.get("touches", ()), *trace.get("coupons", ()), trace.get("binding") or {}, trace]
    rows += trace.get("credits", ())
    return {row["enrollment"] for row in rows if row.get("enrollment")}


def decision_in_words(trace: Mapping[str, Any], names: Mapping[int, str]) -> list[str]:
    """Say who was credited, then what became of each coupon, customer relation and touch; `names` by enrollment id."""
    sentences = [*_credited(trace, names)]
    sentences += [_coupon(use, names) for use in trace.get("coupons", ())]
    if trace.get("binding"):
        sentences.append(_binding(trace["binding"], names))
    if trace.get("is_cut"):
        sentences.append(_("There were more touches; only the newest were looked at."))
    return sentences + [_touch(touch, names) for touch in reversed(trace.get("touches", ()))]


def _credited(trace: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[str]:
    shares, model = trace.get("shares", ()), trace.get("model", {})
    by_clicks = trace.get("won") == "click" and model
    page = _page_that_won(trace)
    if by_clicks and not page and (len(shares) > 1 or model["name"] != "last_click"):
        told = [_part(row, names) for row in shares]
        yield _("Credited by clicks: %(shares)s.") % {"shares": ", ".join(told)}
        yield _how(model)
    else:
        first = BY_PAGE if page else WON.get(trace.get("won", ""))
        winner = names.get(trace.get("enrollment") or 0, "")
        yield (
            str(first) % {"name": winner, "page": page}
            if first
            else _("Credited to nobody: no click, coupon or customer spoke.")
        )
    if by_clicks and model.get("why") in STOOD_IN:
        yield str(STOOD_IN[model["why"]])
    if len(shares) > 1:
        name = names.get(trace.get("enrollment") or 0, "")
        yield _("The sale is valued once, by the plan of %(name)s, who has the largest share.") % {
            "name": name
        }


def _page_that_won(trace: Mapping[str, Any]) -> str:
    """The affiliate's own page by which the order was credited, because the store alone says so."""
    return next((row.get("page", "") for row in trace.get("touches", ()) if row["won"]), "")


def _part(row: Mapping[str, Any], names: Mapping[int, str]) -> str:
    values = {"name": names.get(row["enrollment"], ""), "share": percent(Fraction(row["share"]))}
    return _("%(name)s %(share)s") % values


def _how(model: Mapping[str, Any]) -> str:
    values = {"hours": model.get("half_life_hours", ""), "study": model.get("study", "")}
    text = str(MODELS.get(model["name"], model["name"]))
    how = text % values if "%(" in text else text
    return _("The model: %(how)s.") % {"how": how}


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
    if touch.get("page"):
        words = _("Came from %(page)s, the direct link of %(name)s, on %(date)s (%(via)s): %(fate)s.")
        return words % {**values, "page": touch["page"]}
    if touch.get("kind") == "v":
        return _("Advertisement of %(name)s seen on %(date)s (%(via)s): %(fate)s.") % values
    return _("Click through %(name)s on %(date)s (%(via)s): %(fate)s.") % values


def _fate(row: Mapping[str, Any]) -> str:
    if not row["won"]:
        return str(WHY.get(row["why"], row["why"]))
    share = Fraction(row.get("share", 1))
    if share == 1:
        return _("won")
    weight = row.get("weight")
    values = {"share": percent(share)}
    if weight:
        values["weight"] = percent(Fraction(weight) / UNIT)
        return _("counts %(share)s, its weight being %(weight)s of the last click’s") % values
    return _("counts %(share)s") % values


def _date(text: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(text)), "j M Y, H:i")
