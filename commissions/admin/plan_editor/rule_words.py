"""The choices of a rule's form, in words."""

from django.utils.translation import gettext_lazy

GOALS = (
    ("sale", gettext_lazy("A sale")),
    ("lead", gettext_lazy("A lead: somebody asks, books, registers interest")),
    ("sign_up", gettext_lazy("A sign-up or trial")),
    ("click", gettext_lazy("A click")),
    ("install", gettext_lazy("An app installed")),
)
OTHER_GOAL = "…"
REWARDS = (
    ("percent", gettext_lazy("Per cent")),
    ("fixed_per_order", gettext_lazy("Amount per order")),
    ("fixed_per_item", gettext_lazy("Amount per item")),
    ("brackets", gettext_lazy("Brackets")),
)
METRICS = (
    ("base", gettext_lazy("what they sold")),
    ("conversions", gettext_lazy("how many orders they brought")),
    ("commission", gettext_lazy("what they earned")),
)
PERIODS = (
    ("month", gettext_lazy("in the calendar month")),
    ("quarter", gettext_lazy("in the quarter")),
    ("year", gettext_lazy("in the year")),
    ("all_time", gettext_lazy("ever")),
    ("days", gettext_lazy("in the last … days")),
)
MODES = (
    ("marginal", gettext_lazy("Each part at its own step: what lies above a step is paid by that step")),
    (
        "retroactive",
        gettext_lazy(
            "All at the step reached: when the period is over, the difference is paid for all of it"
        ),
    ),
)
PRESETS = (
    ("categories", gettext_lazy("a category")),
    ("customer", gettext_lazy("new customers")),
    ("coupons", gettext_lazy("a coupon")),
    ("payment", gettext_lazy("first payments")),
    ("dates", gettext_lazy("a campaign")),
)
PAYS = (("rate", gettext_lazy("per cent")), ("amount", gettext_lazy("an amount per order")))
