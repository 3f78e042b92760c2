"""The verbs of tracking; one file per noun."""

from tracking.actions.conversions import evidence_changed, park, record_conversion, recount, redecide, release
from tracking.actions.orders import Recorded, record_order
from tracking.actions.refunds import RecordedRefund, adopt_refunds, record_refund, set_refund_lines

__all__ = [
    "Recorded",
    "RecordedRefund",
    "adopt_refunds",
    "evidence_changed",
    "park",
    "record_conversion",
    "record_order",
    "record_refund",
    "recount",
    "redecide",
    "release",
    "set_refund_lines",
]
