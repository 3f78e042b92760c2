"""Hearing is reading: news of a noun need the scope that reads it."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from integrations.news.kinds import KINDS, OF_COMPANY
from portal.api.problems import Problem
from portal.models import ApiKey

# a key speaks for a program: what belongs to the whole company is not for it
HEARD = {kind: text for kind, text in KINDS.items() if kind not in OF_COMPANY}
READS = {
    "enrollment": "affiliates:read",
    "terms": "affiliates:read",
    "link": "links:read",
    "directlink": "links:read",
    "coupon": "links:read",
    "order": "conversions:read",
    "conversion": "conversions:read",
    "decision": "conversions:read",
    "customer": "conversions:read",
    "refund": "refunds:read",
    "commission": "commissions:read",
    "batch": "payouts:read",
    "payout": "payouts:read",
}


def scope_of(kind: str) -> str | None:
    """Return the scope that reads what a kind of event is about; None if the key's own scope is enough."""
    return READS.get(kind.partition(".")[0])


def demand(key: ApiKey, kinds: Iterable[str]) -> None:
    """Answer 403 unless the key may read what all these kinds are about."""
    lacking = sorted({scope for kind in kinds if (scope := scope_of(kind)) and scope not in key.scopes})
    if lacking:
        raise Problem(
            403, "forbidden", _("The key lacks the scope %(scope)s.") % {"scope": ", ".join(lacking)}
        )
