"""Who is credited: pure rules over touches."""

from tracking.attribution.rules import Binding, CouponUse, Terms, Touch, Verdict, decide

__all__ = ["Binding", "CouponUse", "Terms", "Touch", "Verdict", "decide"]
