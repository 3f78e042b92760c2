"""How a file of sales is read, and what is refused in which words."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integrations.actions.file_contents import Contents
from integrations.order_file_refused import refused_csv
from integrations.order_files import (
    MAX_BYTES,
    MAX_ROWS,
    TEMPLATE,
    OrderFileError,
    Rules,
    first_rows,
    order_of,
    read_table,
    read_text,
)
from tests.makers import NOON
from tracking.orders import OrderIn
from tracking.told import Untold

BERLIN = ZoneInfo("Europe/Berlin")
RULES = Rules("store", "store", "EUR", BERLIN, NOON)
HEAD = "order,date,total,currency,code\n"


def read(text: str) -> list[OrderIn | str]:
    """Each order of a text, or the sentence why it is none."""
    table = read_table(text)
    firsts = first_rows(table)
    found: list[OrderIn | str] = []
    for group in table.groups:
        try:
            found.append(order_of(group, RULES, firsts))
        except Untold as trouble:
            found.append(str(trouble))
    return found


def only(text: str) -> Any:
    [found] = read(text)
    return found


def test_example_to_download_is_read_without_a_complaint() -> None:
    first, second = read(TEMPLATE.replace("2026-11-20", "2026-11-01"))

    assert isinstance(first, OrderIn)
    assert isinstance(second, OrderIn)
    assert (first.total, first.lines[0].net, first.lines[0].quantity) == (12990, 10916, 2)
    assert first.evidence.coupons == ("ANNA15",)
    assert (second.evidence.ref, second.customer.external_id, second.lines) == ("anna", "c-77", ())


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_separator_is_found_by_the_heads(mark: str) -> None:
    text = 'Receipt Number,Date,Amount,Coupon\nS-1,2026-11-01,"12.50",ANNA15\n'.replace(",", mark)

    assert only(text).total == 1250


def test_semicolons_with_decimal_commas() -> None:
    assert only("order;date;total\nS-1;1.11.2026;1.234,50\n").total == 123450


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "latin-1"])
def test_umlauts_survive_the_usual_codings(coding: str) -> None:
    text = "order,date,total,customer\nS-1,2026-11-01,1.00,Müller\n"

    assert only(read_text(text.encode(coding))).customer.external_id == "Müller"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04", "This is a workbook"),
        ("order".encode("utf-16"), "written in UTF-16"),
        (b"a\x00b", "characters that no table has"),
        (b"a" * (MAX_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(content: bytes, why: str) -> None:
    with pytest.raises(OrderFileError, match=why):
        read_text(content)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n", "These columns are missing: order, date, total."),
        ("order,date,total\n", "There is no row below the heads."),
        ("order,date,total,amount\n1,2,3,4\n", "Two columns mean “total”"),
        ('order,date,total\n"1,2,3\n', "cannot be cut into cells"),
        ("order,date,total\n" + "1,2,3\n" * (MAX_ROWS + 1), "more than 20000 rows"),
    ],
)
def test_table_that_cannot_be_understood_is_refused_as_a_whole(text: str, why: str) -> None:
    with pytest.raises(OrderFileError, match=why):
        read_table(text)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (",2026-11-01,1.00,EUR,", "“order” is missing"),
        ("S-1,,1.00,EUR,", "“date” is missing."),
        ("S-1,2026-11-01,,EUR,", "“total” is missing"),
        ("S-1,2026-11-01,NaN,EUR,", "is not an amount"),
        ("S-1,2026-11-01,-1.00,EUR,", "is negative"),
        ("S-1,2026-11-01,1.005,EUR,", "may mean two amounts"),
        ("S-1,2026-11-01,99999999999999.00,EUR,", "is too large"),
        ("S-1,2026-11-01,1.00,QQQ,", "is not a currency code"),
        ("S-1,2026-11-01,1.00,EURO,", "is too long"),
        ("S-1,2031-01-01,1.00,EUR,", "must lie between"),
        ("S-1,2026-11-01,1,00,EUR,X", "more cells than there are columns"),
        (f"{'9' * 121},2026-11-01,1.00,EUR,", "is too long"),
    ],
)
def test_row_that_is_no_sale_is_told_why(row: str, why: str) -> None:
    assert why in only(HEAD + row + "\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("date,total,code,order\n2026-11-01,5.00\n", "“order” is missing"),
        ("order,total,date\nS-1,5.00\n", "“date” is missing."),
    ],
)
def test_row_that_is_shorter_than_the_heads_lacks_its_last_cells(text: str, why: str) -> None:
    assert why in only(text)


def test_cell_that_is_a_formula_is_a_text_and_nothing_else() -> None:
    assert only(HEAD + "=1+1,2026-11-01,1.00,EUR,=cmd\n").external_id == "=1+1"
    assert "is not an amount" in only(HEAD + "S-1,2026-11-01,=1+1,EUR,\n")


def test_number_that_stands_twice_is_taken_once() -> None:
    first, second = read(HEAD + "S-1,2026-11-01,1.00,EUR,\nS-1,2026-11-01,2.00,EUR,\n")

    assert isinstance(first, OrderIn)
    assert second == "Order S-1 stands in row 2 already."


def test_rows_of_one_number_are_its_lines() -> None:
    order = only(
        "order,date,total,sku,net\nS-1,2026-11-01,50.00,MUG,30.00\nS-1,,,CUP,20.00\n\nS-1,2026-11-01,,CAP,0\n"
    )

    assert [(line.sku, line.net) for line in order.lines] == [("MUG", 3000), ("CUP", 2000), ("CAP", 0)]


def test_rows_of_one_number_must_not_contradict_each_other() -> None:
    found = only("order,date,total,sku,net\nS-1,2026-11-01,50.00,MUG,30.00\nS-1,,60.00,CUP,20.00\n")

    assert found == "Row 3 says another “total” than row 2 of the same order."


def test_blank_rows_keep_the_numbers_of_a_spreadsheet() -> None:
    table = read_table(HEAD + ",,,,\nS-1,2026-11-01,1.00,EUR,\n")

    assert [group[0].number for group in table.groups] == [3]


def test_refused_rows_run_in_no_spreadsheet() -> None:
    table = read_table(HEAD + '=HYPERLINK(1),+1,-1,@x," =1"\n')

    lines = list(refused_csv(table, [([2], "=why")]))

    assert lines[1] == "2,'=why,'=HYPERLINK(1),'+1,'-1,'@x,' =1\r\n"


def test_error_that_nobody_foresaw_refuses_those_rows_alone() -> None:
    table = read_table(HEAD + "S-1,2026-11-01,1.00,EUR,\n")

    told = Contents(table, RULES, {}).tell(
        table.groups[0]
    )  # no place is known for its number, which cannot be

    assert told == "It could not be taken: an error that nobody foresaw. It is logged."
