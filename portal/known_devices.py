"""With what affiliates log in: fraud review knows from it that a buyer's browser or network is the affiliate's own."""

import logging
import re
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.http import HttpRequest

from affiliates.models import Affiliate, IpPolicy
from core.models import User
from fraud.actions.marks import note_marks
from fraud.checks.facts import Mark
from portal.brands import brand_of
from tracking.buyers import device_mark, network_mark

log = logging.getLogger(__name__)

VISITOR_COOKIE = "vid"  # the edge sets it where this host serves links, too
VISITOR = re.compile("[0-9a-f]{32}", re.ASCII)


def note_log_in(request: HttpRequest, user: User) -> None:
    """Note the browser and the network of an affiliate who has logged in; whatever fails here stops nobody.

    The brand's company alone hears of it, and of others than affiliates nothing is noted.
    """
    try:
        with transaction.atomic():
            for affiliate in _affiliates(request, user):
                note_marks(
                    affiliate, {Mark.DEVICE: _device(request), Mark.NETWORK: _network(request, affiliate)}
                )
    except Exception:
        log.exception("with what an affiliate logged in was not noted")


def _affiliates(request: HttpRequest, user: User) -> list[Affiliate]:
    brand = brand_of(request)
    return list(Affiliate.objects.filter(user=user, merchant=brand.merchant_id)) if brand else []


def _device(request: HttpRequest) -> str:
    """A browser that refuses to be followed is not known again, as at the edge."""
    visitor = request.COOKIES.get(VISITOR_COOKIE, "")
    if request.headers.get("Sec-GPC") == "1" or not VISITOR.fullmatch(visitor):
        return ""
    return device_mark(UUID(visitor))


def _network(request: HttpRequest, affiliate: Affiliate) -> str:
    """Nothing where one of the affiliate's programs keeps no addresses: what is noted counts for all of them."""
    if affiliate.enrollments.filter(program__ip_policy=IpPolicy.NONE).exists():
        return ""
    return network_mark(get_adapter().get_client_ip(request))
