"""A query that a person wrote, looked at before any database sees it: one SELECT, that can stand inside another.

It is put between brackets as a table of its own, so that it cannot be anything but a question; and whatever could end
the brackets early, hide a second statement or be read otherwise by some database than by us, is refused.
"""

import re

from django.utils.translation import gettext as _

BEGINS = re.compile(r"\s*(select|with|values)\b", re.IGNORECASE)
PARAMETER = re.compile(r"(?<![:\w]):(\w+)")
QUOTES = "'\"`"
SQUARE = re.compile(r"\[[\w\s.,]*\](?!\])")  # a name or a place in a list; a doubled ] is read in two ways
LONGEST = 10_000
TIMES = frozenset({"since", "until"})


class BadQuery(ValueError):
    """A query that is not taken; the text is a sentence for people."""


def check_query(text: str, parameters: frozenset[str], needed: frozenset[str] = frozenset()) -> str:
    """Return the query without a semicolon at its end; raises BadQuery.

    `parameters` are the names that may stand in it as :name, `needed` those that must.
    """
    query = text.strip().removesuffix(";").strip()
    if (
        len(query) > LONGEST
        or "\0" in query
        or (not query.isascii() and any(not c.isprintable() and c not in "\r\n\t" for c in query))
    ):
        raise BadQuery(_("The query is too long, or has letters that cannot be read."))
    if not BEGINS.match(query):
        raise BadQuery(_("The query begins with SELECT (or WITH)."))
    if "\\" in query:
        raise BadQuery(_("A query has no backslash: databases read it differently."))
    _check_shape(query)
    used = set(PARAMETER.findall(query))
    if unknown := sorted(used - parameters):
        told = {
            "names": ", ".join(f":{name}" for name in unknown),
            "known": ", ".join(f":{n}" for n in sorted(parameters)),
        }
        raise BadQuery(_("The query names %(names)s; there are only: %(known)s.") % told)
    if missing := sorted(needed - used):
        raise BadQuery(
            _("The query must name %(names)s.") % {"names": ", ".join(f":{name}" for name in missing)}
        )
    return query


def _check_shape(query: str) -> None:
    """Walk the query outside of its quoted parts; raises BadQuery."""
    depth, at = 0, 0
    while at < len(query):
        letter = query[at]
        if letter in QUOTES:
            if query[at - 1] in "qQ" and at:
                raise BadQuery(
                    _("A text is quoted with ' alone, not with q': databases read it differently.")
                )
            at = _behind(query, at)
            continue
        if letter == ";":
            raise BadQuery(_("There is one statement only, without a semicolon in it."))
        if query.startswith(("--", "/*"), at) or letter == "#":
            raise BadQuery(_("A query has no comments, and no #."))
        if letter == "$":
            raise BadQuery(_("A query has no $: databases read it differently."))
        if letter == "[" and not SQUARE.match(query, at):
            raise BadQuery(
                _("Between square brackets stand letters, digits, spaces, points and commas only.")
            )
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            raise BadQuery(_("There is a closing bracket too many."))
        at += 1
    if depth:
        raise BadQuery(_("A bracket is not closed."))


def _behind(query: str, at: int) -> int:
    """Return the place behind a quoted part; a doubled quote stands for itself."""
    mark = query[at]
    end = query.find(mark, at + 1)
    if end < 0:
        raise BadQuery(_("A quotation mark is not closed."))
    return end + 1
