"""A table of affiliates of another platform: text in, rows out, each with a sentence where it cannot be taken; pure."""

from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from affiliates.actions import imported_code
from affiliates.codes import CodeRefused
from integrations.mapped_files import read_mapped
from integrations.order_files import OrderFileError

COLUMNS = {
    "name": ("partner name", "affiliate name", "full name"),
    "email": ("e-mail", "mail", "partner email", "affiliate email"),
    "code": ("ref", "id", "affiliate id", "partner id", "referral code", "token", "userid"),
    "currency": ("payout currency",),
}
NEEDED = ("name", "email", "code")
MOST_ROWS = 5000
EXAMPLE = "name,email,code,currency\r\nAnna Blog,anna@blog.example,anna,EUR\r\n"


@dataclass(frozen=True, slots=True)
class Person:
    """One row; `trouble` says why it cannot be taken."""

    number: int
    name: str
    email: str
    code: str
    trouble: str = ""


def read_people(text: str, currency: str) -> list[Person]:
    """Return the people of a table; `currency` is the program's, in which all are paid. Raises OrderFileError."""
    table = read_mapped(text, {})
    if table.row_count > MOST_ROWS:
        raise OrderFileError(_("There are more than %(most)s rows: split the file.") % {"most": MOST_ROWS})
    first = table.groups[0][0]
    heads = tuple(first.cells)  # of JSON the names in its first object
    named = {name: _column(heads, name) for name in COLUMNS}
    if missing := [name for name in NEEDED if not named[name]]:
        raise OrderFileError(
            _("These columns are missing: %(names)s. The first row must name the columns.")
            % {"names": ", ".join(missing)}
        )
    people, emails, codes = [], set[str](), set[str]()
    for (row,) in table.groups:
        cells = {name: str(row.cells.get(head) or "").strip() if head else "" for name, head in named.items()}
        person = _person(row.number, cells, currency)
        if not person.trouble and (person.email in emails or person.code in codes):
            person = replace(person, trouble=_("The address or the code stands in an earlier row."))
        emails.add(person.email)
        codes.add(person.code)
        people.append(person)
    return people


def _column(heads: tuple[str, ...], name: str) -> str:
    """Return the head that means a column, "" for none; the column's own name comes first."""
    spelled = {" ".join(head.casefold().replace("_", " ").split()): head for head in reversed(heads)}
    return next((spelled[word] for word in (name, *COLUMNS[name]) if word in spelled), "")


def _person(number: int, cells: dict[str, str], currency: str) -> Person:
    person = Person(number, cells["name"][:120], cells["email"].lower(), cells["code"][:80])
    if not person.name:
        return replace(person, trouble=_("The name is missing."))
    try:
        validate_email(person.email)
        person = replace(person, code=imported_code(person.code))
    except ValidationError:
        return replace(person, trouble=_("“%(email)s” is no e-mail address.") % {"email": person.email[:60]})
    except CodeRefused as refused:
        return replace(person, trouble=str(refused))
    if cells["currency"] and cells["currency"].upper() != currency:
        told = {"currency": currency}
        return replace(person, trouble=_("This program pays in %(currency)s: leave the currency out.") % told)
    return person
