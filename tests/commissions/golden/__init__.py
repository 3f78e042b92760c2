"""Thirty sales with the sentences that explain them: plan, sale and counters go in, a trace comes out.

`python -m tests.commissions.golden` evaluates those of version 2 anew and rewrites the file and the list in
docs/money.md. Traces of version 1 were made by the engine before it and are kept as they are.
"""

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from commissions.counters import Counters, Window
from commissions.plan import parse_plan
from commissions.rates import Credit, Earner, Line, Sale, evaluate
from commissions.words import explain

FILE = Path(__file__).with_name("traces.json")
Case = dict[str, Any]


def cases() -> list[Case]:
    """Every case of the file, in its order."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def is_evaluated(case: Case) -> bool:
    """Whether today's evaluate() made it: no trace of version 1, and none of a whole period."""
    return case["trace"]["v"] == 2 and "kind" not in case["trace"]


def trace_of(case: Case) -> dict[str, Any]:
    """Evaluate a case anew."""
    plan = parse_plan(case["plan"], case["currency"])
    return evaluate(plan, sale_of(case), counters_of(case.get("counters", {}))).trace


def sale_of(case: Case) -> Sale:
    """The sale of a case."""
    given = dict(case["sale"])
    lines = tuple(line_of(line) for line in given.pop("lines", []))
    people = tuple(credit_of(credit) for credit in given.pop("credits"))
    for key in ("coupons", "sub_ids"):
        given[key] = tuple(given.get(key, ()))
    given["at"] = datetime.fromisoformat(given["at"]) if "at" in given else None
    return Sale(given.pop("goal", "sale"), case["currency"], lines, people, **given)


def line_of(line: Case) -> Line:
    """A line; what is left out is empty, and the quantity is 1."""
    given = {"sku": "", "product": "", "quantity": 1} | line
    return Line(**given | {"categories": tuple(line.get("categories", ()))})


def credit_of(credit: Case) -> Credit:
    """An affiliate credited and its sponsors."""
    chain = tuple(Earner(**sponsor) for sponsor in credit.get("chain", []))
    return Credit(**credit | {"chain": chain, "share": Fraction(credit.get("share", "1"))})


def counters_of(given: Case) -> Counters:
    """Counters by enrollment; a window is written "base month"."""
    before, final = (
        {int(number): windows_of(values) for number, values in given.get(key, {}).items()}
        for key in ("before", "final")
    )
    return Counters(before, windows_of(given.get("spent", {})), final)


def windows_of(values: dict[str, int]) -> dict[Window, int]:
    """Values by window."""
    return {Window(*name.split()): value for name, value in values.items()}


def told(case: Case) -> list[list[str]]:
    """The sentences for everybody whom the case names."""
    return [
        [sentence.text for sentence in explain(case["trace"], one["enrollment"], one["level"])]
        for one in case["told"]
    ]


def as_list(case: Case) -> str:
    """A case as docs/money.md shows it: who hears what."""
    texts = [f"**{case['name']}**"]
    for one in case["told"]:
        texts += ["", f"{one['who']} reads:"] if len(case["told"]) > 1 else [""]
        texts += ["", *(f"- {sentence}" for sentence in one["sentences"])]
    return "\n".join(texts).replace("\n\n\n", "\n\n")
