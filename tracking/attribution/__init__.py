"""Who is credited with what share: pure rules over touches."""

from tracking.attribution.rules import decide
from tracking.attribution.sharing import Learned, Sharing
from tracking.attribution.touches import Binding, CouponUse, Terms, Touch, Verdict

__all__ = ["Binding", "CouponUse", "Learned", "Sharing", "Terms", "Touch", "Verdict", "decide"]
