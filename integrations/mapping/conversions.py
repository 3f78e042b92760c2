"""The steps that a value goes through: each has a name, arguments that are texts, and a sentence for people."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from integrations.mapping import numbers, places, times
from integrations.mapping.plain import LONGEST, is_empty, text_of
from integrations.mapping.refusals import Unfit
from integrations.mapping.work import Work, weight

ARROW = "->"
KEEP, REFUSE, LEAVE = "keep", "refuse", "default"
MOST_ARGUMENTS, LONGEST_ARGUMENT, MOST_PARTS = 200, 200, 1000
Check = Callable[[str], None]


@dataclass(frozen=True)
class Step:
    """One conversion by name, and what it is told."""

    name: str
    arguments: tuple[str, ...] = ()

    @cached_property
    def told(self) -> tuple[Any, ...]:
        """The arguments as the conversion takes them, read once for all the values that go through the step."""
        read = CONVERSIONS[self.name].read
        return self.arguments if read is None else (read(self.arguments),)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a step does: `run(value, record, *arguments)`.

    `checks` look at its arguments, of which the first `needs` must be told. One that `takes_lists` is handed a list
    whole; any other each of its items. One that has a `read` is handed what that makes of all arguments.
    """

    run: Callable[..., Any]
    words: Any
    checks: tuple[Check, ...] = ()
    needs: int = 0
    takes_lists: bool = False
    read: Callable[[tuple[str, ...]], Any] | None = None


def convert(value: Any, step: Step, record: Any, work: Work | None = None) -> Any:
    """Return the value after a step, which is counted as work; raises Unfit. Nothing stays nothing."""
    conversion = CONVERSIONS[step.name]
    if value is None:
        return None
    work = work or Work()
    if isinstance(value, list) and not conversion.takes_lists:
        return [_one_done(one, step, record, work) for one in value[:MOST_PARTS]]
    return _one_done(value, step, record, work)


def _one_done(value: Any, step: Step, record: Any, work: Work) -> Any:
    work.spend(weight(value))
    if value is None:
        return None
    return CONVERSIONS[step.name].run(value, record, *step.told)


def check_step(step: Step) -> None:
    """Raise Unfit with a sentence if there is no such step, or its arguments make no sense."""
    conversion = CONVERSIONS.get(step.name)
    if conversion is None:
        raise Unfit(_("There is no conversion called “%(name)s”.") % {"name": step.name[:40]})
    told = step.arguments
    if any(len(one) > LONGEST_ARGUMENT or not one.isprintable() for one in told):
        raise Unfit(_("An argument of “%(name)s” is too long or has odd letters.") % {"name": step.name})
    if step.name == "map":
        _check_values(told)
    elif not conversion.needs <= len(told) <= len(conversion.checks):
        raise Unfit(_("“%(name)s” has too many or too few arguments.") % {"name": step.name})
    else:
        for check, one in zip(conversion.checks, told, strict=False):
            check(one)


