"""Who is who: a buyer who is the affiliate, a person with several accounts. Limits: rules 9, 10, 15 of the research."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from fraud.checks.accounts import AccountFacts, Twin
from fraud.checks.base import ROWS, YES_OR_NO, Check, Limits, Measure
from fraud.checks.facts import PERSONAL, Mark, SaleFacts, comparable, shared
from fraud.checks.sentences import MARKS, codes, percent
from fraud.states import Action, Cause, Subject

ALIKE = 0.8  # from this likeness on two addresses are taken for one person's
CROWD = 20  # a mark of more accounts than this is an office, a carrier or a fault, and says nothing (rule 10)

# What two people of one household or office may share counts in part. A network alone never suffices, whatever the
# threshold of a policy: without another mark nothing is measured.
PARTS: dict[Mark, float] = {Mark.ADDRESS: 0.8, Mark.DEVICE: 1.0, Mark.NETWORK: 0.2}
NAME_PART = 0.8

# Marks that come together for one reason count as one: a browser is at home in a network.
INDEPENDENT: tuple[frozenset[Mark], ...] = (
    frozenset({Mark.EMAIL}),
    frozenset({Mark.PHONE}),
    frozenset({Mark.PAYEE}),
    frozenset({Mark.ADDRESS}),
    frozenset({Mark.DEVICE, Mark.NETWORK}),
)


# --- is the buyer the affiliate? -----------------------------------------------------------------------------
def self_referral(facts: SaleFacts) -> Measure | None:
    """Count the personal marks that buyer and affiliate share, what tracking's decision found among them."""
    known = {mark for mark in PERSONAL if mark == facts.own}
    found = known | set(shared(facts.buyer, facts.affiliate)) & PERSONAL
    if not found and not comparable(facts.buyer, facts.affiliate) & PERSONAL:
        return None
    return Measure(len(found), figures={MARKS: codes(found)}, rows=facts.rows())


def weak_self_referral(facts: SaleFacts) -> Measure | None:
    """Add up what buyer and affiliate share of what households and offices share as well."""
    name = facts.email.likeness
    found = set(shared(facts.buyer, facts.affiliate)) & PARTS.keys()
    looks_alike = name is not None and name >= ALIKE
    if not comparable(facts.buyer, facts.affiliate) & PARTS.keys() and name is None:
        return None
    points = sum(PARTS[mark] for mark in found) + (NAME_PART if looks_alike else 0.0)
    if found == {Mark.NETWORK} and not looks_alike:
        points = 0.0
    figures = {MARKS: codes(found | ({Mark.EMAIL} if looks_alike else set()))}
    return Measure(round(points, 1), figures=figures, rows=facts.rows())


def lookalike_buyer(facts: SaleFacts) -> Measure | None:
    """Return how alike the names in the two e-mail addresses are."""
    likeness = facts.email.likeness
    if likeness is None:
        return None
    return Measure(likeness, figures={"percent": percent(likeness)}, rows=facts.rows())


def own_domain_buyer(facts: SaleFacts) -> Measure | None:
    """Say whether the buyer's address is of the affiliate's own domain."""
    same = facts.email.own_domain
    return None if same is None else Measure(float(same), rows=facts.rows())


def disposable_buyer(facts: SaleFacts) -> Measure | None:
    """Say whether the buyer's mailbox is one to be thrown away."""
    thrown = facts.email.is_disposable
    return None if thrown is None else Measure(float(thrown), rows=facts.rows())


# --- whose account is it? ------------------------------------------------------------------------------------
def same_payee(facts: AccountFacts) -> Measure | None:
    """Count the other accounts that are paid to the same payment account."""
    return _twins_by(facts, frozenset({Mark.PAYEE}))


def same_contact(facts: AccountFacts) -> Measure | None:
    """Count the other accounts with the same telephone number or postal address."""
    return _twins_by(facts, frozenset({Mark.PHONE, Mark.ADDRESS}))


def several_accounts(facts: AccountFacts) -> Measure | None:
    """Count the independent marks in common with the account that shares the most."""
    if facts.twins is None:
        return None
    others = [twin for twin in facts.twins if not twin.is_related]
    nearest = max(others, key=_independent, default=None)
    if nearest is None:
        return Measure(0, figures={"count": 0, MARKS: []})
    count = _independent(nearest)
    twins = [twin for twin in others if _independent(twin) == count]
    kinds = _telling(nearest) | ({Mark.EMAIL} if _looks_alike(nearest) else set())
    return Measure(count, figures={"count": count, MARKS: codes(kinds)}, rows=_accounts(twins))


