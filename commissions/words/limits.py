"""What a ceiling or a cap left of an amount, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from commissions.words.figures import money_in_words, rate_in_words
from commissions.words.lines import Trace
from commissions.words.periods import during, each


def limits_in_words(trace: Trace, party: Trace) -> list[str]:
    """Say which limits cut an enrollment's amount and what is left of it; [] if none did."""
    if party["before"] == party["amount"]:
        return []
    texts = [*_ceiling(trace, party), *_caps(trace, party)]
    values = {
        "before": money_in_words(trace, party["before"]),
        "amount": money_in_words(trace, party["amount"]),
    }
    return [
        *texts[:-1],
        _("%(limit)s Therefore %(before)s became %(amount)s.") % (values | {"limit": texts[-1]}),
    ]


def _ceiling(trace: Trace, party: Trace) -> list[str]:
    ceiling = trace["ceiling"]
    is_cut = "clamped" in trace["levels"][0] if party["level"] == 1 else ceiling["after"] < ceiling["before"]
    if not is_cut:
        return []
    values = {"rate": rate_in_words(ceiling["rate"]), "limit": money_in_words(trace, ceiling["limit"])}
    text = _("All commissions of one sale together are at most %(rate)s %% of its base, here %(limit)s.")
    return [text % values]


def _caps(trace: Trace, party: Trace) -> list[str]:
    return [_cap(trace, cap) for cap in trace.get("caps", []) if _concerns(trace, cap, party)]


def _concerns(trace: Trace, cap: Trace, party: Trace) -> bool:
    if cap["of"] == "program":
        return party["level"] > 1 or _reaches_level_one(trace, cap)
    return party["level"] == 1 and cap["enrollment"] in (None, party["enrollment"])


def _reaches_level_one(trace: Trace, budget: Trace) -> bool:
    """The levels above give way first: whether what is left of the budget was less than level 1 alone."""
    own = [row for row in trace["earned"] if row["level"] == 1]
    total: int = trace["levels"][0].get("clamped", sum(row["before"] for row in own))
    for cap in trace["caps"]:
        if cap is budget:
            break
        total = min(total, _room(cap)) if cap["of"] == "program" else total - (cap["before"] - cap["after"])
    return total > _room(budget)


def _room(cap: Trace) -> int:
    room: int = cap["amount"] - cap["used"]
    return max(0, room)


def _cap(trace: Trace, cap: Trace) -> str:
    values = {
        "limit": money_in_words(trace, cap["amount"]),
        "used": money_in_words(trace, cap["used"]),
        "during": during(cap["name"]) if cap["name"] else each(cap["period"] or "all_time"),
    }
    texts = {
        "conversion": _("One sale pays the affiliate who made it at most %(limit)s."),
        "affiliate": _(
            "The plan pays an affiliate at most %(limit)s %(during)s; before this sale %(used)s of it was used."
        ),
        "program": _(
            "The program pays at most %(limit)s to all affiliates together %(during)s; "
            "before this sale %(used)s of it was used."
        ),
    }
    return texts[cap["of"]] % values
