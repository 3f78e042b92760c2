"""A case of an affiliate, opened through the verbs, with a finding that says why."""

from datetime import datetime
from typing import Any

from affiliates.models import Enrollment
from commissions.models import Commission
from fraud.actions import cases, holds
from fraud.models import Case, Signal
from fraud.states import Action, Cause
from tests.makers import NOON


def open_case(
    enrollment: Enrollment, *commissions: Commission, cause: str = Cause.IDENTITY, at: datetime = NOON
) -> Case:
    """A case that holds these commissions; without a finding."""
    case = cases.case_for(enrollment, cause, at=at)
    holds.place(case, commissions, at=at)
    return case


def find(case: Case, check_name: str, commission: Commission | None = None, **fields: Any) -> Signal:
    """What a check has found on a commission's sale, or on the affiliate; its figures are not for everybody."""
    given: dict[str, Any] = {
        "action": Action.HOLD,
        "weight": 3.0,
        "value": 47.11,
        "figures": {"marks": ["email"], "other": "secret-of-bob"},
        "limits": {"threshold": 31.25, "sample": 7},
    }
    return Signal.objects.create(
        program=case.program,
        enrollment=case.enrollment,
        case=case,
        check_name=check_name,
        cause=case.cause,
        conversion=commission.conversion if commission else None,
        **(given | fields),
    )