def disposable_affiliate(facts: AccountFacts) -> Measure | None:
    """Say whether the affiliate's own mailbox is one to be thrown away."""
    return None if facts.is_disposable is None else Measure(float(facts.is_disposable))


def buyers_in_series(facts: AccountFacts) -> Measure | None:
    """Return the share of buyers whose addresses differ from at least two others by a number alone."""
    if not facts.buyers:
        return None
    share = facts.in_series / facts.buyers
    figures = {"count": facts.in_series, "of": facts.buyers, "percent": percent(share)}
    return Measure(share, facts.buyers, figures)


def _twins_by(facts: AccountFacts, kinds: frozenset[Mark]) -> Measure | None:
    if facts.twins is None:
        return None
    twins = [twin for twin in facts.twins if not twin.is_related and _telling(twin) & kinds]
    found = {mark for twin in twins for mark in _telling(twin) & kinds}
    return Measure(len(twins), figures={"count": len(twins), MARKS: codes(found)}, rows=_accounts(twins))


def _telling(twin: Twin) -> set[Mark]:
    return {mark for mark, holders in twin.marks.items() if holders <= CROWD}


def _looks_alike(twin: Twin) -> bool:
    return twin.likeness is not None and twin.likeness >= ALIKE


def _independent(twin: Twin) -> int:
    kinds = _telling(twin) | ({Mark.EMAIL} if _looks_alike(twin) else set())
    return sum(1 for group in INDEPENDENT if group & kinds)


def _accounts(twins: list[Twin]) -> dict[str, tuple[Any, ...]]:
    return {"enrollments": tuple(twin.enrollment for twin in twins[:ROWS])}


OWN_PURCHASE = _("This order looks like a purchase of your own. Such orders earn no commission.")
OWN_PURCHASE_PAST = _("This order looked like a purchase of your own.")

SALES: tuple[Check[SaleFacts], ...] = (
    Check(
        name="self_referral",
        cause=Cause.IDENTITY,
        subject=Subject.CONVERSION,
        title=_("The buyer is the affiliate"),
        statistic=_("personal marks that buyer and affiliate share"),
        sentence=_("Buyer and affiliate have the same %(marks)s."),
        plain=OWN_PURCHASE,
        past=OWN_PURCHASE_PAST,
        honest=_("Members of one household who share a mailbox or a telephone."),
        measure=self_referral,
        limits=Limits(1),  # one suffices: rule 9
        weight=3.0,
    ),
    Check(
        name="weak_self_referral",
        cause=Cause.IDENTITY,
        subject=Subject.CONVERSION,
        title=_("The buyer may be the affiliate"),
        statistic=_("browser 1, postal address 0.8, name in the e-mail address 0.8, network 0.2, added up"),
        sentence=_("Buyer and affiliate have the same %(marks)s, or one that looks alike."),
        plain=OWN_PURCHASE,
        past=OWN_PURCHASE_PAST,
        honest=_(
            "Families, shared flats, colleagues and students: they share addresses, computers and networks."
        ),
        measure=weak_self_referral,
        limits=Limits(1.0),
        between=(0.2, 2.8),
        weight=1.2,
        action=Action.NOTE,
    ),
    Check(
        name="lookalike_buyer",
        cause=Cause.IDENTITY,
        subject=Subject.CONVERSION,
        title=_("The buyer’s e-mail address looks like the affiliate’s"),
        statistic=_("likeness of the names in both addresses, 0 to 1"),
        sentence=_("The names in both e-mail addresses are alike by %(percent)s %%."),
        plain=OWN_PURCHASE,
        past=OWN_PURCHASE_PAST,
        honest=_("Relatives, and people with a frequent name."),
        measure=lookalike_buyer,
        limits=Limits(
            ALIKE
        ),  # three letters changed in a name of twelve still reach a half: 0.8 is the same name
        weight=1.0,
        action=Action.NOTE,
    ),
    Check(
        name="own_domain_buyer",
        cause=Cause.IDENTITY,
        subject=Subject.CONVERSION,
        title=_("The buyer writes from the affiliate’s own domain"),
        statistic=_("same domain: 1, another one: 0"),
        sentence=_("The buyer’s e-mail address is of the affiliate’s own domain."),
        plain=OWN_PURCHASE,
        past=OWN_PURCHASE_PAST,
        honest=_("Colleagues in a large company, and customers of a small provider of mailboxes."),
        measure=own_domain_buyer,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=1.5,
    ),
    Check(
        name="disposable_buyer",
        cause=Cause.IDENTITY,
        subject=Subject.CONVERSION,
        title=_("Throw-away mailbox of the buyer"),
        statistic=_("throw-away mailbox: 1, another one: 0"),
        sentence=_("The buyer used a mailbox that is made to be thrown away."),
        plain=_("We could not verify the customer of this order yet."),
        past=_("We could not verify the customer of this order."),
        honest=_("Buyers who guard their address; on a paid order it means little."),
        measure=disposable_buyer,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=0.7,
        action=Action.NOTE,
    ),
)