def read_steps(text: str) -> tuple[Step, ...]:
    """Return the steps that lines tell, one a line: `time: %d.%m.%Y %H:%M, Europe/Berlin`."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return tuple(_read_step(line) for line in lines)


def write_steps(steps: tuple[Step, ...]) -> str:
    """Return steps as lines; `read_steps` reads them back."""
    return "\n".join(step.name + (f": {_line(step.arguments)}" if step.arguments else "") for step in steps)


def _read_step(line: str) -> Step:
    name, _colon, rest = line.partition(":")
    try:
        rows = list(csv.reader([rest], skipinitialspace=True)) if rest.strip() else []
    except csv.Error:
        raise Unfit(_("“%(line)s” cannot be read: look at its quotes.") % {"line": line[:60]}) from None
    return Step(name.strip(), tuple(one.strip() for one in rows[0]) if rows else ())


def _line(arguments: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(arguments)
    return buffer.getvalue()


def _check_values(told: tuple[str, ...]) -> None:
    pairs = [one for one in told if ARROW in one]
    if not pairs or len(told) > MOST_ARGUMENTS:
        raise Unfit(_("“map” needs values: map: paid -> sale, cancelled -> void."))
    if set(told) - set(pairs) - {KEEP, REFUSE, LEAVE} or len(told) - len(pairs) > 1:
        raise Unfit(_("For values that are not named, “map” ends with keep, refuse or default."))


@dataclass(frozen=True, slots=True)
class _Words:
    """What `map` is told: new words by the old ones, by the old ones in small letters, and what becomes of others."""

    exact: dict[str, str]
    alike: dict[str, str]
    unknown: str


def _words(told: tuple[str, ...]) -> _Words:
    pairs = [
        (one.partition(ARROW)[0].strip(), one.partition(ARROW)[2].strip()) for one in told if ARROW in one
    ]
    alike = {name.casefold(): new for name, new in reversed(pairs)}
    return _Words(dict(reversed(pairs)), alike, next((one for one in told if ARROW not in one), REFUSE))


def _mapped(value: Any, record: Any, words: _Words) -> Any:
    """Return what a value is called here; one that is not named is refused, kept or left to the default, as told."""
    word = text_of(value).strip()
    if word in words.exact:
        return words.exact[word]
    if word.casefold() in words.alike:
        return words.alike[word.casefold()]
    if words.unknown == KEEP:
        return value
    if words.unknown == LEAVE:
        return None
    raise Unfit(_("“%(text)s” is a value that the mapping does not know.") % {"text": word[:60]})


def _titled(value: Any, record: Any) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in text_of(value).split(" "))


def _split(value: Any, record: Any, between: str = ",") -> list[str]:
    parts = (part.strip() for part in text_of(value).split(between))
    return [part for part in parts if part][:MOST_PARTS]


def _joined(value: Any, record: Any, between: str = ", ") -> str:
    parts = value if isinstance(value, list) else [value]
    return text_of(between.join(text_of(part) for part in parts if not is_empty(part))[: LONGEST + 1])


def _one(number: int) -> Callable[[Any, Any], Any]:
    def pick(value: Any, record: Any) -> Any:
        return value if not isinstance(value, list) else value[number] if value else None

    return pick


def _check_count(text: str) -> None:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text)):
        raise Unfit(_("“%(text)s” is no number of letters.") % {"text": text})


def _check_sign(text: str) -> None:
    if text not in numbers.SIGNS:
        raise Unfit(_("Signs are called point, comma, space, apostrophe or none."))


def _check_unit(text: str) -> None:
    if text not in ("s", "ms"):
        raise Unfit(_("The unit is s or ms."))


def _check_between(text: str) -> None:
    if not text:
        raise Unfit(_("Say what stands between the parts."))


def _any(text: str) -> None:
    """Every text will do."""


TIME = (times.check_form, times.check_zone)
CONVERSIONS: dict[str, Conversion] = {
    "trim": Conversion(lambda value, _r: text_of(value).strip(), gettext_lazy("without spaces around it")),
    "lower": Conversion(lambda value, _r: text_of(value).lower(), gettext_lazy("small letters")),
    "upper": Conversion(lambda value, _r: text_of(value).upper(), gettext_lazy("capitals")),
    "title": Conversion(_titled, gettext_lazy("each word with a capital")),
    "cut": Conversion(
        lambda value, _r, most: text_of(value)[: int(most)],
        gettext_lazy("at most so many letters: cut: 60"),
        (_check_count,),
        1,
    ),
    "number": Conversion(
        numbers.number,
        gettext_lazy("a number, with its decimal and thousands signs: number: comma, point"),
        (_check_sign, _check_sign),
    ),
    "major": Conversion(
        numbers.major,
        gettext_lazy("4241 to 42.41, by a currency or the path to one: major: EUR"),
        (numbers.check_currency,),
        1,
    ),
    "minor": Conversion(
        numbers.minor,
        gettext_lazy("42.41 to 4241, by a currency or the path to one: minor: order.currency"),
        (numbers.check_currency,),
        1,
    ),
    "yesno": Conversion(
        numbers.yesno, gettext_lazy("yes or no; other words for them: yesno: paid/settled, due"), (_any, _any)
    ),
    "time": Conversion(
        times.time,
        gettext_lazy("a moment: time: iso, or epoch, epoch_ms, or time: %d.%m.%Y %H:%M, Europe/Berlin"),
        TIME,
    ),
    "date": Conversion(times.day, gettext_lazy("a day: date: %d/%m/%Y"), TIME),
    "as_date": Conversion(
        times.as_day,
        gettext_lazy("a day or moment in another form: as_date: %d.%m.%Y, Europe/Berlin"),
        (times.check_pattern, times.check_zone),
        1,
    ),
    "as_epoch": Conversion(
        times.as_epoch, gettext_lazy("seconds since 1970, or as_epoch: ms"), (_check_unit,)
    ),
    "phone": Conversion(
        places.phone,
        gettext_lazy("a telephone number, by default of a country: phone: DE"),
        (places.check_region,),
    ),
    "country": Conversion(places.country, gettext_lazy("a country’s name or three letters to two letters")),
    "currency": Conversion(places.currency, gettext_lazy("a currency’s code")),
    "map": Conversion(
        _mapped,
        gettext_lazy(
            "values to values, and keep, refuse or default for others: map: paid -> sale, new -> open, keep"
        ),
        read=_words,
    ),
    "split": Conversion(_split, gettext_lazy("a text to a list: split: ;"), (_check_between,)),
    "join": Conversion(_joined, gettext_lazy("a list to a text: join: ;"), (_any,), takes_lists=True),
    "first": Conversion(_one(0), gettext_lazy("the first of a list"), takes_lists=True),
    "last": Conversion(_one(-1), gettext_lazy("the last of a list"), takes_lists=True),
}
