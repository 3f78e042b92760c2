import pytest
from django.utils.translation import override

from core.money import Money
from portal.icons import ICONS
from portal.templatetags.parts import icon, initials, money, pill, round_money, taken


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Money(128490, "EUR"), '<bdi class="money">€1,284<small>.90</small></bdi>'),
        (Money(-2860, "EUR"), '<bdi class="money">−€28<small>.60</small></bdi>'),
        (Money(7500, "JPY"), '<bdi class="money">¥7,500<small></small></bdi>'),
        (Money(1500, "KWD"), '<bdi class="money">KWD\xa01<small>.500</small></bdi>'),
    ],
)
def test_money_has_small_decimals_as_its_currency_has_them(value: Money, written: str) -> None:
    assert money(value) == written


def test_money_follows_the_readers_language() -> None:
    with override("de"):
        assert money(Money(128490, "EUR")) == '<bdi class="money">1.284<small>,90</small>\xa0€</bdi>'


def test_what_was_taken_is_shown_with_its_sign_turned() -> None:
    assert taken(Money(500, "EUR")) == '<bdi class="money">−€5<small>.00</small></bdi>'


def test_scale_leaves_decimals_that_are_zero() -> None:
    assert [round_money(Money(amount, "EUR")) for amount in (5000, 250)] == ["€50", "€2.50"]


def test_status_word_is_escaped() -> None:
    assert pill("ok", "<b>") == '<span class="pill pill--ok">&lt;b&gt;</span>'


def test_initials_are_of_the_first_and_last_word() -> None:
    assert [initials(name) for name in ("Ann Maria Archer", "ann@example.com", "")] == ["AA", "A", "?"]


def test_every_icon_is_one_path() -> None:
    assert {icon(name).count("<path") for name in ICONS} == {1}
