"""Which code leads where."""

import json
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from affiliates.models import AttributionTerms, Link, Program
from affiliates.states import EnrollmentState
from tracking.edge.known import Raw
from tracking.edge.targets import WINDOW_HOURS, Target, allowed, rotation_of, rules_of
from tracking.edge.ways import way_to

COLUMNS = (
    *("code", "pk", "destination", "sub_ids", "rules", "rotation", "expires_at", "is_active"),
    *("enrollment_id", "enrollment__state", "enrollment__program_id"),
    *(f"enrollment__program__{name}" for name in ("home_url", "allowed_hosts", "ip_policy", "asks_consent")),
    *("terms", "window_hours", "view_hours"),
)


def read_links(codes: set[str], newest: int = 0) -> dict[str, Raw]:
    """Read these codes, and the newest links, as they stand now."""
    rows = list(_rows().filter(code__in=codes)) if codes else []
    if newest:
        rows += _rows().order_by("-pk")[:newest]
    return {row[0]: row for row in rows}


def _rows() -> "QuerySet[Any, Raw]":
    in_force = terms_in_force("enrollment__program")
    links: QuerySet[Any, Any] = Link.objects.annotate(
        terms=Subquery(in_force.values("id")[:1]),
        window_hours=Subquery(in_force.values("window_hours")[:1]),
        view_hours=Subquery(in_force.values("view_hours")[:1]),
    )
    return links.values_list(*COLUMNS)


def terms_in_force(program: str) -> "QuerySet[AttributionTerms]":
    """Return the terms of a program (by its way in the outer query) that began, the newest first."""
    terms: QuerySet[AttributionTerms] = AttributionTerms.objects.filter(
        program=OuterRef(program), effective_at__lte=timezone.now()
    ).order_by("-effective_at")
    return terms


def target_of(raw: Raw) -> Target:
    """Make a target of a link's row; each destination is checked once more, however it came into the table."""
    link = dict(zip(COLUMNS, raw, strict=True))
    of_program = {name.rpartition("__")[2]: value for name, value in link.items() if "__program__" in name}
    program = Program(home_url=of_program["home_url"], allowed_hosts=of_program["allowed_hosts"])
    home = allowed(program, program.home_url)
    return Target(
        link=link["pk"],
        enrollment=link["enrollment_id"],
        program=link["enrollment__program_id"],
        terms=link["terms"],
        window=(link["window_hours"] or WINDOW_HOURS) * 3600,
        sub_ids=json.dumps(list(map(str, link["sub_ids"]))),
        is_on=link["is_active"] and link["enrollment__state"] == EnrollmentState.ACTIVE,
        ends_at=link["expires_at"],
        way=way_to(allowed(program, link["destination"]) or home),
        rules=rules_of(program, link["rules"]),
        rotation=rotation_of(program, link["rotation"]),
        home=home,
        ip_policy=of_program["ip_policy"],
        asks_consent=of_program["asks_consent"],
        counts_views=bool(link["view_hours"]),
    )
