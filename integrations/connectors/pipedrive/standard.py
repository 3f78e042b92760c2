"""Pipedrive's own fields that are read or written, by the names that its API (v2) gives them.

What is not named here is never written: whether a person agreed to marketing (`marketing_status`) above all.
"""

from dataclasses import dataclass

KEY = "affiliate_platform_id"  # the custom field by which our records are known
CONTACT = "contact"  # of a deal: our key of its customer; no field of Pipedrive's
PATHS = {"contact": "persons", "deal": "deals"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in the API, what people call it, its type, and its options by Pipedrive's numbers."""

    code: str
    label: str
    type: str
    options: tuple[tuple[int, str], ...] = ()
    is_writable: bool = True
    is_custom: bool = True


def _own(code: str, label: str, kind: str, *, is_writable: bool = True) -> Field:
    return Field(code, label, kind, is_writable=is_writable, is_custom=False)


STANDARD = {
    "contact": (
        _own("name", "Name", "varchar"),
        _own("email", "Email", "emails"),
        _own("phone", "Phone", "phones"),
        _own("owner_id", "Owner", "int"),
        _own("org_id", "Organization", "int"),
        _own("job_title", "Job title", "varchar"),
        _own("add_time", "Added", "moment", is_writable=False),
        _own("update_time", "Changed", "moment", is_writable=False),
    ),
    "deal": (
        _own("title", "Title", "varchar"),
        _own("value", "Value", "double"),
        _own("currency", "Currency", "varchar"),
        _own("status", "Status", "varchar"),
        _own("stage_id", "Stage (number)", "int"),
        _own("stage", "Stage", "varchar", is_writable=False),
        _own("pipeline_id", "Pipeline (number)", "int"),
        _own("pipeline", "Pipeline", "varchar", is_writable=False),
        _own("owner_id", "Owner", "int"),
        _own("org_id", "Organization", "int"),
        _own("probability", "Probability", "int"),
        _own("expected_close_date", "Expected close", "date"),
        _own("close_time", "Closed", "moment"),
        _own("won_time", "Won", "moment"),
        _own("lost_time", "Lost", "moment"),
        _own("lost_reason", "Lost because", "varchar"),
        _own("add_time", "Added", "moment", is_writable=False),
        _own("update_time", "Changed", "moment", is_writable=False),
    ),
}
