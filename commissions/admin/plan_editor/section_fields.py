"""The fields of the cards beside the rules, and how they are read: one part a card."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _, gettext_lazy

from commissions.admin.plan_editor.entries import Entry, as_text, names, names_text, number, whole
from commissions.admin.plan_editor.known import Known
from commissions.admin.plan_editor.rule_entry import fresh_id
from commissions.admin.plan_editor.rule_words import PERIODS

Body = dict[str, Any]
Row = dict[str, Any]
BASES = (
    ("base", gettext_lazy("of what was sold")),
    ("level_1", gettext_lazy("of what the seller earns")),
    ("below", gettext_lazy("of what the level below earns")),
)
BONUS_METRICS = (
    ("joining", gettext_lazy("once, as a welcome")),
    ("base", gettext_lazy("for selling at least")),
    ("conversions", gettext_lazy("for bringing orders, at least")),
    ("commission", gettext_lazy("for earning at least")),
)
BONUS_PERIODS = PERIODS[:4]
CAPPED = (
    ("conversion", gettext_lazy("for one order")),
    ("affiliate", gettext_lazy("to one affiliate")),
    ("program", gettext_lazy("by the whole program")),
)


def none(body: Body, known: Known) -> list[list[Entry]]:
    return []


def nothing(body: Body, known: Known) -> list[Entry]:
    return []


def _columns(post: QueryDict, *wanted: str) -> list[tuple[str, ...]]:
    """The rows of a form whose fields repeat; a row may lack a field that it does not show."""
    return [tuple(row) for row in zip_longest(*(post.getlist(name) for name in wanted), fillvalue="")][:100]


# --- levels


def levels(body: Body, known: Known) -> list[list[Entry]]:
    return [_level(place, row, known) for place, row in enumerate(body.get("levels", []))]


def _level(place: int, row: Row, known: Known) -> list[Entry]:
    at, own = f"levels[{place}]", row.get("groups", {})
    found = [
        Entry("level.rate", f"{at}.rate", _("Rate"), "rate", as_text(row.get("rate")), unit="%"),
        Entry("level.basis", f"{at}.basis", _("Of what"), "choice", as_text(row.get("basis", "base")), BASES),
    ]
    for name in dict.fromkeys([*known.groups, *own]):
        label = _("In group %(name)s") % {"name": name}
        value = as_text(own.get(name))
        found.append(
            Entry(
                f"level.{place}.group",
                f"{at}.groups.{name[:60]}",
                label,
                "rate",
                value,
                [(name, name)],
                unit="%",
                example=as_text(row.get("rate")),
            )
        )
    return found


def read_levels(post: QueryDict) -> Body:
    rows = []
    for place, (rate, basis) in enumerate(_columns(post, "level.rate", "level.basis")):
        row: Row = {"level": place + 2, "rate": number(rate), "basis": basis[:20] or "base"}
        pairs = zip(
            post.getlist(f"level.{place}.group.of"), post.getlist(f"level.{place}.group"), strict=False
        )
        groups = {name: number(own) for name, own in pairs if own.strip()}
        rows.append(row | {"groups": groups} if groups else row)
    return {"levels": rows, "compression": "compression" in post}


def compression(body: Body, known: Known) -> list[Entry]:
    if not body.get("levels"):
        return []
    help_text = _(
        "If a sponsor is not active, the next active one above takes the level; else nobody gets it."
    )
    value = body.get("compression") is True
    return [
        Entry(
            "compression", "compression", _("Move up past inactive sponsors"), "flag", value, help=help_text
        )
    ]


# --- split


def split(body: Body, known: Known) -> list[list[Entry]]:
    return [
        [
            Entry(
                "split.affiliate",
                f"split[{place}].affiliate",
                _("Affiliate’s code"),
                "listed",
                as_text(row.get("affiliate")),
                known.affiliates,
            ),
            Entry(
                "split.share",
                f"split[{place}].share",
                _("Part"),
                "rate",
                as_text(row.get("share")),
                unit="%",
            ),
        ]
        for place, row in enumerate(body.get("split", []))
    ]


def read_split(post: QueryDict) -> Body:
    return {
        "split": [
            {"affiliate": code.strip()[:64], "share": number(share)}
            for code, share in _columns(post, "split.affiliate", "split.share")
        ]
    }


# --- bonuses


def bonuses(body: Body, known: Known) -> list[list[Entry]]:
    return [_bonus(place, row, known) for place, row in enumerate(body.get("bonuses", []))]


def _bonus(place: int, row: Row, known: Known) -> list[Entry]:
    at, metric = f"bonuses[{place}]", as_text(row.get("metric", "base"))
    counts = metric == "conversions"
    found = [
        Entry("bonus.id", f"{at}.id", "", "hidden", as_text(row.get("id"))),
        Entry(
            "bonus.name", f"{at}.name", _("Name"), value=as_text(row.get("name")), example=_("Gold target")
        ),
        Entry(
            "bonus.amount",
            f"{at}.amount",
            _("Amount"),
            "amount",
            as_text(row.get("amount")),
            unit=known.currency,
        ),
        Entry("bonus.metric", f"{at}.metric", _("Paid"), "choice", metric, BONUS_METRICS, reshapes=True),
        Entry(
            "bonus.target",
            f"{at}.target",
            _("Target"),
            "hidden" if metric == "joining" else "whole" if counts else "amount",
            as_text(row.get("target")),
            unit=_("orders") if counts else known.currency,
        ),
        Entry(
            "bonus.period",
            f"{at}.period",
            _("Counted"),
            "hidden" if metric == "joining" else "choice",
            as_text(row.get("period", "month")),
            BONUS_PERIODS,
        ),
    ]
    return found


def read_bonuses(post: QueryDict) -> Body:
    wanted = ("bonus.id", "bonus.name", "bonus.amount", "bonus.metric", "bonus.target", "bonus.period")
    rows: list[Row] = []
    for own, name, amount, metric, target, period in _columns(post, *wanted):
        taken = {row["id"] for row in rows}
        row: Row = {
            "id": own[:64] or (fresh_id(name, taken) if name.strip() else ""),
            "name": " ".join(name.split())[:200],
            "amount": number(amount),
            "metric": metric[:20],
        }
        rows.append(
            row if metric == "joining" else row | {"period": period[:20] or "month", "target": number(target)}
        )
    return {"bonuses": rows}


# --- caps


def caps(body: Body, known: Known) -> list[list[Entry]]:
    return [_cap(place, row, known) for place, row in enumerate(body.get("caps", []))]


def _cap(place: int, row: Row, known: Known) -> list[Entry]:
    at, of = f"caps[{place}]", as_text(row.get("of"))
    period = as_text(row.get("period", "month"))
    offered = PERIODS[:4] if not period.startswith("days:") else (*PERIODS[:4], (period, _days(period)))
    return [
        Entry(
            "cap.amount",
            f"{at}.amount",
            _("At most"),
            "amount",
            as_text(row.get("amount")),
            unit=known.currency,
        ),
        Entry("cap.of", f"{at}.of", _("Paid"), "choice", of, CAPPED, reshapes=True),
        Entry(
            "cap.period",
            f"{at}.period",
            _("Counted"),
            "hidden" if of == "conversion" else "choice",
            period,
            offered,
        ),
    ]


def _days(period: str) -> str:
    return _("in the last %(days)s days") % {"days": period.removeprefix("days:")}


def read_caps(post: QueryDict) -> Body:
    rows = []
    for amount, of, period in _columns(post, "cap.amount", "cap.of", "cap.period"):
        row = {"of": of[:20], "amount": number(amount)}
        rows.append(row if of == "conversion" else row | {"period": period[:20] or "month"})
    return {"caps": rows}


# --- ceiling, maturity, exclusions


def ceiling(body: Body, known: Known) -> list[Entry]:
    value = as_text(body.get("max_total_rate", "50"))
    return [Entry("max_total_rate", "max_total_rate", _("At most"), "rate", value, unit="%")]


def read_ceiling(post: QueryDict) -> Body:
    return {"max_total_rate": number(post.get("max_total_rate", "") or "50")}


def maturity(body: Body, known: Known) -> list[Entry]:
    value = as_text(body.get("maturity_days", 30))
    return [Entry("maturity_days", "maturity_days", _("Days after payment"), "whole", value, unit=_("days"))]


def read_maturity(post: QueryDict) -> Body:
    return {"maturity_days": whole(post.get("maturity_days", "") or "30")}


_EXCLUDED = (
    ("categories", gettext_lazy("Categories")),
    ("products", gettext_lazy("Products")),
    ("skus", gettext_lazy("SKUs")),
    ("brands", gettext_lazy("Brands")),
)


def exclude(body: Body, known: Known) -> list[Entry]:
    named = body.get("exclude", {})
    return [
        Entry(
            f"exclude.{key}",
            f"exclude.{key}",
            label,
            "names",
            names_text(named.get(key)),
            known=known.of(key),
        )
        for key, label in _EXCLUDED
    ]


def read_exclude(post: QueryDict) -> Body:
    found = {
        key: [name for name in names(post.get(f"exclude.{key}", "")) if name] for key, _label in _EXCLUDED
    }
    return {"exclude": {key: value for key, value in found.items() if value}}
