"""Make the golden file and its list in docs/money.md anew: `python -m tests.commissions.golden`."""

import json
import os

import django

from tests.commissions import golden
from tests.house.source import ROOT

START, END = "<!-- the thirty sales -->", "<!-- end of the thirty sales -->"


def main() -> None:
    """Evaluate, tell, write."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    found = golden.cases()
    for case in found:
        if golden.is_evaluated(case):
            case["trace"] = golden.trace_of(case)
        for one, sentences in zip(case["told"], golden.told(case), strict=True):
            one["sentences"] = sentences
    text = json.dumps(found, indent=1, ensure_ascii=False)
    golden.FILE.write_text(text + "\n", encoding="utf-8")
    page = ROOT / "docs" / "money.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(START)
    listed = "\n\n".join(golden.as_list(case) for case in found)
    page.write_text(f"{before}{START}\n\n{listed}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


main()
