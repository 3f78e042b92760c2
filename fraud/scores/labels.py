"""Which of a column's words mean fraud."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from fraud.scores.table import TableError

YES, NO = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no"})
FRAUD = "fraud"


@dataclass(frozen=True, slots=True)
class Reading:
    """`positive` are the words that mean fraud, in small letters; `others` those that do not, None for any other."""

    positive: frozenset[str]
    others: frozenset[str] | None = None


def reading_of(cells: Sequence[str], positive: str | None, column: str) -> Reading:
    """Read off the training labels which of them is fraud: the one that was named, else 1 of 0 and 1, else "fraud".

    Raises TableError where that is not clear, and where no row is fraud.
    """
    seen = {cell.casefold() for cell in cells} - {""}
    if positive is not None:
        word = positive.strip().casefold()
        reading = Reading(YES, NO) if word in YES and seen <= YES | NO else Reading(frozenset({word}))
    elif seen <= YES | NO:
        reading = Reading(YES, NO)
    elif FRAUD in seen:
        reading = Reading(frozenset({FRAUD}))
    else:
        raise TableError(
            _("%(column)s holds %(words)s. Say with --positive which of them is fraud.")
            % {"column": column, "words": _words(seen)}
        )
    if not seen & reading.positive:
        raise TableError(
            _(
                "No row of the training file is fraud: %(column)s holds %(words)s. Say with --positive which is."
            )
            % {"column": column, "words": _words(seen)}
        )
    return reading


def labels_of(cells: Sequence[tuple[int, str]], reading: Reading, file: str) -> list[int]:
    """The label of each row (line number and word): 1 for fraud, else 0.

    Raises TableError for a row without one, for a strange one, and where no row or every row is fraud.
    """
    labels = []
    for line, cell in cells:
        word = cell.casefold()
        if not word:
            raise TableError(
                _("%(file)s, line %(line)d: the label is empty. Leave out the rows that nobody decided.")
                % {"file": file, "line": line}
            )
        is_fraud = word in reading.positive
        if not is_fraud and reading.others is not None and word not in reading.others:
            raise TableError(
                _("%(file)s, line %(line)d: the label %(word)s is neither 0 nor 1, as in the training file.")
                % {"file": file, "line": line, "word": cell[:40]}
            )
        labels.append(int(is_fraud))
    if not any(labels):
        raise TableError(_("No row of %(file)s is fraud, so nothing can be measured.") % {"file": file})
    if all(labels):
        raise TableError(_("All rows of %(file)s are fraud; there must be others, too.") % {"file": file})
    return labels


def _words(seen: set[str]) -> str:
    return ", ".join(sorted(seen)[:8]) + (", …" if len(seen) > 8 else "")
