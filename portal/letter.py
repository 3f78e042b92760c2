"""One letter: what it consists of, and how one to an affiliate begins."""

from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress

from affiliates.models import Affiliate, Program
from portal.models import Brand


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail: sentences, points, rows of facts and one button, to one person, in a brand's voice."""

    to: str
    brand: Brand | None
    subject: str
    paragraphs: tuple[str, ...]
    name: str = ""
    points: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    quote: str = ""
    button: tuple[str, str] | None = None
    after: tuple[str, ...] = field(default=())


def brand_of(program: Program) -> Brand | None:
    """Return the brand in whose voice a program speaks: the first that shows it."""
    found: Brand | None = program.brands.order_by("pk").first()
    return found


def to_affiliate(
    affiliate: Affiliate, brand: Brand | None, subject: str, *paragraphs: str, **more: Any
) -> Letter:
    """A letter to an affiliate; by name only where the address is proven, lest strangers be sent anybody's words."""
    address = affiliate.user.email if affiliate.user else affiliate.email
    is_proven = EmailAddress.objects.filter(email=address, verified=True).exists()
    name = affiliate.name if is_proven else ""
    return Letter(to=address, brand=brand, subject=subject, paragraphs=paragraphs, name=name, **more)
