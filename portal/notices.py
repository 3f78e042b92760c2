"""E-mails that follow events: each has its letters written by `portal.letters` and is sent here, once.

A letter's Message-ID follows from the event and the recipient, and what was sent is remembered for a week: a job that
is repeated after a crash sends only what is missing.
"""

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from core.crypto import fingerprint
from core.jobs import Failure, Misconfigured, Permanent, Temporary, external
from core.models import Event
from portal.access import letterhead, sender
from portal.letter import Letter
from portal.letters import letters_of

REMEMBERED = 7 * 24 * 3600  # seconds


@external
def send(event: Event) -> None:
    """Send the letters that an event asks for; none where its row is gone or has moved on.

    Every recipient is tried. Raises Temporary while the mail server cannot, Permanent for a refused recipient.
    """
    failures = []
    with translation.override(settings.LANGUAGE_CODE):
        for letter in letters_of(event):
            try:
                _send_once(event, letter)
            except Failure as failure:
                failures.append(failure)
    if failures:
        raise next((failure for failure in failures if isinstance(failure, Temporary)), failures[0])


def _send_once(event: Event, letter: Letter) -> None:
    message_id = _message_id(event, letter)
    if cache.get(message_id):
        return
    try:
        message(letter, message_id).send()
    except smtplib.SMTPAuthenticationError as refused:
        raise Misconfigured("The mail server refuses our name or password: set EMAIL_URL.") from refused
    except smtplib.SMTPSenderRefused as refused:
        raise Misconfigured(
            f"The mail server refuses the sender {refused.sender}: set another one."
        ) from refused
    except smtplib.SMTPRecipientsRefused as refused:
        raise _by_code(*next(iter(refused.recipients.values()))) from refused
    except smtplib.SMTPResponseException as refused:
        raise _by_code(refused.smtp_code, refused.smtp_error) from refused
    except OSError as failure:
        raise Temporary(f"The mail server does not answer ({type(failure).__name__}).") from failure
    cache.set(message_id, True, REMEMBERED)


def _by_code(code: int, reason: bytes | str) -> Failure:
    """A 5xx answer is final, anything else is tried again."""
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return (
        Permanent(f"The mail server refuses the letter: {code} {text}")
        if code >= 500
        else Temporary(f"{code} {text}")
    )


def message(letter: Letter, message_id: str) -> EmailMultiAlternatives:
    """Return the letter as a mail, in plain text and in the brand's colors."""
    brand = letter.brand
    context = {"letter": letter, **letterhead(brand)}
    mail = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),
        body=render_to_string("emails/letter.txt", context).strip() + "\n",
        from_email=sender(brand),
        to=[letter.to],
        reply_to=[brand.support_email] if brand and brand.support_email else None,
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("emails/letter.html", context), "text/html")
    return mail


def _message_id(event: Event, letter: Letter) -> str:
    host = parseaddr(sender(letter.brand))[1].rpartition("@")[2] or "localhost"
    return f"<{event.pk}.{fingerprint(f'{event.pk} {letter.to}', purpose='message-id')[:32]}@{host}>"
