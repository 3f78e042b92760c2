"""Every finding can be said: each sentence finds its figures, and no figure gives a person away."""

import pytest
from django.utils.translation import override

from fraud.checks import accounts, clicks, coupons, delays, facts, identity, orders, systems, traffic, windows
from fraud.checks.base import Check
from fraud.checks.sentences import codes, in_words, percent
from fraud.maths.distances import Profile
from fraud.maths.rates import Prior
from fraud.states import Action
from tests.fraud.sales import AFFILIATE, ANN, BEN, BUYER, alike, by_name, sale

CHECKS = (
    *(*identity.CHECKS, *orders.CHECKS, *coupons.CHECKS, *clicks.CHECKS),
    *(*traffic.CHECKS, *delays.CHECKS, *systems.CHECKS),
)
SHARE = windows.Share(5, 10)
FACTS = (
    sale(
        displaced=facts.Displaced(BEN, "c0", 3000.0),
        alike=(alike(),),
        earlier=1,
        unconfirmed=facts.Unconfirmed(80.0, 9),
        told=facts.Told("high", "Shop", "opened", "Shop", True, "Shop", "bad", "CRM", frozenset({"bad"})),
    ),
    accounts.AccountFacts(
        ANN, (accounts.Twin(BEN, {facts.Mark.PAYEE: 2}),), is_disposable=True, buyers=30, in_series=9
    ),
    windows.CouponFacts(5, ANN, SHARE, windows.Share(1, 10), sites=4),
    windows.TrafficFacts(
        ANN,
        *(windows.Share(5, 10, Prior(1, 9)),) * 5,
        busiest=5,
        people_clicks=10,
        hidden=1,
        ads={("gclid", "7"): 3},
        brand={"acme": 3},
        banned={"*.example": 3},
        short=SHARE,
        late=windows.Share(5, 10, Prior(1, 9)),
        foreign=windows.Share(5, 10, Prior(1, 9)),
        snatched=windows.Share(5, 10, Prior(1, 9)),
        delays=(0, 20),
        usual_delays=Profile((0.9, 0.1), limit=0.5, peers=9),
        late_refunds=windows.Share(5, 10, Prior(1, 9)),
    ),
)


def measured(check: Check) -> object:
    for one in FACTS:
        try:
            measure = check.measure(one)
        except AttributeError:  # facts of another subject
            continue
        if measure is not None:
            return measure
    raise AssertionError(f"no facts for {check.name}")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_finding_can_be_said(check: Check) -> None:
    measure = measured(check)
    with override("en"):
        said = in_words(check, measure.figures)  # type: ignore[attr-defined]

    assert said.endswith(".")
    assert "%" not in said.replace(" %", "")
    for words in (check.title, check.statistic, check.plain, check.honest):
        assert str(words).strip()
        assert "!" not in str(words)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_figures_hold_no_digest_and_no_limit(check: Check) -> None:
    figures = repr(dict(measured(check).figures))  # type: ignore[attr-defined]
    digests = {one for marks in (BUYER, AFFILIATE) for kind in marks.values() for one in kind}

    assert not [one for one in digests if repr(one) in figures]
    assert "%(" not in str(check.plain)
    assert "limit" not in figures
    assert "threshold" not in figures


def test_names_are_unique_weights_are_capped_and_nothing_declines_by_default() -> None:
    assert len(by_name(CHECKS)) == len(CHECKS)
    assert [check.name for check in CHECKS if not 0 < check.weight <= 3] == []
    assert [check.name for check in CHECKS if check.action == Action.DECLINE] == []


def test_codes_become_words_and_numbers_are_written_as_the_reader_does() -> None:
    check = by_name(CHECKS)["several_accounts"]

    with override("en"):
        assert in_words(check, {"marks": ["device", "phone"]}) == (
            "In common with another affiliate, or much alike: browser and telephone number."
        )
    with override("de"):
        assert "34,5" in in_words(by_name(CHECKS)["lookalike_buyer"], {"percent": percent(0.3449)})


def test_marks_stand_in_one_order() -> None:
    assert codes({facts.Mark.NETWORK, facts.Mark.EMAIL}) == ["email", "network"]
