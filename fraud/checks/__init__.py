"""All checks by name. To add one, write its measure beside its like, and name it in that module's list."""

from typing import Any

from fraud.checks import (
    clicks,
    collusion,
    coupons,
    delays,
    identity,
    oddity,
    orders,
    statistics,
    systems,
    traffic,
)
from fraud.checks.base import Check, Figures, Limits, Measure, Rule

__all__ = ["CHECKS", "Check", "Figures", "Limits", "Measure", "Rule"]

_MODULES = (identity, orders, coupons, clicks, traffic, delays, statistics, oddity, collusion, systems)
CHECKS: dict[str, Check[Any]] = {check.name: check for module in _MODULES for check in module.CHECKS}
