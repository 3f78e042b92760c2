"""The verbs of tracking; one file per noun."""

from tracking.actions.beacons import forget_beacons
from tracking.actions.clicks import forget_raw, read_clicks
from tracking.actions.conversions import (
    confirm,
    evidence_changed,
    park,
    record_conversion,
    recount,
    redecide,
    release,
)
from tracking.actions.identities import note_browser
from tracking.actions.late_clicks import await_no_longer, met_by_late_clicks
from tracking.actions.orders import Recorded, record_order
from tracking.actions.refunds import RecordedRefund, adopt_refunds, record_refund, set_refund_lines
from tracking.actions.studies import ask_routine_studies, ask_study, run_study
from tracking.actions.terms import (
    accept_term,
    called_here,
    count_terms,
    decide_term,
    keep_term,
    move_place,
    note_terms,
    place_of,
    set_counts,
    suggest_terms,
    undecide_term,
    words_of,
)

__all__ = [
    "Recorded",
    "RecordedRefund",
    "accept_term",
    "adopt_refunds",
    "ask_routine_studies",
    "ask_study",
    "await_no_longer",
    "called_here",
    "confirm",
    "count_terms",
    "decide_term",
    "evidence_changed",
    "forget_beacons",
    "forget_raw",
    "keep_term",
    "met_by_late_clicks",
    "move_place",
    "note_browser",
    "note_terms",
    "park",
    "place_of",
    "read_clicks",
    "record_conversion",
    "record_order",
    "record_refund",
    "recount",
    "redecide",
    "release",
    "run_study",
    "set_counts",
    "set_refund_lines",
    "suggest_terms",
    "undecide_term",
    "words_of",
]
