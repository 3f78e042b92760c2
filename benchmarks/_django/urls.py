"""The way one would write it first: a Django view that makes a Click by the ORM."""

from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone

from affiliates.models import AttributionTerms, Link
from tracking import clickid
from tracking.models import Click
from tracking.visits import coarse, is_bot, sub_ids


def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Keep a click and send its visitor on."""
    link = get_object_or_404(Link.objects.select_related("enrollment__program"), code=code)
    now, program = timezone.now(), link.enrollment.program
    terms = AttributionTerms.objects.filter(program=program, effective_at__lte=now).latest("effective_at")
    uuid, tid = clickid.issue(link.pk, now)
    agent = request.META.get("HTTP_USER_AGENT", "")
    visitor = UUID(request.COOKIES.get("vid") or uuid4().hex)
    Click.objects.create(
        id=UUID(uuid),
        link=link,
        enrollment=link.enrollment,
        program=program,
        terms=terms,
        at=now,
        visitor=visitor,
        ip=coarse(request.META.get("HTTP_X_FORWARDED_FOR", "")),
        user_agent=agent[:400],
        referrer=request.META.get("HTTP_REFERER", "")[:1000],
        destination=link.destination,
        sub_ids=list(sub_ids(request.META["QUERY_STRING"].encode())),
        is_bot=is_bot(agent),
    )
    answer = HttpResponseRedirect(f"{link.destination}&tid={tid}")
    for name, value in (("vid", visitor.hex), ("tid", tid)):
        answer.set_cookie(
            name,
            value,
            max_age=terms.window_hours * 3600,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return answer


urlpatterns = [path("r/<code>", follow)]
