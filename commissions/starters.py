"""Plans to begin from: each a body as docs/plans tells it, with a name and a sentence for people."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

Body = dict[str, Any]


class Starter(NamedTuple):
    """A plan as it is offered; `body` fits every currency, its texts are English until `body_of` translates them."""

    name: str | Promise
    sentence: str | Promise
    icon: str
    body: Body


def body_of(key: str) -> Body:
    """Return a copy of a starter's body with its rules named in the language that is active; KeyError if unknown."""
    body = deepcopy(STARTERS[key].body)
    for row in (*body["rules"], *body.get("bonuses", [])):
        row["name"] = str(row["name"])
    return body


def percent(key: str, name: Any, rate: str, when: Body | None = None) -> Body:
    """Return a rule that pays a rate, written as plans write it."""
    rule: Body = {"id": key, "name": name, "reward": {"type": "percent", "rate": rate}}
    return rule | {"when": when} if when else rule


def plan(*rules: Body, maturity_days: int = 30, ceiling: str = "50", **more: Any) -> Body:
    """Return the body of a plan with the usual waiting time and ceiling; `more` are further keys of it."""
    return {
        "schema": 2,
        "maturity_days": maturity_days,
        "max_total_rate": ceiling,
        "rules": list(rules),
        **more,
    }


STARTERS: dict[str, Starter] = {
    "flat": Starter(
        gettext_lazy("One rate for everything"),
        gettext_lazy("10 % of every sale. The plan that everybody understands; most programs begin with it."),
        "equal",
        plan(percent("everyone", gettext_lazy("Every sale"), "10")),
    ),
    "brackets": Starter(
        gettext_lazy("The more they sell, the more they get"),
        gettext_lazy(
            "10 % at first, 15 % from 1,000 in a month, 20 % from 5,000: it begins anew every month."
        ),
        "stairs",
        plan(
            {
                "id": "volume",
                "name": gettext_lazy("By volume of the month"),
                "reward": {
                    "type": "brackets",
                    "metric": "base",
                    "period": "month",
                    "mode": "marginal",
                    "steps": [
                        {"from": "0", "rate": "10"},
                        {"from": "1000", "rate": "15"},
                        {"from": "5000", "rate": "20"},
                    ],
                },
            }
        ),
    ),
    "recurring": Starter(
        gettext_lazy("Subscriptions, software"),
        gettext_lazy("30 % of the first twelve payments, 10 % of every later one, and 2 for a free trial."),
        "circle",
        plan(
            percent(
                "first-year",
                gettext_lazy("The first twelve payments"),
                "30",
                {"payment": {"from": 1, "to": 12}},
            ),
            percent("later", gettext_lazy("Every later payment"), "10", {"payment": {"from": 13}}),
            {
                "id": "trial",
                "name": gettext_lazy("A free trial"),
                "when": {"goal": "sign_up"},
                "reward": {"type": "fixed_per_order", "amount": "2"},
            },
            maturity_days=14,
        ),
    ),
    "two_level": Starter(
        gettext_lazy("Partners recruit partners"),
        gettext_lazy("10 % for whoever made the sale, and 3 % on top for the partner who recruited them."),
        "tree",
        plan(
            percent("everyone", gettext_lazy("Every sale"), "10"),
            levels=[{"level": 2, "rate": "3", "basis": "base"}],
        ),
    ),
    "influencer": Starter(
        gettext_lazy("Influencers with a code"),
        gettext_lazy(
            "15 % when a code was used, 8 % for the bare link, 3 more for a new customer, 20 as a welcome."
        ),
        "ticket",
        plan(
            percent("link", gettext_lazy("Through the link"), "8"),
            percent(
                "code",
                gettext_lazy("With a code"),
                "15",
                {"where": {"field": "coupon", "op": "exists"}},
            ),
            {
                "id": "new-customer",
                "name": gettext_lazy("New customer on top"),
                "stackable": True,
                "when": {"customer": "new"},
                "reward": {"type": "fixed_per_order", "amount": "3"},
            },
            bonuses=[{"id": "welcome", "name": gettext_lazy("Welcome"), "amount": "20", "metric": "joining"}],
        ),
    ),
}
