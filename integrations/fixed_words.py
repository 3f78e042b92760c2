"""The vocabularies that are fixed, as a page for people: what the norms and the connectors say, read off the code."""

from collections.abc import Iterator, Mapping

from affiliates.countries import names_of_countries
from integrations.connectors.magento.parse import STATES as MAGENTO
from integrations.connectors.postback.parse import STATES as POSTBACK
from integrations.connectors.shopify.order import STATES as SHOPIFY
from integrations.connectors.woocommerce.parse import STATES as WOOCOMMERCE
from tracking.states import OrderState
from tracking.vocabulary import UNITS

MARK = "<!-- what follows is written by manage.py write_dictionary -->"
STATUSES: Mapping[str, Mapping[str, OrderState]] = {
    "WooCommerce": WOOCOMMERCE,
    "Shopify": SHOPIFY,
    "Magento": MAGENTO,
    "Postback": POSTBACK,
}
PAGE = "docs/integrations/dictionary.md"


def rewritten(page: str) -> str:
    """Return a page with the part after the mark as the code has it now; what stands before it stays."""
    return f"{page.partition(MARK)[0].rstrip()}\n\n{MARK}\n\n{fixed_words()}"


def fixed_words() -> str:
    """Return the fixed vocabularies in Markdown."""
    return "\n".join([*_statuses(), "", *_units(), "", *_countries(), ""])


def _statuses() -> Iterator[str]:
    yield "## Statuses of orders"
    yield ""
    yield "| here | " + " | ".join(STATUSES) + " |"
    yield "|---|" + "---|" * len(STATUSES)
    for state in OrderState:
        cells = [_listed(words, state) for words in STATUSES.values()]
        if any(cells):
            yield f"| {state.value} | " + " | ".join(cells) + " |"


def _listed(words: Mapping[str, OrderState], state: OrderState) -> str:
    return ", ".join(sorted(word or "(none)" for word, meant in words.items() if meant == state))


def _units() -> Iterator[str]:
    yield "## Units"
    yield ""
    yield "| here | also called |"
    yield "|---|---|"
    for unit, names in UNITS.items():
        yield f"| {unit} | {', '.join(names)} |"


def _countries() -> Iterator[str]:
    yield "## Countries"
    yield ""
    names = sorted(names_of_countries("en").items())
    yield ", ".join(f"{code} {name}" for code, name in names if code.isalpha()) + "."
