"""What the page of a case shows: what is at stake, evidence, the rows behind it, verdicts, who is next."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from affiliates.cells import NONE, chip
from fraud.actions import verdicts
from fraud.actions.effects import STOPPING
from fraud.actions.policies import policy_of
from fraud.admin.evidence import against, earlier, findings, lookalikes, pushes, silent
from fraud.figures.exposures import stake_of, stakes_of_others
from fraud.figures.pictures import picture_of
from fraud.figures.rows import MOST, click_rows, ids_of, order_rows
from fraud.figures.standings import standing_of
from fraud.models import Answer, Case, Signal
from fraud.states import CaseState, Cause, SignalState, Verdict
from tracking.click_admin import NETWORKS

if TYPE_CHECKING:
    from fraud.admin.cases import CaseAdmin

SIZES = ((172_800, _("%(n)s days"), 86_400), (7200, _("%(n)s h"), 3600), (120, _("%(n)s min"), 60))
SECONDS = _("%(n)s s")
LONGEST_QUEUE = 500  # how far the next and the previous case are looked for
DRAWN = (Cause.COLLUSION, Cause.IDENTITY)
KEYS = {Verdict.CLEAR: "c", Verdict.EXTEND: "h", Verdict.REVERSE: "r"}
MEANINGS = {
    Verdict.CLEAR: _("All is well: what is on hold is released."),
    Verdict.EXTEND: _("Not sure yet: it stays on hold, with a new date."),
    Verdict.DECLINE: _("What is pending is not paid; what was approved stays."),
    Verdict.REVERSE: _("All of it is taken back, approved and paid commission too."),
    Verdict.SUSPEND: _("Pending is not paid, and nothing is earned for a while."),
    Verdict.BAN: _("All of it is taken back, and the membership ends."),
}


def case_context(page: "CaseAdmin", request: HttpRequest, row: Case) -> dict[str, Any]:
    """Everything on the page of a case."""
    now = timezone.now()
    signals = list(row.signals.select_related("conversion").order_by("pk"))
    standing = standing_of(row, now)
    shown = [one for one in signals if row.is_decided or one.state == SignalState.STANDS]
    others = _others(row)
    may_review = page.lets(request, "review_fraud", row)
    return {
        "hero": _hero(row, now),
        "stake": stake_of(row),
        "stakes_of_others": stakes_of_others(row),
        "pushes": pushes(row),
        "findings": findings(shown),
        "earlier": earlier(standing),
        "against": against(standing, signals, now),
        "silent": silent(row, [*shown, *others], policy_of(row.program)),
        "lookalikes": lookalikes(signals),
        "others": findings(others),
        "answer": _answer(row),
        "may_review": may_review,
        "may_manage": page.lets(request, "manage_fraud", row),
        "choices": _choices(page, request, row) if may_review and not row.is_decided else [],
        "why_not_undo": verdicts.why_not_undo(row) if row.is_decided else "",
        **_rows(row, shown),
        **_neighbors(page, request, row),
    }


def _hero(row: Case, now: datetime) -> dict[str, Any]:
    payable = getattr(row, "payable_from", None)
    return {
        "chip": state_chip(row),
        "bar": bar(row.score),
        "is_ripe": bool(payable and payable <= now),
        "is_late": not row.is_decided and row.due_at <= now,
        "busy": row.locked_by if is_busy(row) else None,
        "until": row.locked_until,
    }


def is_busy(row: Case) -> bool:
    """Whether anybody works on it at this moment."""
    return bool(not row.is_decided and row.locked_until and row.locked_until > timezone.now())


def state_chip(row: Case) -> SafeString:
    """How far it is, and what was decided."""
    if row.is_decided:
        return chip("active" if row.verdict == Verdict.CLEAR else "banned", row.get_verdict_display())
    tone = "waiting" if row.state == CaseState.PROPOSED else "open"
    return chip(tone, row.get_state_display())


def bar(score: float | None) -> SafeString | str:
    """A score from 0 to 1 as a bar with its per cent beside it."""
    if score is None:
        return NONE
    tone = "bad" if score >= 0.7 else "wait" if score >= 0.3 else "info"
    drawing = (
        '<span class="score"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rest" width="100" height="8" rx="2"/><rect class="{}" width="{}" height="8" rx="2"/></svg>'
        "<b>{} %</b></span>"
    )
    per_cent = max(1, min(99, round(100 * score)))  # nothing is sure
    return format_html(drawing, tone, max(2, per_cent), per_cent)


def _others(row: Case) -> list[Signal]:
    """What else stands against the same affiliate, in no case or in another one."""
    rows = Signal.objects.standing().filter(enrollment=row.enrollment_id)
    return list(rows.exclude(case=row).order_by("pk"))


def _answer(row: Case) -> Answer | None:
    rows = Answer.objects.filter(case=row).select_related("by")
    found: Answer | None = rows.first()
    return found


def _choices(page: "CaseAdmin", request: HttpRequest, row: Case) -> list[dict[str, Any]]:
    """The verdicts, each with where it is confirmed; of a proposal, the proposed one stands out."""
    may_stop = page.lets(request, "manage_affiliates", row)
    proposed = row.verdict if row.state == CaseState.PROPOSED else ""
    return [
        {
            "name": verdict.value,
            "label": verdict.label,
            "words": _("Confirm: %(verdict)s") % {"verdict": verdict.label}
            if verdict == proposed
            else verdict.label,
            "meaning": MEANINGS[verdict],
            "key": KEYS.get(verdict, ""),
            "address": reverse("admin:fraud_case_verdict", args=[row.pk, verdict.value]),
            "is_allowed": verdict not in STOPPING or may_stop,
            "is_proposed": verdict == proposed,
            "is_short": verdict in ((proposed, Verdict.CLEAR) if proposed else KEYS),
        }
        for verdict in Verdict
    ]


def _rows(row: Case, signals: list[Signal]) -> dict[str, Any]:
    """Clicks, orders and, where people are the question, who has what in common."""
    newest = signals[::-1]
    conversions = ids_of(newest, "conversions")
    clicks = click_rows(row.program_id, ids_of(newest, "clicks"))
    picture = None
    if row.cause in DRAWN:
        picture = picture_of(row, ids_of(signals, "enrollments"), conversions)
    return {
        "clicks": [
            (one, NETWORKS.get(one.click.network_kind or "", one.click.network_kind), span(one.until_order))
            for one in clicks
        ],
        "orders": order_rows(row.program_id, conversions, row.enrollment_id),
        "picture": picture,
        "most": MOST,
    }


def span(seconds: float | None) -> str:
    """A time that something took, as people say it; "" for none."""
    if seconds is None:
        return ""
    for least, words, size in SIZES:
        if abs(seconds) >= least:
            return str(words % {"n": round(seconds / size)})
    return str(SECONDS % {"n": round(seconds)})


def _neighbors(page: "CaseAdmin", request: HttpRequest, row: Case) -> dict[str, Any]:
    """Where J and K lead: within the list that the reviewer came from, else among what waits.

    From a case that was just decided they lead on to what came next (`then`), for by now it stands elsewhere.
    """
    came_by = request.GET.get("_changelist_filters", "")
    listed = list(_listed(page, request, came_by).values_list("pk", "is_done")[:LONGEST_QUEUE])
    ids = [number for number, _is_done in listed]
    place = ids.index(row.pk) if row.pk in ids else -1
    after = ids[place + 1] if place + 1 < len(ids) else None
    before = ids[place - 1] if place > 0 else None
    waiting = [number for number, is_done in listed if not is_done]
    if row.is_decided and waiting:
        after = next((number for number in waiting if str(number) == request.GET.get("then")), waiting[0])
    asked = {"_changelist_filters": came_by, "then": "" if row.is_decided else after}
    query = urlencode({name: value for name, value in asked.items() if value})
    return {
        "came_by": f"?{query}" if query else "",
        "next_case": _address(after, came_by),
        "previous_case": _address(before, came_by),
        "place": place + 1,
        "count": len(ids),
    }


def _listed(page: "CaseAdmin", request: HttpRequest, came_by: str) -> Any:
    if not came_by or "\0" in unquote(came_by):  # no list has such a text, and PostgreSQL takes none
        return page.get_queryset(request).filter(is_done=False)
    asked, request.GET = request.GET, QueryDict(came_by)  # the list reads its query there
    try:
        return page.get_changelist_instance(request).queryset
    except (IncorrectLookupParameters, SuspiciousOperation, ValueError, OverflowError):  # written by hand
        return page.get_queryset(request).filter(is_done=False)
    finally:
        request.GET = asked


def _address(case: int | None, came_by: str) -> str:
    if case is None:
        return ""
    address = reverse("admin:fraud_case_change", args=[case])
    return f"{address}?{urlencode({'_changelist_filters': came_by})}" if came_by else address
