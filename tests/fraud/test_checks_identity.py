"""Buyers who are the affiliate, and affiliates with several accounts: at, under and over each limit."""

import pytest

from fraud.checks.accounts import AccountFacts, Twin
from fraud.checks.facts import Mark, Resemblance, SaleFacts, comparable, shared
from fraud.checks.identity import CHECKS
from fraud.states import Action
from tests.fraud.sales import AFFILIATE, BEN, BUYER, EVE, by_name, said, sale, sharing

CHECK = by_name(CHECKS)
NOBODY = Resemblance()


def like(likeness: float | None = None, **words: bool) -> Resemblance:
    return Resemblance(likeness=likeness, **words)


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("self_referral", sale(), False),
        ("self_referral", sale(buyer=sharing(Mark.EMAIL)), True),
        ("self_referral", sale(buyer=sharing(Mark.EMAIL, Mark.PHONE)), True),
        ("self_referral", sale(own="payee"), True),
        ("self_referral", sale(own="customer", buyer={}), True),
        ("self_referral", sale(buyer=sharing(Mark.DEVICE, Mark.ADDRESS, Mark.NETWORK)), False),
        ("self_referral", sale(buyer={}), None),
        ("self_referral", sale(buyer={Mark.DEVICE: frozenset({"d1"})}), None),
        ("weak_self_referral", sale(), False),
        ("weak_self_referral", sale(buyer=sharing(Mark.ADDRESS)), False),
        ("weak_self_referral", sale(buyer=sharing(Mark.ADDRESS, Mark.NETWORK)), True),
        ("weak_self_referral", sale(buyer=sharing(Mark.DEVICE)), True),
        ("weak_self_referral", sale(buyer=sharing(Mark.DEVICE, Mark.NETWORK)), True),
        ("weak_self_referral", sale(buyer=sharing(Mark.NETWORK), email=like(0.8)), True),
        ("weak_self_referral", sale(buyer=sharing(Mark.NETWORK), email=like(0.79)), False),
        ("weak_self_referral", sale(email=like(0.9)), False),
        ("weak_self_referral", sale(buyer={}, email=NOBODY), None),
        ("lookalike_buyer", sale(email=like(0.79)), False),
        ("lookalike_buyer", sale(email=like(0.8)), True),
        ("lookalike_buyer", sale(email=like(0.81)), True),
        ("lookalike_buyer", sale(email=NOBODY), None),
        ("own_domain_buyer", sale(email=like(own_domain=False)), False),
        ("own_domain_buyer", sale(email=like(own_domain=True)), True),
        ("own_domain_buyer", sale(email=NOBODY), None),
        ("disposable_buyer", sale(email=like(is_disposable=False)), False),
        ("disposable_buyer", sale(email=like(is_disposable=True)), True),
        ("disposable_buyer", sale(email=NOBODY), None),
    ],
)
def test_a_sale_is_measured_by_who_bought(name: str, facts: SaleFacts, expected: bool | None) -> None:
    assert said(CHECK[name], facts) is expected


def twin(*kinds: Mark, enrollment: int = BEN, holders: int = 2, **words: object) -> Twin:
    return Twin(enrollment, dict.fromkeys(kinds, holders), **words)  # type: ignore[arg-type]


def account(*twins: Twin) -> AccountFacts:
    return AccountFacts(1, twins)


UNKNOWN = AccountFacts(1)


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("same_payee", account(), False),
        ("same_payee", account(twin(Mark.PAYEE)), True),
        ("same_payee", account(twin(Mark.PAYEE), twin(Mark.PAYEE, enrollment=EVE)), True),
        ("same_payee", account(twin(Mark.PAYEE, is_related=True)), False),
        ("same_payee", account(twin(Mark.PAYEE, holders=20)), True),
        ("same_payee", account(twin(Mark.PAYEE, holders=21)), False),
        ("same_payee", UNKNOWN, None),
        ("same_contact", account(twin(Mark.DEVICE)), False),
        ("same_contact", account(twin(Mark.PHONE)), True),
        ("same_contact", account(twin(Mark.PHONE, Mark.ADDRESS)), True),
        ("same_contact", account(twin(Mark.ADDRESS, is_related=True)), False),
        ("same_contact", UNKNOWN, None),
        ("several_accounts", account(), False),
        ("several_accounts", account(twin(Mark.DEVICE, Mark.NETWORK)), False),
        ("several_accounts", account(twin(Mark.DEVICE, Mark.PHONE)), True),
        ("several_accounts", account(twin(Mark.DEVICE, Mark.PHONE, Mark.ADDRESS)), True),
        ("several_accounts", account(twin(Mark.DEVICE, likeness=0.8)), True),
        ("several_accounts", account(twin(Mark.DEVICE, likeness=0.79)), False),
        ("several_accounts", account(twin(Mark.DEVICE), twin(Mark.PHONE, enrollment=EVE)), False),
        ("several_accounts", account(twin(Mark.DEVICE, Mark.PHONE, is_related=True)), False),
        ("several_accounts", account(twin(Mark.DEVICE, Mark.NETWORK, Mark.ADDRESS, holders=21)), False),
        ("several_accounts", UNKNOWN, None),
        ("disposable_affiliate", AccountFacts(1, is_disposable=False), False),
        ("disposable_affiliate", AccountFacts(1, is_disposable=True), True),
        ("disposable_affiliate", UNKNOWN, None),
        ("buyers_in_series", AccountFacts(1, buyers=20, in_series=3), True),
        ("buyers_in_series", AccountFacts(1, buyers=20, in_series=4), True),
        ("buyers_in_series", AccountFacts(1, buyers=21, in_series=3), False),
        ("buyers_in_series", AccountFacts(1, buyers=19, in_series=19), False),
        ("buyers_in_series", AccountFacts(1, buyers=400, in_series=12), False),
        ("buyers_in_series", UNKNOWN, None),
    ],
)
def test_an_account_is_measured_beside_the_others(
    name: str, facts: AccountFacts, expected: bool | None
) -> None:
    assert said(CHECK[name], facts) is expected


def test_a_network_alone_never_suffices_whatever_the_policy() -> None:
    measure = CHECK["weak_self_referral"].measure(sale(buyer=sharing(Mark.NETWORK)))

    assert measure is not None
    assert measure.value == 0


def test_a_finding_names_the_other_accounts_and_no_mark() -> None:
    measure = CHECK["same_payee"].measure(account(twin(Mark.PAYEE), twin(Mark.PHONE, enrollment=EVE)))

    assert measure is not None
    assert measure.rows == {"enrollments": (BEN,)}
    assert measure.figures == {"count": 1, "marks": ["payee"]}


def test_marks_are_compared_kind_by_kind_and_never_across() -> None:
    one, other = {Mark.PHONE: frozenset({"x"})}, {Mark.EMAIL: frozenset({"x"})}

    assert shared(one, other) == ()
    assert comparable(one, other) == frozenset()
    assert shared(BUYER, BUYER) == (Mark.EMAIL, Mark.PHONE, Mark.ADDRESS, Mark.DEVICE, Mark.NETWORK)
    assert Mark.PAYEE not in comparable(BUYER, AFFILIATE)


def test_what_households_share_is_noted_and_holds_nothing() -> None:
    assert CHECK["weak_self_referral"].action == Action.NOTE
    assert CHECK["self_referral"].action == Action.HOLD
