"""The house's addresses, and planted mistakes: a page that breaks, and one without a wall."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from affiliates.models import Link
from portal.urls import urlpatterns as addresses


def broken(request: HttpRequest) -> HttpResponse:
    """Break, as a page with a mistake would."""
    raise RuntimeError("planted")


@csrf_exempt
def open_to_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and change any link, whoever asks."""
    link = get_object_or_404(Link, pk=pk)
    if request.method == "POST":
        Link.objects.filter(pk=pk).update(name="planted")
    return HttpResponse(link.enrollment.affiliate.name)


urlpatterns = [
    path("planted/broken/", broken),
    path("planted/<int:pk>/", open_to_all, name="open_to_all"),
    *addresses,
]
