"""One word, one thing: no Manager or utils, no product name before an affiliate, no trade in core."""

import re
from pathlib import PurePosixPath

import pytest

from tests.house.source import CODE, Source, definitions, files, python, where

EMPTY_WORDS = frozenset(
    {"manager", "managers", "service", "services", "handler", "handlers", "helper", "helpers"}
    | {"util", "utils", "common", "misc"}
)
# A manager is also a person of the trade (mia): functions may speak of her, files and classes may not.
PERSON = frozenset({"manager", "managers"})
TRADE = (
    "affiliate|merchant|enrollment|commission|payout|payee|conversion|coupon|sponsor|click|brand|refund|shop|"
    "woocommerce|attribution|referral|campaign"
)
# core/failpoints.py names the places where a test ends the process, in their apps' words.
SPEAKS_OF_TRADE = frozenset({"core/failpoints.py"})
PRODUCT = re.compile("tributary", re.IGNORECASE)
# The tag's function has a name that shops' pages call, hence an API; a shop gives it another by data-as.
NAMES_PRODUCT = frozenset({"static/js/track.js"})
# What an affiliate or a visitor can be shown is made here.
FACES = ("portal/affiliate", "portal/public", "portal/templatetags", "portal/setup")
FACE_FILES = ("portal/brands.py", "portal/notices.py", "portal/theme.py", "portal/charts.py", "portal/api")


def words(name: str) -> set[str]:
    """The words of a name, whether written in_snakes or InCamels."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def empty_names(sources: list[Source]) -> list[str]:
    found = [source.path for source in sources if words(PurePosixPath(source.path).stem) & EMPTY_WORDS]
    for source in sources:
        for node in definitions(source):
            allowed = frozenset() if node.__class__.__name__ == "ClassDef" else PERSON
            if words(node.name) & (EMPTY_WORDS - allowed):
                found.append(where(source, node))
    return found


def trade_words(sources: list[Source]) -> list[str]:
    pattern = re.compile(rf"(?<![a-z])({TRADE})s?(?![a-z])", re.IGNORECASE)
    return [
        f"{source.path}:{number} says {found.group()}"
        for source in sources
        for number, line in enumerate(source.text.splitlines(), start=1)
        if (found := pattern.search(line)) and source.path not in SPEAKS_OF_TRADE
    ]


def product_names(texts: list[tuple[str, str]]) -> list[str]:
    return [
        f"{path}:{number} names the product"
        for path, text in texts
        for number, line in enumerate(text.splitlines(), start=1)
        if PRODUCT.search(line)
    ]


def seen_by_affiliates() -> list[tuple[str, str]]:
    code = [source for source in python("portal") if source.path.startswith((*FACES, *FACE_FILES))]
    pages = files("templates", ".html", ".txt", ".xml", ".svg", ".json")
    own = [each for each in files("static", ".css", ".js", ".svg") if "/vendor/" not in each[0]]
    own = [each for each in own if each[0] not in NAMES_PRODUCT]
    return [*pages, *own, *((source.path, source.text) for source in code)]


def test_names_say_what_they_name() -> None:
    assert empty_names(python(*CODE, "tests")) == []


def test_core_says_no_word_of_the_trade() -> None:
    assert trade_words(python("core")) == []


def test_affiliates_never_read_the_products_name() -> None:
    assert product_names(seen_by_affiliates()) == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("core/utils.py", "", ["core/utils.py"]),
        ("core/a.py", "class PayoutManager: ...", ["core/a.py:1 PayoutManager"]),
        ("core/a.py", "def common_part() -> None: ...", ["core/a.py:1 common_part"]),
        ("core/a.py", "def mail_to_manager() -> None: ...", []),
        ("core/a.py", "class Servicing: ...", []),
    ],
)
def test_a_planted_empty_name_is_found(path, text, expected) -> None:
    assert empty_names([Source(path, text)]) == expected


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("core/a.py", "# for the affiliate", ["core/a.py:1 says affiliate"]),
        ("core/a.py", "merchant_id = 1", ["core/a.py:1 says merchant"]),
        ("core/a.py", "order_by", []),
        ("core/failpoints.py", "'click.before_commit'", []),
    ],
)
def test_a_planted_word_of_the_trade_is_found(path, text, expected) -> None:
    assert trade_words([Source(path, text)]) == expected


def test_a_planted_product_name_is_found() -> None:
    assert product_names([("templates/a.html", "<p>\nTributary</p>")]) == [
        "templates/a.html:2 names the product"
    ]
