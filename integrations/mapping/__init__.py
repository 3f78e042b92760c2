"""Which fields fill which: mappings as data, applied to records. Values in, values out; no rows, no clock."""

from integrations.mapping.applying import Result, apply, holds, value_of
from integrations.mapping.conflicts import FILLED, NEWEST, OURS, RULES, THEIRS, Choice, decide, is_same
from integrations.mapping.refusals import BadMapping, Unfit
from integrations.mapping.rows import Condition, Row, Sheet, check_sheet, read_sheet
from integrations.mapping.suggesting import suggest
from integrations.mapping.targets import Table, Target

__all__ = [
    "FILLED",
    "NEWEST",
    "OURS",
    "RULES",
    "THEIRS",
    "BadMapping",
    "Choice",
    "Condition",
    "Result",
    "Row",
    "Sheet",
    "Table",
    "Target",
    "Unfit",
    "apply",
    "check_sheet",
    "decide",
    "holds",
    "is_same",
    "read_sheet",
    "suggest",
    "value_of",
]
