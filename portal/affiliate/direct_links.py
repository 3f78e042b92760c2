"""Pages of one's own that link to the shop without any parameter: ask for one, see what became of it, end it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from affiliates import actions
from affiliates.destinations import LinkRefused
from affiliates.models import DirectLink, DirectLinkState, Enrollment, Link
from affiliates.states import IllegalMove
from core.scoping import owned_or_404
from portal.affiliate.link_forms import DirectLinkForm
from portal.affiliate.membership import AffiliateRequest, affiliate_page

SHOWN = 200
TONES = {
    DirectLinkState.ASKED: "wait",
    DirectLinkState.ACTIVE: "ok",
    DirectLinkState.REFUSED: "bad",
    DirectLinkState.ENDED: "",
}


@require_http_methods(["GET", "HEAD", "POST"])
@affiliate_page
def direct_links(request: AffiliateRequest, enrollment: Enrollment) -> HttpResponse:
    """List the pages; a posted form asks for another one."""
    live = Link.objects.owned_by(request.user).filter(enrollment=enrollment, is_active=True)
    form = DirectLinkForm(request.POST or None, links=live.order_by("-is_default", "-pk"))
    if request.method == "POST" and form.is_valid() and _ask(request, form):
        messages.success(
            request, _("We have your page; you get an e-mail as soon as somebody has looked at it.")
        )
        return redirect("affiliate:direct_links")
    own = DirectLink.objects.owned_by(request.user).filter(enrollment=enrollment).select_related("link")
    rows = [(row, TONES[DirectLinkState(row.state)]) for row in own.order_by("-pk")[:SHOWN]]
    context = {"section": "links", "enrollment": enrollment, "form": form, "rows": rows}
    return render(request, "affiliate/direct_links.html", context)


@require_POST
@affiliate_page
def closure(request: AffiliateRequest, enrollment: Enrollment, pk: int) -> HttpResponse:
    """End one, or take the question back."""
    own = owned_or_404(DirectLink.objects.filter(enrollment=enrollment), request.user, pk=pk)
    try:
        actions.end_direct_link(own, actor=request.user)
        messages.success(request, _("%(page)s no longer counts.") % {"page": own})
    except IllegalMove as illegal:
        messages.error(request, str(illegal))
    return redirect("affiliate:direct_links")


def _ask(request: AffiliateRequest, form: DirectLinkForm) -> DirectLink | None:
    values = form.cleaned_data
    try:
        return actions.ask_direct_link(values["link"], values["page"], actor=request.user)
    except LinkRefused as refused:
        form.add_error("page", str(refused))
    except IllegalMove as illegal:
        form.add_error(None, str(illegal))
    return None
