"""Connecting: there is nothing to call, so people get an address, an example, and a line that tries it."""

from django.utils.translation import gettext as _

from integrations.connectors.base import Store


def register(store: Store, delivery_url: str) -> list[str]:
    """Say what a person enters on the other side."""
    return [
        _("Enter this address as the postback: %(url)s") % {"url": delivery_url},
        _("Sign each request with the secret that the connection shows."),
    ]


def check(store: Store, delivery_url: str) -> str:
    """Say that nobody can be called."""
    return _("There is nothing to call: send a postback, and look whether it arrives below.")


def examples(delivery_url: str, currency: str) -> list[tuple[str, str]]:
    """Return title and text of what to copy: a sale, its end, a refund, an install, and a line that tries the door."""
    signed = "&ts={time}&sig={signature}"
    return [
        (
            _("A sale"),
            f"{delivery_url}?order={{order}}&total={{total}}&currency={currency}&tid={{click}}{signed}",
        ),
        (_("The sale is off"), f"{delivery_url}?order={{order}}&status=void{signed}"),
        (
            _("Money went back"),
            f"{delivery_url}?event=refund&order={{order}}&refund={{refund}}&amount={{amount}}{signed}",
        ),
        (_("An app was installed"), f"{delivery_url}?goal=install&tid={{click}}{signed}"),
        (_("Try it in a terminal, with the secret in place of SECRET"), _trial(delivery_url, currency)),
    ]


def _trial(delivery_url: str, currency: str) -> str:
    """An order that is not a sale yet: it arrives, and nothing is counted."""
    return (
        f'q="currency={currency}&order=TEST-1&status=open&total=10.00&ts=$(date +%s)"; '
        "sig=$(printf %s \"$q\" | openssl dgst -sha256 -hmac 'SECRET' | sed 's/.* //'); "
        f'curl "{delivery_url}?$q&sig=$sig"'
    )
