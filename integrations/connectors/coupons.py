"""What a shop is told of an affiliate's code: how it is written there, and by which mark ours is known again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Message, Store
from integrations.connectors.shop_options import RETIRED, Discount, discount_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """A code that is to stand in the shop, or, if it `is_retired`, to be switched off there.

    `mark` is what we write beside it: a code of that name without the mark is somebody else's, and left alone.
    """

    code: str
    mark: str
    at: datetime
    discount: Discount
    is_retired: bool = False


def wanted_of(store: Store, message: Message) -> Wanted:
    """Return the code that a message is about; raises Misconfigured where no discount is told."""
    told: Mapping[str, Any] = message.body.get("coupon") or {}
    code, number, is_retired = str(told.get("code") or ""), told.get("id"), message.kind == RETIRED
    discount = discount_of(store.options)
    if discount is None and not is_retired:
        raise Misconfigured(_("Say in the connection’s settings which discount the codes give."))
    return Wanted(
        capitals(code), f"affiliate-coupon-{number}", message.at, discount or Discount(), is_retired
    )


def capitals(code: str) -> str:
    """Return a code in capitals, as people print it, where that is the same code."""
    return code.upper() if code.upper().casefold() == code.casefold() else code


def is_taken(code: str) -> str:
    """Return what is said where the shop has a code of that name already."""
    return _(
        "The shop has a code %(code)s that was not made here: it was left as it is; its use is credited all the same."
    ) % {"code": code}


def is_foreign(code: str) -> str:
    """Return what is said where a retired code is not ours to switch off."""
    return _("The shop’s code %(code)s was not made here: switch it off there, if nobody is to use it.") % {
        "code": code
    }


def is_absent(code: str) -> str:
    """Return what is said where a retired code is not in the shop any more."""
    return _("The shop has no code %(code)s: there is nothing to switch off.") % {"code": code}


def is_made(code: str) -> str:
    """Return what is said of a code that stands."""
    return _("The code %(code)s stands in the shop.") % {"code": code}


def is_ended(code: str) -> str:
    """Return what is said of a code that is switched off."""
    return _("The code %(code)s is switched off in the shop.") % {"code": code}
