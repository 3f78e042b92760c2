"""The bank's files are read whole, and whatever is wrong with one is said with its place."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from commissions import rate_files
from commissions.rate_files import Quote, RateFileError, last_publication, published_at, read, typed

ECB = Path(__file__).parent.parent / "payloads" / "ecb"
MONDAY, FRIDAY = date(2026, 11, 2), date(2026, 10, 30)
XML = (
    '<Envelope xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube><Cube time="2026-11-02">'
    '<Cube currency="USD" rate="1.0843"/></Cube></Cube></Envelope>'
)
CSV = "Date, USD, \n02 November 2026, 1.0843, \n"
UNKNOWN = "is not a currency code of ISO 4217"
ONE = [Quote("USD", Decimal("1.0843"), MONDAY)]


def sample(name: str) -> bytes:
    return (ECB / name).read_bytes()


def zipped(*files: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def refused(content: bytes) -> str:
    with pytest.raises(RateFileError) as wrong:
        read(content)
    return str(wrong.value)


def test_daily_xml_and_csv_say_the_same() -> None:
    xml, table = read(sample("eurofxref-daily.xml")), read(sample("eurofxref.csv"))

    assert xml == table
    assert len(xml) == 29
    assert xml[0] == ONE[0]
    assert xml[-1] == Quote("ZAR", Decimal("18.7215"), MONDAY)


def test_history_has_every_day() -> None:
    quotes = read(sample("eurofxref-hist-90d.xml"))

    assert len(quotes) == 16
    assert [f"{quote.day} {quote.rate}" for quote in quotes if quote.currency == "USD"] == [
        "2026-11-02 1.0843",
        "2026-10-30 1.0871",
        "2026-10-29 1.0862",
        "2026-10-23 1.0810",
    ]


def test_history_as_csv_leaves_out_gaps_and_currencies_that_the_euro_replaced() -> None:
    quotes = read(sample("eurofxref-hist.csv"))

    assert [quote.currency for quote in quotes if quote.day == FRIDAY] == ["USD", "JPY", "GBP", "RON", "TRY"]
    assert [quote.currency for quote in quotes if quote.day.year == 2001] == ["USD", "JPY", "GBP"]


@pytest.mark.parametrize("name", ["eurofxref.csv", "eurofxref-daily.xml"])
def test_zip_is_opened(name) -> None:
    assert read(zipped((name, sample(name)))) == read(sample(name))


@pytest.mark.parametrize(
    "content", [XML, "\n" + XML, "\N{BYTE ORDER MARK}" + XML, CSV, "\N{BYTE ORDER MARK}" + CSV]
)
def test_small_files_are_read(content) -> None:
    assert read(content.encode()) == ONE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("1.0843", "1,0843"), "line 1: “1,0843” is not a rate: write it with a point, like 1.0843"),
        (("1.0843", "NaN"), "line 1: “NaN” is not a rate: write it with a point, like 1.0843"),
        (("1.0843", "-1.0843"), "line 1: “-1.0843” is not a rate: write it with a point, like 1.0843"),
        (("1.0843", "1e3"), "line 1: “1e3” is not a rate: write it with a point, like 1.0843"),
        (("1.0843", "١"), "line 1: “١” is not a rate: write it with a point, like 1.0843"),
        (("1.0843", ""), "line 1: “” is not a rate: write it with a point, like 1.0843"),
        (
            ("1.0843", "0"),
            "line 1: 0 is not a rate: write how many units one euro buys, from 0.00001 to 10000000.",
        ),
        (("USD", "XYZ"), "line 1: XYZ is not a currency code of ISO 4217"),
        (("USD", "usd"), "line 1: usd is not a currency code of ISO 4217"),
        (("USD", "EUR"), "line 1: the euro is 1 by itself"),
        (("2026-11-02", "2026-02-30"), "line 1: “2026-02-30” is not a day, like 2026-11-02"),
        (("2026-11-02", "2.11.2026"), "line 1: “2.11.2026” is not a day, like 2026-11-02"),
        (("2026-11-02", "1998-12-31"), "line 1: there was no euro in 1998"),
        ((' rate="1.0843"', ""), "line 1: a rate needs a day, a currency and a number"),
        ((' time="2026-11-02"', ""), "line 1: a rate needs a day, a currency and a number"),
        (("eurofxref", "another"), "There are no rates in the file."),
        (("</Envelope>", ""), "The XML is broken: no element found: line 1, column 149."),
        (("<Cube>", "<Cube>&euro;"), "The XML is broken: undefined entity: line 1, column 75."),
    ],
)
def test_wrong_xml_is_refused_with_its_place(change, said) -> None:
    assert refused(XML.replace(*change).encode()) == said


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY a "1.0843">]>',
        '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "https://example.com/x.dtd">',
        "<!DOCTYPE x>",
    ],
)
def test_file_that_declares_entities_is_refused_before_they_are_read(declared) -> None:
    assert refused((declared + XML.replace("1.0843", "&a;")).encode()) == (
        "The file declares a document type, which no file of rates does."
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "The first line must read: Date, USD, JPY, … with a column for each currency."),
        ("Day, USD\n", "The first line must read: Date, USD, JPY, … with a column for each currency."),
        ("Date, \n", "The first line must read: Date, USD, JPY, … with a column for each currency."),
        ("Date, USD, \n", "There are no rates in the file."),
        ("Date, USD\n2026-11-02, N/A\n", "There are no rates in the file."),
        ("Date, USDX\n", "line 1: USDX is not a currency code of ISO 4217"),
        ("Date, , USD\n", "line 1:  is not a currency code of ISO 4217"),
        ("Date, USD\n2026-11-02\n", "line 2: exactly one number for each currency is wanted"),
        ("Date, USD\n2026-11-02, 1, 2\n", "line 2: exactly one number for each currency is wanted"),
        ("Date, USD\n\n2 Brumaire 2026, 1\n", "line 3: “2 Brumaire 2026” is not a day, like 2026-11-02"),
        ("Date, USD\n31 April 2026, 1\n", "line 2: “31 April 2026” is not a day, like 2026-11-02"),
        ("Date, USD\n2026-11-02, \n", "line 2: “” is not a rate: write it with a point, like 1.0843"),
        ("Date, USD, USD\n2026-11-02, 1, 2\n", "USD stands twice on 2026-11-02."),
        ("Date, USD\n2026-11-02, 1\n2026-11-02, 1\n", "USD stands twice on 2026-11-02."),
        ('Date, "USD\n', 'line 1: "USD is not a currency code'),
    ],
)
def test_wrong_csv_is_refused_with_its_place(content, said) -> None:
    assert refused(content.encode()).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe<\x00", "This is neither XML nor CSV of the European Central Bank."),
        (b"\x89PNG\r\n", "This is neither XML nor CSV of the European Central Bank."),
        (b"PK\x03\x04 and no more", "The zip cannot be opened."),
        (zipped(("a.csv", CSV.encode()), ("b.csv", b"")), "The zip must hold exactly one file."),
        (zipped(), "The zip must hold exactly one file."),
    ],
)
def test_other_files_are_refused(content, said) -> None:
    assert refused(content) == said


def test_huge_file_is_refused_also_when_it_comes_small(monkeypatch) -> None:
    monkeypatch.setattr(rate_files, "MAX_BYTES", 2_000_000)

    huge = b" " * 2_000_001
    packed = zipped(("eurofxref.csv", huge))

    assert len(packed) < 10_000
    assert refused(huge) == refused(packed) == "The file is larger than 2 MB."


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_the_bytes_the_answer_is_rates_or_a_sentence(content) -> None:
    for whole in (content, b"PK" + content, XML.encode()[:130] + content, CSV.encode() + content):
        try:
            answer = str(read(whole))
        except RateFileError as wrong:
            answer = str(wrong)
        assert answer not in ("", "[]")


def test_rates_are_published_at_16_on_the_banks_clock() -> None:
    assert published_at(MONDAY) == datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
    assert published_at(date(2026, 10, 23)) == datetime(2026, 10, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 2, 15, 0, tzinfo=UTC), MONDAY),
        (datetime(2026, 11, 2, 14, 59, tzinfo=UTC), FRIDAY),
        (datetime(2026, 11, 1, 23, 30, tzinfo=UTC), FRIDAY),
        (datetime(2026, 10, 30, 15, 0, tzinfo=UTC), FRIDAY),
    ],
)
def test_nothing_is_published_on_weekends(at, day) -> None:
    assert last_publication(at) == published_at(day)


def test_typed_rates_are_read_line_by_line() -> None:
    assert typed("AED 3.9821\n\n kwd: 0.33210 \nUSD=1.1") == {
        "AED": Decimal("3.9821"),
        "KWD": Decimal("0.3321"),
        "USD": Decimal("1.1"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  ", "Write a currency and a number on each line, like USD 1.0843"),
        ("USD", "line 1: write a currency and a number, like USD 1.0843"),
        ("1.0843 USD", "line 1: write a currency and a number, like USD 1.0843"),
        ("USD 1,08", "line 1: “1,08” is not a rate: write it with a point, like 1.0843"),
        ("USD 1\nusd 2", "line 2: USD stands twice"),
        ("EUR 1", "line 1: the euro is 1 by itself"),
        ("\nXYZ 1\nUSD", f"line 2: XYZ {UNKNOWN}; line 3: write a currency and a number, like USD 1.0843"),
    ],
)
def test_every_wrong_line_is_named(text, said) -> None:
    with pytest.raises(RateFileError) as wrong:
        typed(text)

    assert str(wrong.value) == said
