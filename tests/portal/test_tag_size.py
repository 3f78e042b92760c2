"""The merchant's tag stays small, needs nothing, and runs in any browser since 2016 under a strict policy."""

import gzip
import re

import pytest

from tests.house.source import ROOT

TAG = ROOT / "static/js/track.js"
LIMIT = 3000  # bytes as they travel; every visitor of every shop pays for them
# Younger than ECMAScript 2015, or refused by a policy without unsafe-eval and unsafe-inline.
FORBIDDEN = re.compile(
    r"\?\.|\?\?|\*\*|\basync\b|\bawait\b|catch \{|[({,] ?\.\.\.\w+ ?\}|\b#\w|\bimport\b|\bexport\b"
    r"|\beval\b|new Function|innerHTML|\.write\(|\.style\b|setAttribute\(\"on"
)


def test_tag_is_under_three_kilobytes_gzipped() -> None:
    assert len(gzip.compress(TAG.read_bytes(), 9, mtime=0)) < LIMIT


def test_tag_says_nothing_that_old_browsers_or_strict_policies_refuse() -> None:
    assert FORBIDDEN.findall(TAG.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    ["a?.b", "a ?? b", "async () => 1", "try {} catch {", "({ ...rest })", "eval('1')", "e.innerHTML = a"],
)
def test_a_planted_novelty_is_found(text: str) -> None:
    assert FORBIDDEN.search(text)
