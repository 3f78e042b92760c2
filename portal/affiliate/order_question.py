"""Missing an order? An affiliate names one with its date and reads why it was credited, or was not."""

import time
from datetime import timedelta
from typing import Any

from django import forms
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from affiliates.models import Enrollment, Program
from core.models import User
from portal.affiliate.membership import AffiliateRequest, affiliate_page
from tracking.why_not import why_not

HOUR = 3600
LONG_AGO = timedelta(days=3 * 366)
QUESTIONS = 20  # an hour for each person: enough to ask, too few to try out numbers


class OrderQuestionForm(forms.Form):
    """The number of an order and the day on which it was made."""

    order = forms.CharField(
        label=_("Order number"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As the shop wrote it to the buyer, without a # before it."),
    )
    day = forms.DateField(
        label=_("Day of the order"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = program.local(timezone.now()).date()
        self.fields["day"].widget.attrs["max"] = self.today.isoformat()

    def clean_order(self) -> str:
        """Take the mark away that many shops print before the number."""
        number = str(self.cleaned_data["order"]).lstrip("#").strip()
        if not number:
            raise ValidationError(_("Enter the number of the order."))
        return number

    def clean_day(self) -> Any:
        """A day to come has no orders, and one of long ago none that anybody still asks about."""
        day = self.cleaned_data["day"]
        if day > self.today:
            raise ValidationError(_("This day is still to come."))
        if self.today - day > LONG_AGO:
            raise ValidationError(_("Enter a day of the last three years."))
        return day


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@affiliate_page
def ask(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """Show the form; a posted question is answered below it."""
    form = OrderQuestionForm(request.POST if request.method == "POST" else None, program=enrollment.program)
    context: dict[str, Any] = {"section": "earnings", "enrollment": enrollment, "form": form}
    status = 200
    if request.method == "POST" and form.is_valid():
        if may_ask(request.user, time.time()):
            asked = form.cleaned_data
            context["answer"] = why_not(enrollment.program, enrollment, asked["order"], asked["day"])
            context["asked"] = asked
        else:
            context["is_too_often"], status = True, 200 if request.htmx else 429
    template = "order_question_work" if request.htmx else "order_question"
    return render(request, f"affiliate/{template}.html", context, status=status)


def may_ask(user: User, now: float) -> bool:
    """Count a question of the person at a time in seconds since 1970; say whether it is within the hour's limit."""
    name = f"order-question:{user.pk}:{int(now) // HOUR}"
    if not isinstance(caches["default"], DatabaseCache):
        return _add_one(name) <= QUESTIONS
    # the database's cache reads, then writes: the person's own row makes the two one
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        return _add_one(name) <= QUESTIONS


def _add_one(name: str) -> int:
    cache = caches["default"]
    if cache.add(name, 1, timeout=2 * HOUR):
        return 1
    try:
        return int(cache.incr(name))
    except ValueError:  # it was thrown out between the two calls
        cache.set(name, 1, timeout=2 * HOUR)
        return 1
