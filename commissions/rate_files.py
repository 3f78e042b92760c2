"""Reads the files that the European Central Bank publishes, and rates that somebody typed: bytes in, values out.

Read are the daily and the historical XML, their CSV, and a zip with one of them in it. A file is taken whole or not
at all. Currencies that the euro replaced stand in the history; nobody is paid in them, so they are left out.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from xml.parsers import expat
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from commissions.exchange import EURO, wrong_rate
from core.money import EXPONENTS

MAX_BYTES = 20_000_000
BANK_CLOCK = ZoneInfo("Europe/Berlin")
BANK_HOUR = time(16)
REPLACED = frozenset({"CYP", "EEK", "HRK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK", "TRL"})
CUBE = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,8})?", re.ASCII)
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_DAY_IN_WORDS = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3,9}) ([0-9]{4})", re.ASCII)
_TYPED = re.compile(r"([A-Za-z]{3})\s*[\s=:]\s*(\S+)", re.ASCII)


class RateFileError(ValueError):
    """The file cannot be taken; the message is a sentence that names the place."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Units of a currency for one euro on a day."""

    currency: str
    rate: Decimal
    day: date


def read(content: bytes) -> list[Quote]:
    """Return every rate of a file (XML, CSV, or a zip with one of them); RateFileError says what is wrong with it."""
    if len(content) > MAX_BYTES:
        raise RateFileError(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1_000_000})
    if content.startswith(b"PK"):
        content = _unpacked(content)
    quotes = (
        _from_xml(content) if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else _from_csv(content)
    )
    if not quotes:
        raise RateFileError(_("There are no rates in the file."))
    seen: set[tuple[str, date]] = set()
    for quote in quotes:
        if (quote.currency, quote.day) in seen:
            raise RateFileError(
                _("%(currency)s stands twice on %(day)s.") % {"currency": quote.currency, "day": quote.day}
            )
        seen.add((quote.currency, quote.day))
    return quotes


def published_at(day: date) -> datetime:
    """Return when the bank publishes the rates of a day: about 16:00 on its own clock."""
    return datetime.combine(day, BANK_HOUR, BANK_CLOCK).astimezone(UTC)


def last_publication(at: datetime) -> datetime:
    """Return when rates were last due before a time; the bank's holidays are not known here, weekends are."""
    day = at.astimezone(BANK_CLOCK).date()
    while day.weekday() >= 5 or published_at(day) > at:
        day -= timedelta(days=1)
    return published_at(day)


def typed(text: str) -> dict[str, Decimal]:
    """Read lines like "USD 1.0843": currency -> units for one euro; RateFileError names every wrong line."""
    rates: dict[str, Decimal] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        place = _("line %(number)s") % {"number": number}
        found = _TYPED.fullmatch(line.strip())
        try:
            if found is None:
                raise RateFileError(
                    _("%(place)s: write a currency and a number, like USD 1.0843") % {"place": place}
                )
            currency = _known(found[1].upper(), place)
            if currency in rates:
                raise RateFileError(
                    _("%(place)s: %(currency)s stands twice") % {"place": place, "currency": currency}
                )
            rates[currency] = _rate(found[2], place)
        except RateFileError as error:
            wrong.append(str(error))
    if wrong or not rates:
        raise RateFileError(
            "; ".join(wrong) or _("Write a currency and a number on each line, like USD 1.0843")
        )
    return rates


