"""Caps, splits and group rates: what is cut, who shares, and that the trace says so."""

from typing import Any

import pytest

from commissions.counters import Counters, Window
from commissions.rates import Credit, Earner, evaluate
from tests.commissions.test_brackets import earned, volumes
from tests.commissions.test_rates import ANN, BEN, CAT, chain, fixed, levels, line, paid, rule, sale

SPENT = Window("spent", "month")
OWN = Window("commission", "month")


def cap(of: str, amount: str) -> dict[str, Any]:
    """A cap, by the month where it has a period."""
    return {"of": of, "amount": amount} | ({} if of == "conversion" else {"period": "month"})


def test_conversion_pays_level_one_no_more_than_its_cap() -> None:
    capped = volumes(caps=[cap("conversion", "30.00")])

    found = evaluate(capped, sale(line(50000)))

    assert found.commissions[0].amount == 3000
    assert found.trace["caps"] == [
        {
            "of": "conversion",
            "period": None,
            "name": None,
            "amount": 3000,
            "used": 0,
            "enrollment": None,
            "before": 5000,
            "after": 3000,
        }
    ]


@pytest.mark.parametrize(("used", "amount"), [(0, 5000), (97000, 3000), (100000, 0), (120000, 0)])
def test_affiliate_gets_what_is_left_of_its_cap(used: int, amount: int) -> None:
    capped = volumes(caps=[cap("affiliate", "1000.00")])

    assert earned(capped, sale(line(50000)), Counters({ANN: {OWN: used}})) == {(ANN, 1): amount}


def test_budget_of_the_program_cuts_the_upper_levels_first() -> None:
    capped = volumes(caps=[cap("program", "1000.00")], levels=levels("5"))
    sold = sale(line(50000), credits=(Credit(ANN, chain=chain(True)),))

    left = [earned(capped, sold, Counters({}, {SPENT: used})) for used in (92500, 93000, 96000)]

    assert left == [{(ANN, 1): 5000, (BEN, 2): 2500}, {(ANN, 1): 5000, (BEN, 2): 2000}, {(ANN, 1): 4000}]


def test_refund_of_a_capped_commission_counts_from_the_cap() -> None:
    found = evaluate(volumes(caps=[cap("conversion", "30.00")]), sale(line(50000))).commissions[0]

    assert found.unrounded == 3000


def test_split_gives_a_part_of_level_one_to_a_partner() -> None:
    shared = volumes(split=[{"affiliate": "cat", "share": "30"}], levels=levels("5"))
    sold = sale(line(10000), credits=(Credit(ANN, chain=chain(True)),), partners={"cat": CAT})

    assert paid(shared, sold) == {(ANN, 1): 700, (CAT, 1): 300, (BEN, 2): 500}


def test_share_of_a_partner_that_is_not_active_stays_with_the_affiliate() -> None:
    shared = volumes(split=[{"affiliate": "cat", "share": "30"}])

    found = evaluate(shared, sale(line(10000)))

    assert found.commissions[0].amount == 1000
    assert found.trace["split"] == [{"affiliate": "cat", "enrollment": None, "share": "30"}]


def test_shares_of_a_split_add_up_to_the_cent() -> None:
    shared = volumes(fixed("fixed_per_order", "0.01"), split=[{"affiliate": "cat", "share": "50"}])

    assert sum(paid(shared, sale(line(10000), partners={"cat": CAT})).values()) == 1


def test_sponsor_of_a_group_has_a_rate_of_its_own() -> None:
    tiers = volumes(levels=[{"level": 2, "rate": "5", "groups": {"Gold": "7"}}])
    gold = (Earner(2, BEN, group="Gold"),)

    found = evaluate(tiers, sale(line(10000), credits=(Credit(ANN, chain=gold),)))

    assert found.commissions[1].amount == 700
    assert [found.trace["earned"][1][key] for key in ("rate", "of", "group")] == ["7", "10000", "Gold"]


def test_rule_for_a_group_is_for_its_affiliates_only() -> None:
    tiers = volumes(rule("10"), rule("20", when={"groups": ["Gold"]}))

    assert [
        paid(tiers, sale(line(10000), credits=(Credit(ANN, group=group),)))[ANN, 1] for group in ("Gold", "")
    ] == [
        2000,
        1000,
    ]
