"""The reasons that the house itself gives, which are kept as codes, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from commissions.holds import SELF_REFERRAL, is_of_the_buyer
from commissions.words.periods import period_in_words

if TYPE_CHECKING:
    from commissions.models import Commission

_TRUE_UP = re.compile(r"true_up:([0-9]{4}(?:-[0-9]{2}|-Q[1-4])?)", re.ASCII)
_BONUS = re.compile(r"bonus:(\S.*)")


def reason_of(commission: Commission) -> str:
    """Say to colleagues why a commission is as it is; of one that derives from another's sale, whose buyer it is."""
    if commission.reason.startswith(f"{SELF_REFERRAL}:") and not is_of_the_buyer(commission):
        return _of_another(commission.reason)
    return reason_in_words(commission.reason)


def _of_another(reason: str) -> str:
    sentence = {
        "self_referral:email": _("The buyer has the e-mail address of the affiliate who brought the order."),
        "self_referral:phone": _("The buyer has the phone number of the affiliate who brought the order."),
        "self_referral:payee": _(
            "The order was paid from the account that the affiliate who brought it is paid to."
        ),
    }.get(reason, _("The buyer seems to be the affiliate who brought the order."))
    return _("%(sentence)s This commission is counted from it.") % {"sentence": sentence}


def reason_in_words(reason: str) -> str:
    """Say a reason to people; those that the house gives are kept as codes, people's own stay as they are."""
    own = {
        "self_referral:email": _("The buyer has the affiliate’s own e-mail address."),
        "self_referral:phone": _("The buyer has the affiliate’s own phone number."),
        "self_referral:customer": _("The shop knows the buyer by the affiliate’s own address or number."),
        "self_referral:payee": _("The order was paid from the account that the affiliate is paid to."),
        "browser_order": _(
            "Only the buyer’s browser has told of the order; the shop has not confirmed it yet."
        ),
        "browser_identity": _(
            "Only a browser says that the buyer is the one who followed the link; no order of the shop proves it yet."
        ),
        "held_sales": _("A sale that it counts is on hold."),
        "fraud:identity": _("Fraud review: who the buyer is."),
        "fraud:orders": _("Fraud review: the order."),
        "fraud:traffic": _("Fraud review: where the visits come from."),
        "fraud:statistics": _("Fraud review: figures out of the ordinary."),
        "fraud:collusion": _("Fraud review: whether affiliates act together."),
        "fraud:systems": _("Fraud review: what the shop’s other systems say."),
    }
    if found := _TRUE_UP.fullmatch(reason):
        text = _("The difference to the bracket that was reached in the end, for %(period)s.")
        return text % {"period": period_in_words(found[1])}
    if found := _BONUS.fullmatch(reason):
        return _("The bonus “%(name)s”.") % {"name": found[1]}
    return own.get(reason, reason)
