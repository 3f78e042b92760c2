"""What shops keep of our orders: what fraud review came to, as tags, fields or remarks, under names of ours alone."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.records import Outcome, Row
from integrations.connectors.shop_records import PREFIX, TAGS, is_number, text_of
from integrations.mapping import OURS

ORDER = "order"
NOTHING = (
    PREFIX + "none"
)  # a remark cannot be taken back, so a later one says that the former holds no longer
LONGEST_REMARK = 500
# an order's tags: the verdict, and the affiliate whom it is about
OF_TAGS = '"affiliate:review:" & {order.review} & ";affiliate:" & {order.review_of} if {order.review} else ""'
OF_REMARK = '"affiliate:review:" & {order.review} & " (" & {order.review_of} & ")" if {order.review} else ""'


def tag_rows() -> tuple[Mapping[str, Any], ...]:
    """Return the mapping of a shop that tags its orders."""
    split = [{"do": "split", "with": [";"]}]
    return ({"target": TAGS, "expression": OF_TAGS, "steps": split, "conflict": OURS},)


def remark_row(target: str) -> Mapping[str, Any]:
    """Return the row of a mapping that says the verdict in a remark to the order."""
    return {"target": target, "expression": OF_REMARK, "conflict": OURS}


def remark_of(value: Any) -> str:
    """Return a remark as it is written: one line that begins as all of ours do; "" for nothing to say."""
    text = " ".join(text_of(value).split())
    if not text:
        return ""
    return (text if is_remark(text) else f"{PREFIX} {text}")[:LONGEST_REMARK]


def is_remark(text: str) -> bool:
    """Say whether a remark to an order is one of those that we made."""
    return text.casefold().startswith(PREFIX)


def standing_remark(remarks: Iterable[tuple[int, str]]) -> str:
    """Return what our newest remark says, "" where there is none or it took the former back.

    `remarks` are number and text of all remarks to an order; a later one has a higher number.
    """
    ours = [(number, text.strip()) for number, text in remarks if is_remark(text.strip())]
    text = max(ours)[1] if ours else ""
    return "" if text == NOTHING else text


def new_remark(wanted: Any, standing: str) -> str:
    """Return the remark that is to be made, "" where the standing one says the same."""
    text = remark_of(wanted)
    return "" if text == standing else text or NOTHING


def said_remark(ours: Any, standing: str) -> Any:
    """Return what our standing remark says, in our own words where it says the same."""
    return ours if remark_of(ours) == standing else standing or None


def refused_rows(
    rows: Iterable[Row],
    known: Iterable[str],
    *,
    fits: Callable[[str], bool],
    only: str,
    absent: Callable[[str, str], Outcome] | None = None,
) -> dict[str, Outcome]:
    """Return what becomes of the rows that cannot be written: key -> the outcome.

    `known` are the numbers of the orders that are there, `absent` says what to say of others; `only` is a sentence on
    which fields may be written, with %(names)s for those that may not.
    """
    there, outcomes = frozenset(known), dict[str, Outcome]()
    for row in rows:
        if not is_number(row.remote_id):
            words = {"number": row.remote_id[:60]}
            wrong = _("“%(number)s” is no number of an order in the shop.") % words
            outcomes[row.key] = Outcome(row.key, refusal=wrong)
        elif row.remote_id not in there:
            outcomes[row.key] = (absent or gone)(row.key, row.remote_id)
        elif foreign := [name for name in row.values if not fits(name)]:
            outcomes[row.key] = Outcome(row.key, refusal=only % {"names": ", ".join(foreign)[:100]})
    return outcomes


def gone(key: str, number: str) -> Outcome:
    """Return what becomes of an order that the shop has deleted."""
    return Outcome(key, refusal=_("The shop has no order %(number)s any more.") % {"number": number})


def not_let(key: str, sentence: str) -> Outcome:
    """Return what becomes of an order that the keys may not write: it waits until a person lets us."""
    return Outcome(key, refusal=sentence, is_not_let=True)