ACCOUNTS: tuple[Check[AccountFacts], ...] = (
    Check(
        name="same_payee",
        cause=Cause.IDENTITY,
        subject=Subject.AFFILIATE,
        title=_("Paid to the account of another affiliate"),
        statistic=_("other affiliates with the same payment account"),
        sentence=_("Other affiliates who are paid to the same payment account: %(count)s."),
        plain=_("We need to verify your payment details."),
        past=_("Your payment details were also those of other accounts."),
        honest=_(
            "Agencies and families who are paid together: say so in the policy, and they are left in peace."
        ),
        measure=same_payee,
        limits=Limits(1),  # one payment match suffices: rule 10
        weight=3.0,
    ),
    Check(
        name="same_contact",
        cause=Cause.IDENTITY,
        subject=Subject.AFFILIATE,
        title=_("Telephone or postal address of another affiliate"),
        statistic=_("other affiliates with the same telephone number or postal address"),
        sentence=_("Other affiliates with the same %(marks)s: %(count)s."),
        plain=_("We need to verify your contact details."),
        past=_("Your contact details were also those of other accounts."),
        honest=_("Families, agencies and shared offices."),
        measure=same_contact,
        limits=Limits(1),
        weight=1.5,
        action=Action.NOTE,  # rule 10 wants two independent kinds: one alone holds every two of a household
    ),
    Check(
        name="several_accounts",
        cause=Cause.IDENTITY,
        subject=Subject.AFFILIATE,
        title=_("Several accounts of one person"),
        statistic=_("independent marks in common with another affiliate"),
        sentence=_("In common with another affiliate, or much alike: %(marks)s."),
        plain=_("We check whether other accounts belong to you as well. One is allowed."),
        past=_("Your account had much in common with another one. One is allowed."),
        honest=_("Couples and colleagues who are affiliates both."),
        measure=several_accounts,
        limits=Limits(2),  # two independent kinds: rule 10
        weight=2.0,
    ),
    Check(
        name="disposable_affiliate",
        cause=Cause.IDENTITY,
        subject=Subject.AFFILIATE,
        title=_("Throw-away mailbox of the affiliate"),
        statistic=_("throw-away mailbox: 1, another one: 0"),
        sentence=_("The affiliate gave a mailbox that is made to be thrown away."),
        plain=_("Please give an e-mail address that stays yours."),
        past=_("Your e-mail address was one that does not last."),
        honest=_("Hardly anybody: an affiliate wants to be reached."),
        measure=disposable_affiliate,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=1.5,
    ),
    Check(
        name="buyers_in_series",
        cause=Cause.IDENTITY,
        subject=Subject.AFFILIATE,
        title=_("Buyers with numbered e-mail addresses"),
        statistic=_("share of buyers whose addresses differ by a number alone"),
        sentence=_(
            "%(count)s of %(of)s buyers (%(percent)s %%) have addresses that differ by a number alone."
        ),
        plain=_("We could not verify the customers that you brought yet."),
        past=_("We could not verify the customers that you brought."),
        honest=_("A company that orders from numbered mailboxes, one for each branch."),
        measure=buyers_in_series,
        limits=Limits(0.15, sample=20),  # one series of three among twenty; the sample of rule 15
        weight=2.0,
    ),
)

CHECKS: tuple[Check[Any], ...] = (*SALES, *ACCOUNTS)