# --- zip ---------------------------------------------------------------------------------------------------
def _unpacked(content: bytes) -> bytes:
    """Unpack at most one byte more than allowed: a small file may unpack to any size."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [item for item in archive.infolist() if not item.is_dir()]
            if len(inside) != 1:
                raise RateFileError(_("The zip must hold exactly one file."))
            with archive.open(inside[0]) as packed:
                body = packed.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise RateFileError(_("The zip cannot be opened.")) from error
    if len(body) > MAX_BYTES:
        raise RateFileError(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1_000_000})
    return body


# --- XML ---------------------------------------------------------------------------------------------------
class _Cubes:
    """Collects <Cube time="…"><Cube currency="USD" rate="1.0843"/></Cube> while the file is read."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.days: list[date | None] = []
        self.quotes: list[Quote] = []

    @property
    def place(self) -> str:
        return _("line %(number)s") % {"number": self.parser.CurrentLineNumber}

    def refuse(self, *declared: object) -> None:
        """A declaration may define entities that grow without end or name other files: the bank sends none."""
        raise RateFileError(_("The file declares a document type, which no file of rates does."))

    def start(self, name: str, values: dict[str, str]) -> None:
        day = self.days[-1] if self.days else None
        if name == CUBE and "time" in values:
            day = _day(values["time"], self.place)
        elif name == CUBE and values:
            self.take(day, values)
        self.days.append(day)

    def take(self, day: date | None, values: dict[str, str]) -> None:
        if day is None or set(values) != {"currency", "rate"}:
            raise RateFileError(
                _("%(place)s: a rate needs a day, a currency and a number") % {"place": self.place}
            )
        if values["currency"] not in REPLACED:
            currency = _known(values["currency"], self.place)
            self.quotes.append(Quote(currency, _rate(values["rate"], self.place), day))

    def end(self, name: str) -> None:
        self.days.pop()


def _from_xml(content: bytes) -> list[Quote]:
    cubes = _Cubes()
    try:
        cubes.parser.Parse(content.lstrip(b"\xef\xbb\xbf \t\r\n"), True)
    except expat.ExpatError as error:
        raise RateFileError(_("The XML is broken: %(why)s.") % {"why": error}) from error
    return cubes.quotes


# --- CSV ---------------------------------------------------------------------------------------------------
def _from_csv(content: bytes) -> list[Quote]:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RateFileError(_("This is neither XML nor CSV of the European Central Bank.")) from error
    head = ",".join(rows[0]).rstrip(", ").split(",") if rows else []
    head = [cell.strip() for cell in head]
    if head[:1] != ["Date"] or len(head) < 2:
        raise RateFileError(_("The first line must read: Date, USD, JPY, … with a column for each currency."))
    currencies = [cell if cell in REPLACED else _known(cell, _("line 1")) for cell in head[1:]]
    quotes: list[Quote] = []
    for number, row in enumerate(rows[1:], start=2):
        quotes += _of_row(
            [cell.strip() for cell in row], currencies, _("line %(number)s") % {"number": number}
        )
    return quotes


def _of_row(row: list[str], currencies: list[str], place: str) -> Iterator[Quote]:
    if not any(row):
        return
    day, cells = _day(row[0], place), row[1:]
    if len(cells) < len(currencies) or any(cells[len(currencies) :]):
        raise RateFileError(_("%(place)s: exactly one number for each currency is wanted") % {"place": place})
    for currency, cell in zip(currencies, cells, strict=False):
        if currency not in REPLACED and cell != "N/A":
            yield Quote(currency, _rate(cell, place), day)


# --- cells -------------------------------------------------------------------------------------------------
def _known(currency: str, place: str) -> str:
    if currency == EURO:
        raise RateFileError(_("%(place)s: the euro is 1 by itself") % {"place": place})
    if currency not in EXPONENTS:
        said = {"place": place, "currency": currency[:20]}
        raise RateFileError(_("%(place)s: %(currency)s is not a currency code of ISO 4217") % said)
    return currency


def _rate(text: str, place: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        said = {"place": place, "text": text[:20]}
        raise RateFileError(
            _("%(place)s: “%(text)s” is not a rate: write it with a point, like 1.0843") % said
        )
    rate = Decimal(text)
    if wrong := wrong_rate(rate):
        raise RateFileError(f"{place}: {wrong}")
    return rate


def _day(text: str, place: str) -> date:
    numbers, words = _DAY.fullmatch(text), _DAY_IN_WORDS.fullmatch(text)
    try:
        if numbers:
            day = date(int(numbers[1]), int(numbers[2]), int(numbers[3]))
        elif words:
            day = date(int(words[3]), MONTHS.index(words[2].casefold()) + 1, int(words[1]))
        else:
            raise ValueError(text)
    except ValueError as error:
        said = {"place": place, "text": text[:20]}
        raise RateFileError(_("%(place)s: “%(text)s” is not a day, like 2026-11-02") % said) from error
    if day.year < 1999:
        raise RateFileError(
            _("%(place)s: there was no euro in %(year)s") % {"place": place, "year": day.year}
        )
    return day
