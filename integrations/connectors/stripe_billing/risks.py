"""What Stripe says of a payment's risk and its disputes, and by what its buyer is known again; pure."""

from fraud.states import TestimonyKind
from integrations.connectors.base import Said
from integrations.connectors.body import Fields
from integrations.connectors.buyer_facts import buyer_facts
from integrations.connectors.stripe_billing.fields import moment

RADAR = "Stripe Radar"
WARNED = "Stripe early fraud warning"
# a dispute's status -> how it stands; the bank's mere questions and what was prevented are no disputes
DISPUTED = {"needs_response": "opened", "under_review": "opened", "won": "won", "lost": "lost"}


def place_facts(*places: Fields) -> dict[str, str]:
    """Return the mark of the first address that names street and postcode."""
    for place in places:
        street, postcode = place.text("line1"), place.text("postal_code", 20)
        if street and postcode:
            return buyer_facts(street=street, postcode=postcode, country=place.text("country", 2))
    return {}


def charge_facts(charge: Fields) -> dict[str, str]:
    """Return Radar's word on a charge, and the country of its card."""
    card = charge.part("payment_method_details").part("card")
    return buyer_facts(
        payer_country=card.text("country", 2),
        risk=charge.part("outcome").text("risk_level", 40),
        risk_by=RADAR,
    )


def dispute_said(dispute: Fields, order: str, told_at: Fields) -> tuple[Said, ...]:
    """Return how a dispute stands; `order` is the payment's number, or "" for what the message leads to."""
    word = DISPUTED.get(dispute.text("status", 40))
    if word is None:
        return ()
    return (Said(TestimonyKind.DISPUTE, word, order=order, at=moment(told_at, "created")),)


def warning_said(order: str, told_at: Fields) -> tuple[Said, ...]:
    """Return that the card's bank calls a payment fraud, before anybody disputes it."""
    return (Said(TestimonyKind.RISK, "high", order=order, at=moment(told_at, "created"), by=WARNED),)
