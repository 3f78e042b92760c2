"""A form in two steps: first it is filled in, then its meaning is read out, and only a second POST does it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from affiliates.scoped_admin import ScopedAdmin, refused_in_words


def ask_twice(
    request: HttpRequest,
    page: ScopedAdmin,
    form: forms.Form,
    *,
    title: Any,
    button: Any,
    back: str,
    meaning: Callable[[dict[str, Any]], list[str]],
    act: Callable[[dict[str, Any]], str],
    lead: Any = "",
) -> HttpResponse:
    """Show the form, then `meaning(values)`, then do `act(values)`, which returns where to go (its address)."""
    sentences: list[str] = []
    if form.is_bound and form.is_valid():
        if "confirm" in request.POST:
            try:
                return HttpResponseRedirect(act(form.cleaned_data))
            except (ValueError, PermissionError, ValidationError) as refusal:
                page.message_user(request, refused_in_words(refusal), messages.ERROR)
        else:
            sentences = meaning(form.cleaned_data)
            for field in form.fields.values():
                field.widget = field.hidden_widget()
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "form": form,
        "sentences": sentences,
        "button": button if sentences else _("Continue"),
        "back": back,
        "back_title": page.opts.verbose_name_plural,
        "lead_words": "" if sentences else lead,
    }
    return TemplateResponse(request, "admin/form_page.html", context)
