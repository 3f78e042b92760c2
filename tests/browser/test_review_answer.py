"""An affiliate reads that an amount is looked at and answers: by keyboard, without scripts, and with far too much."""

import re
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from affiliates.models import Enrollment, Program
from commissions.actions import take_orders
from core.models import User
from fraud.actions import verdicts
from fraud.models import Answer, Case
from fraud.states import Verdict
from tests.browser.conftest import MakePerson, Person
from tests.makers import make_order
from tests.portal.affiliate.under_review import find, open_case
from tests.story.processes import House

pytestmark = pytest.mark.browser
TEXT = "My brother ordered for himself; his receipt is below."
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def case(shop: House) -> int:
    """A review of an order of Ann's."""
    with shop.opened():
        ann, now = Enrollment.objects.get(code="ann-archer"), timezone.now()
        take_orders(Program.objects.get(), [make_order("R-1", ref=ann.code, occurred_at=now)], at=now)
        commission = ann.commissions.get()
        case = open_case(ann, commission, at=now)
        find(case, "self_referral", commission)
        return int(case.pk)


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    """A file that is what it says."""
    path = tmp_path / "receipt.pdf"
    path.write_bytes(b"%PDF-1.4\nPaid by my brother.")
    return path


def decide(shop: House, case: int) -> None:
    with shop.opened():
        mia = User.objects.get(email="mia@northwind.example")
        found = Case.objects.get(pk=case)
        verdicts.decide(
            found, Verdict.CLEAR, reason="A brother.", message="Thank you for the receipt.", actor=mia
        )


def test_from_the_hint_to_the_decision_by_keyboard(
    shop: House, make_person: MakePerson, case: int, receipt: Path
) -> None:
    ann = make_person(shop)
    page = ann.sign_in("ann@partner.example")
    page.goto(ann.address + "/overview/")

    page.get_by_role("link", name="See why").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("€10.00 is being looked at")
    page.get_by_label("Your answer").focus()
    page.keyboard.type(TEXT)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "attached"
    page.locator("input[name=attached]").set_input_files(receipt)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your answer is sent.")).to_be_visible()
    expect(page.locator("textarea")).to_have_count(0)
    with page.expect_download() as saved:
        page.get_by_role("link", name="receipt.pdf").click()
    assert Path(saved.value.path()).read_bytes() == receipt.read_bytes()

    decide(shop, case)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything is in order.")
    expect(page.get_by_text("Thank you for the receipt.")).to_be_visible()


def test_answer_works_without_scripts_and_keeps_the_text(
    shop: House, browser: Browser, case: int, receipt: Path, tmp_path: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    ann = Person(context, f"http://localhost:{shop.port}")
    ann.sign_in("ann@partner.example")
    page = ann.open(f"/reviews/{case}/")
    large = tmp_path / "film.pdf"
    large.write_bytes(b"%PDF-1.4\n" + b"x" * 12_000_000)

    page.get_by_label("Your answer").fill(TEXT)
    page.locator("input[name=attached]").set_input_files([receipt, large])
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("“film.pdf” is larger than 5 MB.")).to_be_visible()
    expect(page.get_by_label("Your answer")).to_have_value(TEXT)
    page.locator("input[name=attached]").set_input_files(receipt)
    page.get_by_role("button", name="Send the answer").click()

    expect(page.get_by_text("Your answer is sent.")).to_be_visible()
    context.close()
    with shop.opened():
        assert [file.name for file in Answer.objects.get().files.all()] == ["receipt.pdf"]


def test_far_too_much_is_answered_with_a_sentence(
    shop: House, make_person: MakePerson, case: int, tmp_path: Path
) -> None:
    ann = make_person(shop, 390)
    ann.sign_in("ann@partner.example")
    page = ann.open(f"/reviews/{case}/")
    film = tmp_path / "film.pdf"
    film.write_bytes(b"%PDF-1.4\n" + b"x" * 90_000_000)

    page.get_by_label("Your answer").fill(TEXT)
    page.locator("input[name=attached]").set_input_files(film)
    page.get_by_role("button", name="Send the answer").click()

    expect(page.get_by_text(re.compile("That was too much at once"))).to_be_visible()
    ann.complaints = [line for line in ann.complaints if "413" not in line]  # it is meant


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_sticks_out(shop: House, make_person: MakePerson, case: int, width: int) -> None:
    ann = make_person(shop, width)
    ann.sign_in("ann@partner.example")

    pages = ["/overview/", "/earnings/?state=held", "/reviews/", f"/reviews/{case}/"]
    found = {path: ann.open(path).evaluate(STICKS_OUT) for path in pages}
    decide(shop, case)
    found |= {f"{path} decided": ann.open(path).evaluate(STICKS_OUT) for path in pages[2:]}

    assert {path: pixels for path, pixels in found.items() if pixels > 0} == {}
