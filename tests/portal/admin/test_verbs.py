"""What managers do: asked first, done on POST, refused by role, told in words."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse

from affiliates.models import Enrollment, Program
from commissions.models import Commission
from core.models import Event, User
from core.money import Money
from integrations.actions.replaying import Posting, Rehearsal
from payouts import actions as payouts
from payouts.models import Batch
from portal.models import ApiKey
from tests import makers

Enter = Callable[[Any], Client]


def verb(row: Any, name: str) -> str:
    """The address of a verb's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_verb", args=[row.pk, name])


def said(answer: Any) -> list[str]:
    """The messages of the page that the answer leads to."""
    return [str(message) for message in answer.context["messages"]]


def test_application_is_approved_after_a_question(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    client, address = enter(mia), verb(busy.enrollment, "approve")

    asked = client.get(address)
    busy.enrollment.refresh_from_db()
    assert (asked.status_code, busy.enrollment.state) == (200, "applied")

    client.post(address)
    busy.enrollment.refresh_from_db()
    assert busy.enrollment.state == "active"


def test_declining_needs_a_reason(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    client, address = enter(mia), verb(busy.enrollment, "decline")

    answer = client.post(address, {"reason": " "})

    busy.enrollment.refresh_from_db()
    assert (answer.status_code, busy.enrollment.state) == (200, "applied")
    assert answer.context["form"].errors["reason"] == ["This field is required."]


def test_many_are_approved_at_once(busy: SimpleNamespace, mia: User, ann: Enrollment, enter: Enter) -> None:
    client, address = enter(mia), reverse("admin:affiliates_enrollment_changelist")
    chosen = {"action": "approve", ACTION_CHECKBOX_NAME: [busy.enrollment.pk, ann.pk]}

    asked = client.post(address, chosen)
    assert (asked.status_code, len(asked.context["rows"]), asked.context["skipped"]) == (200, 1, 1)

    client.post(address, {**chosen, "confirm": "1"})
    busy.enrollment.refresh_from_db()
    assert busy.enrollment.state == "active"


def test_analyst_may_not_press_the_button(busy: SimpleNamespace, ada: User, enter: Enter) -> None:
    answer = enter(ada).post(verb(busy.commission, "hold"), {"reason": "No."})

    busy.commission.refresh_from_db()
    assert (answer.status_code, busy.commission.is_held) == (403, False)


def test_verb_on_anothers_row_is_like_an_absent_row(
    busy: SimpleNamespace, other: Program, eve: User, enter: Enter
) -> None:
    client = enter(eve)

    theirs = client.post(verb(busy.commission, "hold"), {"reason": "No."})
    absent = client.post(verb(SimpleNamespace(_meta=Commission._meta, pk=999_999), "hold"), {"reason": "No."})

    busy.commission.refresh_from_db()
    assert (theirs.status_code, theirs["Location"]) == (absent.status_code, absent["Location"])
    assert busy.commission.is_held is False


def test_commission_is_held_and_released(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    client = enter(mia)

    client.post(verb(busy.commission, "hold"), {"reason": "Same device."})
    busy.commission.refresh_from_db()
    assert (busy.commission.is_held, busy.commission.reason) == (True, "Same device.")

    asked = client.get(verb(busy.commission, "release")).content.decode()
    assert asked.count("The affiliate reads it word for word in the letter.") == 1
    client.post(verb(busy.commission, "release"), {"reason": ""})
    busy.commission.refresh_from_db()
    assert busy.commission.is_held is False


def test_who_opened_the_batch_is_told_why_not(
    busy: SimpleNamespace, olga: User, fin: User, enter: Enter
) -> None:
    payouts.cancel_batch(busy.batch, actor=olga)
    mine = payouts.open_batch(busy.program, actor=fin, at=makers.NOON + timedelta(days=33))
    client = enter(fin)

    page = client.get(reverse("admin:payouts_batch_change", args=[mine.pk]))
    answer = client.post(verb(mine, "approve"), {"looked": "on"}, follow=True)

    mine.refresh_from_db()
    assert mine.state == "draft"
    assert [button.name for button in page.context["verbs"]] == ["cancel"]
    assert said(answer) == [f"{mine}: You opened this batch; somebody else approves it."]


def test_second_person_completes_a_large_batch(
    busy: SimpleNamespace, olga: User, fin: User, enter: Enter
) -> None:
    busy.program.second_approval_above = 100
    busy.program.save()

    states = []
    for person in (fin, olga):
        enter(person).post(verb(busy.batch, "approve"), {"looked": "on"})
        states.append(Batch.objects.get(pk=busy.batch.pk).state)

    assert states == ["half", "approved"]


def test_manager_may_not_approve_a_batch(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    answer = enter(mia).post(verb(busy.batch, "approve"), {"looked": "on"})

    busy.batch.refresh_from_db()
    assert (answer.status_code, busy.batch.state) == (403, "draft")


def test_payout_is_marked_paid_with_its_reference(busy: SimpleNamespace, fin: User, enter: Enter) -> None:
    payouts.approve_batch(busy.batch, actor=fin)

    enter(fin).post(verb(busy.payout, "paid"), {"reference": "SEPA-7"})

    busy.payout.refresh_from_db()
    assert (busy.payout.state, busy.payout.reference) == ("paid", "SEPA-7")


def test_file_of_the_batch_names_the_account_for_finance_only(
    busy: SimpleNamespace, fin: User, mia: User, enter: Enter
) -> None:
    payouts.approve_batch(busy.batch, actor=fin)
    address = reverse("admin:payouts_batch_file", args=[busy.batch.pk])

    mine, hers = enter(fin).get(address), enter(mia).get(address)

    assert mine.content.decode().count(makers.IBAN) == busy.batch.payouts.count()
    assert hers.status_code == 403


def test_batch_is_opened_after_its_meaning_was_read(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    payouts.cancel_batch(busy.batch, actor=mia)
    client, address = enter(mia), reverse("admin:payouts_batch_open")

    read = client.post(address, {"program": busy.program.pk})
    assert (len(read.context["sentences"]), Batch.objects.count()) == (3, 1)

    client.post(address, {"program": busy.program.pk, "confirm": "1"})
    assert Batch.objects.latest("pk").opened_by == mia


def test_finance_adjusts_by_hand_after_a_second_look(
    busy: SimpleNamespace, fin: User, ann: Enrollment, enter: Enter
) -> None:
    client, address = enter(fin), reverse("admin:commissions_commission_adjust")
    values = {"enrollment": ann.pk, "kind": "correction", "amount": "-12.50", "reason": "Paid twice in May."}

    read = client.post(address, values)
    assert read.context["sentences"][0] == "−€12.50: so much less for Ann Archer in the next payout."
    assert Commission.objects.filter(kind="correction").count() == 0

    client.post(address, {**values, "confirm": "1"})
    assert Commission.objects.get(kind="correction").amount == -1250


def test_adjustment_offers_only_the_own_companys_affiliates(
    busy: SimpleNamespace, fin: User, stranger: Enrollment, enter: Enter
) -> None:
    page = enter(fin).get(reverse("admin:commissions_commission_adjust"))

    assert stranger not in page.context["form"].fields["enrollment"].queryset


def test_filters_offer_only_the_own_companys_programs(
    busy: SimpleNamespace, olga: User, other: Program, enter: Enter
) -> None:
    second = makers.make_program(busy.program.merchant, name="Second program")

    page = enter(olga).get(reverse("admin:commissions_commission_changelist"))

    by_program = next(spec for spec in page.context["cl"].filter_specs if spec.title == "program")
    assert {name for _pk, name in by_program.lookup_choices} == {busy.program.name, second.name}


def test_key_is_shown_once(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    values = {"program": busy.program.pk, "name": "Till", "scopes": ["conversions:write"]}

    answer = enter(mia).post(reverse("admin:portal_apikey_make"), values)

    key = ApiKey.objects.get(name="Till")
    assert answer.context["text"].startswith(f"tk_{key.prefix}_")
    assert answer["Cache-Control"].split(",")[0] == "no-store"


def test_program_amounts_are_written_in_its_currency(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    client, address = enter(mia), reverse("admin:affiliates_program_change", args=[busy.program.pk])
    form = client.get(address).context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    sent = {name: value for name, value in values.items() if value not in (None, False)}

    client.post(address, {**sent, "minimum_payout": "75.50"})

    busy.program.refresh_from_db()
    assert (values["minimum_payout"], busy.program.minimum_payout) == ("50.00", 7550)


def test_link_outside_the_allowed_hosts_is_refused(
    busy: SimpleNamespace, mia: User, ann: Enrollment, enter: Enter
) -> None:
    values = {"enrollment": ann.pk, "destination": "https://evil.example/", "name": ""}

    answer = enter(mia).post(reverse("admin:affiliates_link_add"), values)

    errors = answer.context["adminform"].form.errors
    assert list(errors) == ["destination"]
    assert ann.links.count() == 1


def test_nobody_adds_a_link_for_anothers_affiliate(
    busy: SimpleNamespace, mia: User, stranger: Enrollment, enter: Enter
) -> None:
    values = {"enrollment": stranger.pk, "destination": "https://shop.example.com/x", "name": ""}

    answer = enter(mia).post(reverse("admin:affiliates_link_add"), values)

    assert list(answer.context["adminform"].form.errors) == ["enrollment"]
    assert stranger.links.count() == 1


def test_logo_with_a_script_is_refused(busy: SimpleNamespace, olga: User, enter: Enter) -> None:
    address = reverse("admin:portal_brand_change", args=[busy.brand.pk])
    values = {
        "name": "N", "host": "testserver", "slug": busy.brand.slug, "colour": "#ffc700", "font": "figtree",
        "radius": 8, "programs": [busy.program.pk], "logo": "<svg onload=alert(1)></svg>",
    }  # fmt: skip

    answer = enter(olga).post(address, values)

    busy.brand.refresh_from_db()
    assert (list(answer.context["adminform"].form.errors), busy.brand.logo) == (["logo"], "")


def test_colors_are_shown_with_their_contrast(busy: SimpleNamespace, olga: User, enter: Enter) -> None:
    client, address = enter(olga), reverse("admin:portal_brand_preview")

    shown = client.get(address, {"colour": "#ffc700", "font": "figtree", "radius": "4"}).context["preview"]
    wrong = client.get(address, {"colour": "red"}).context["preview"]

    assert all(mode["contrast"] >= 4.5 for mode in shown["modes"])
    assert list(wrong) == ["error"]


def test_parked_message_is_processed_again(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    answer = enter(mia).post(verb(busy.inbound, "replay"), follow=True)

    assert answer.status_code == 200
    assert [message.split(":")[0] for message in said(answer)] == ["Processed again"]


def test_what_a_message_would_book_is_shown_before(
    busy: SimpleNamespace, mia: User, enter: Enter, monkeypatch: Any
) -> None:
    client, address = enter(mia), verb(busy.inbound, "replay")
    trial = Rehearsal(
        "done",
        "done",
        "Order 7 was taken (sale).",
        (Posting("earned", "Ann Archer", "program expense", "pending", Money(840, "EUR")),),
    )
    with monkeypatch.context() as patch:
        patch.setattr("integrations.actions.rehearse", lambda row: trial)
        shown = client.get(address).content.decode()
    with monkeypatch.context() as patch:
        patch.setattr("integrations.actions.rehearse", lambda row: 1 // 0)
        failing = client.get(address).content.decode()

    assert "What would happen now" in shown
    assert "Order 7 was taken (sale)." in shown
    assert "<td>Program expense</td><td>Pending</td>" in shown
    assert "<td>Ann Archer</td>" in shown
    assert "8<small>.40</small>" in shown
    assert "It fails in the middle (ZeroDivisionError)" in failing


def test_received_messages_of_a_period_are_processed_again(
    busy: SimpleNamespace, mia: User, enter: Enter
) -> None:
    client, address = enter(mia), verb(busy.inbound.connection, "reprocess")

    backwards = client.post(address, {"first": "2026-11-20", "last": "2026-11-19", "stuck": "on"})
    client.post(address, {"first": "2026-11-19", "last": "2026-11-20", "stuck": "on"})

    assert backwards.context["form"].non_field_errors() == ["The period ends before it begins."]
    (event,) = Event.objects.filter(kind="connection.reprocessing")
    assert (event.data["stuck"], event.data["after"], event.actor) == (True, 0, mia)


def test_quarantined_task_is_put_back_in_line(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    enter(mia).post(verb(busy.job, "retry"))

    busy.job.refresh_from_db()
    assert busy.job.state == "due"


def test_last_owner_stays(busy: SimpleNamespace, olga: User, enter: Enter) -> None:
    member = busy.program.merchant.members.get(user=olga)
    address = reverse("admin:affiliates_member_change", args=[member.pk])

    answer = enter(olga).post(address, {"role": "analyst", "is_active": "on"}, follow=True)

    member.refresh_from_db()
    assert (member.role, said(answer)) == ("owner", ["A company needs at least one active owner."])


def test_brand_keeps_its_new_color_and_the_change_is_recorded(
    busy: SimpleNamespace, olga: User, enter: Enter
) -> None:
    values = {
        "name": "N", "host": "testserver", "slug": busy.brand.slug, "colour": "#ffc700", "font": "figtree",
        "radius": 8, "programs": [busy.program.pk], "logo": "",
    }  # fmt: skip

    enter(olga).post(reverse("admin:portal_brand_change", args=[busy.brand.pk]), values)

    busy.brand.refresh_from_db()
    assert busy.brand.colour == "#ffc700"
    assert Event.objects.latest("pk").kind == "brand.changed"
