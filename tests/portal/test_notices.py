"""Notices: the right mail to the right people, none that is stale, none twice."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Merchant, Program
from commissions import actions as commissions
from core.jobs import Misconfigured, Permanent, Temporary
from core.models import Event, Job, User
from payouts import actions as payouts
from portal import notices
from portal.events import NOTICE, ROUTES
from portal.letters import WRITERS
from portal.models import Brand
from tests.makers import NOON, make_affiliate, make_commission, make_enrollment, make_payable, make_payee

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=40)


def send(kind: str) -> list[mail.EmailMultiAlternatives]:
    """Send what the newest event of the kind asks for."""
    before = len(mail.outbox)
    notices.send(Event.objects.filter(kind=kind).latest("pk"))
    return mail.outbox[before:]


def told(kind: str) -> list[tuple[list[str], str]]:
    return [(letter.to, letter.subject) for letter in send(kind)]


def payout_of(ann: Enrollment, mia: User, fin: User):
    make_payable(ann)
    make_payee(ann)
    batch = payouts.open_batch(ann.program, actor=mia, at=LATER)
    payouts.approve_batch(batch, actor=fin, at=LATER)
    return batch.payouts.get(enrollment=ann)


class FailingServer:
    """A mail server that answers as told; the network stops here."""

    def __init__(self, answers: dict[str, Exception]) -> None:
        self.answers, self.sent = answers, []

    def send_messages(self, messages) -> int:
        for letter in messages:
            if failure := self.answers.get(letter.to[0]):
                raise failure
            self.sent.append(letter.to[0])
        return len(messages)


@pytest.fixture
def server(monkeypatch):
    made = FailingServer({})
    connect = "django.core.mail.message.EmailMessage.get_connection"
    monkeypatch.setattr(connect, lambda *_args, **_more: made)
    return made


def test_every_routed_kind_has_its_letter() -> None:
    assert {kind for kind, followers in ROUTES.items() if NOTICE in followers} == WRITERS.keys()


def test_send_is_external_and_a_job_of_the_outbox(program: Program, brand: Brand) -> None:
    make_enrollment(program, "Zoe Zimt", active=False)

    assert notices.send.is_external is True
    assert Job.objects.filter(task=NOTICE, event__kind="enrollment.applied").count() == 1


def test_application_is_told_to_the_affiliate_and_to_who_may_answer(
    program: Program, brand: Brand, mia: User, fin: User, ada: User
) -> None:
    make_enrollment(program, "Zoe Zimt", email="zoe@partner.example", active=False)

    assert told("enrollment.applied") == [
        (["zoe@partner.example"], "We have your application to Partner program"),
        (["olga@northwind.example"], "Zoe Zimt applied to Partner program"),
        (["mia@northwind.example"], "Zoe Zimt applied to Partner program"),
    ]


def test_answered_application_is_not_told_any_more(program: Program, brand: Brand) -> None:
    make_enrollment(program, "Zoe Zimt")

    assert told("enrollment.applied") == []


def test_letter_has_the_brands_voice_in_text_and_colors(ann: Enrollment, brand: Brand, settings) -> None:
    settings.PUBLIC_URL = "https://installation.example:8443"
    Brand.objects.update(sender_name="Nora", sender_email="hi@northwind.example")
    Brand.objects.update(support_email="help@northwind.example")

    letter = send("enrollment.activated")[0]

    assert letter.from_email == "Nora <hi@northwind.example>"
    assert letter.reply_to == ["help@northwind.example"]
    assert "Hello Ann Archer,\n\nYour application to Partner program was accepted.\n" in letter.body
    assert "Your link: https://testserver:8443/r/ann-archer\n" in letter.body
    assert "https://testserver:8443/overview/\n" in letter.body
    html, kind = letter.alternatives[0]
    assert (kind, html.count("Northwind Outfitters"), html.count("#14634d") > 0) == ("text/html", 2, True)


def test_installation_speaks_for_a_program_without_brand(ann: Enrollment, settings) -> None:
    letter = send("enrollment.activated")[0]

    assert letter.from_email == settings.DEFAULT_FROM_EMAIL
    assert letter.body.endswith("--\nhttp://localhost:8000\n")


def test_unproven_address_is_not_sent_anybodys_words(
    program: Program, brand: Brand, merchant: Merchant
) -> None:
    affiliate = make_affiliate(merchant, "Buy pills at evil.example", "victim@example.net")
    affiliate.user.emailaddress_set.update(verified=False)
    make_enrollment(program, affiliate=affiliate, active=False)

    assert send("enrollment.applied")[0].body.startswith(
        "Hello,\n\nThank you for applying to Partner program."
    )


@pytest.mark.parametrize(
    ("verb", "subject"),
    [
        (affiliates.suspend, "Your membership in Partner program is suspended"),
        (affiliates.ban, "Your membership in Partner program has ended"),
    ],
)
def test_stop_is_told_with_its_reason(ann: Enrollment, brand: Brand, mia: User, verb, subject: str) -> None:
    verb(ann, reason="Bought <b>brand</b> words.", actor=mia)

    letter = send(f"enrollment.{'banned' if verb is affiliates.ban else 'suspended'}")[0]

    assert (letter.to, letter.subject) == (["ann@partner.example"], subject)
    assert "    Bought <b>brand</b> words.\n" in letter.body
    assert "Bought &lt;b&gt;brand&lt;/b&gt; words." in letter.alternatives[0][0]


def test_refusal_is_told_with_its_reason(program: Program, brand: Brand, mia: User) -> None:
    affiliates.refuse(make_enrollment(program, "Zoe Zimt", active=False), reason="No website.", actor=mia)

    assert "    No website.\n" in send("enrollment.refused")[0].body


def test_suspension_that_was_lifted_is_not_told(ann: Enrollment, brand: Brand, mia: User) -> None:
    affiliates.suspend(ann, reason="A look.", actor=mia)
    affiliates.activate(ann, actor=mia)

    assert told("enrollment.suspended") == []
    assert told("enrollment.activated") == [
        (["ann@partner.example"], "You can promote Partner program again")
    ]


def test_every_change_of_payment_details_is_told(ann: Enrollment, brand: Brand) -> None:
    make_payee(ann)
    first = Event.objects.get(kind="payee.changed")
    affiliates.set_payee(ann.affiliate, "paypal", "thief@evil.example", holder="T", actor=ann.affiliate.user)

    notices.send(first)

    assert mail.outbox[0].to == ["ann@partner.example"]
    assert "bank account: DE•• 3000\nChanged by: you\n" in mail.outbox[0].body


def test_hold_names_its_reason_in_plain_words(ann: Enrollment, brand: Brand) -> None:
    commission = make_commission(ann)
    commissions.hold(commission, reason="self_referral:email")

    letter = send("commission.held")[0]

    assert "A commission of €10.00 is on hold" in letter.body
    assert "    The buyer seems to be yourself.\n" in letter.body
    assert f"/earnings/{commission.pk}/\n" in letter.body


def test_released_hold_is_told_once_as_released(ann: Enrollment, brand: Brand, mia: User) -> None:
    commission = make_commission(ann)
    commissions.hold(commission, reason="A look.", actor=mia)
    commissions.release(commission, actor=mia)

    assert told("commission.held") == []
    assert told("commission.released") == [(["ann@partner.example"], "A commission was released")]


def test_decline_and_adjustment_name_their_reason(
    ann: Enrollment, brand: Brand, mia: User, fin: User
) -> None:
    commissions.decline(make_commission(ann), reason="Your own order.", actor=mia)
    commissions.adjust(ann, -250, reason="Counted twice.", actor=fin)

    assert "    Your own order.\n" in send("commission.declined")[0].body
    assert (
        "€2.50 were taken from your earnings.\n\n    Counted twice.\n" in send("commission.adjusted")[0].body
    )


def test_payout_is_told_as_it_stands(ann: Enrollment, brand: Brand, mia: User, fin: User) -> None:
    payout = payout_of(ann, mia, fin)
    payouts.mark_sent(payout, reference="SEPA-1", actor=fin)
    assert told("payout.sent") == [(["ann@partner.example"], "Your payout is on its way")]

    payouts.mark_paid(payout, actor=fin)
    assert told("payout.sent") == []
    assert "Your payout of €100.00 was paid." in send("payout.paid")[0].body


def test_failed_payout_says_why_and_that_nothing_is_lost(
    ann: Enrollment, brand: Brand, mia: User, fin: User
) -> None:
    payouts.mark_failed(payout_of(ann, mia, fin), reason="Account closed.", actor=fin)

    body = send("payout.failed")[0].body

    assert "The amount is safe and goes into the next payout.\n\n    Account closed.\n" in body


def test_invitation_carries_its_link_and_ends_with_its_use(
    merchant: Merchant, brand: Brand, olga: User
) -> None:
    invitation = affiliates.invite_member(merchant, "new@northwind.example", "finance", actor=olga)
    letter = send("member.invited")[0]

    assert (letter.to, letter.subject) == (["new@northwind.example"], "Olga Owner invites you to Northwind")
    assert f"http://testserver:8000/join/{invitation.token}/\n" in letter.body

    invitation.accepted_at = timezone.now()
    invitation.save()
    assert told("member.invited") == []


def test_row_that_is_gone_sends_nothing(ann: Enrollment) -> None:
    event = Event.objects.filter(kind="enrollment.activated").latest("pk")
    event.subject_id = "999999"

    notices.send(event)

    assert mail.outbox == []


def test_repeated_job_sends_no_second_mail(ann: Enrollment, brand: Brand) -> None:
    first = send("enrollment.activated")

    assert (len(first), told("enrollment.activated")) == (1, [])


def test_message_id_is_the_same_whenever_it_is_made(ann: Enrollment, brand: Brand) -> None:
    first = send("enrollment.activated")[0]
    cache.clear()
    second = send("enrollment.activated")[0]

    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert first.extra_headers["Message-ID"].endswith("@localhost>")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ConnectionRefusedError(), Temporary),
        (smtplib.SMTPServerDisconnected("bye"), Temporary),
        (smtplib.SMTPDataError(451, b"greylisted"), Temporary),
        (smtplib.SMTPRecipientsRefused({"ann@partner.example": (450, b"later")}), Temporary),
        (smtplib.SMTPRecipientsRefused({"ann@partner.example": (550, b"nobody here")}), Permanent),
        (smtplib.SMTPDataError(554, b"spam"), Permanent),
        (smtplib.SMTPAuthenticationError(535, b"no"), Misconfigured),
        (smtplib.SMTPSenderRefused(550, b"no", "x@y.example"), Misconfigured),
    ],
)
def test_mail_servers_answer_decides_what_follows(
    ann: Enrollment, brand: Brand, server, failure, expected
) -> None:
    server.answers["ann@partner.example"] = failure

    with pytest.raises((Temporary, Permanent)) as raised:
        notices.send(Event.objects.filter(kind="enrollment.activated").latest("pk"))

    assert type(raised.value) is expected


def test_refused_recipient_costs_the_others_nothing_and_nobody_gets_two(
    program: Program, brand: Brand, mia: User, server
) -> None:
    make_enrollment(program, "Zoe Zimt", email="zoe@partner.example", active=False)
    event = Event.objects.filter(kind="enrollment.applied").latest("pk")
    server.answers["zoe@partner.example"] = smtplib.SMTPRecipientsRefused(
        {"zoe@partner.example": (550, b"nobody")}
    )

    for _attempt in range(2):
        with pytest.raises(Permanent):
            notices.send(event)

    assert server.sent == ["olga@northwind.example", "mia@northwind.example"]


@pytest.mark.parametrize("path", ["/account/password/reset/"])
def test_accounts_mail_speaks_for_the_brand(client, ann: Enrollment, brand: Brand, path: str) -> None:
    client.post(path, {"email": "ann@partner.example"})

    letter = mail.outbox[0]
    assert letter.subject == "Choose a new password"
    assert letter.body.rstrip().endswith("--\nNorthwind Outfitters")
    assert "example.com" not in letter.body.replace("partner.example", "")
    assert letter.alternatives[0][0].count("Northwind Outfitters") == 2
