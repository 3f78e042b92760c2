"""Store credit of the shop's customers: whose account it is, what was put on it, and putting an amount on it.

Numbers instead of Shopify's global ids go outside: affiliates read them as references.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core import http
from core.jobs import Misconfigured, Permanent
from core.money import Money
from integrations.connectors.base import Delivered, Store, Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.credits import Given, NotGiven, Untold
from integrations.connectors.shopify import credit_documents as documents
from integrations.connectors.shopify.api import plain_answers
from integrations.connectors.shopify.graph import gid_of, nodes_of, number_of, one_of
from integrations.connectors.shopify.scopes import TO_GIVE_CREDIT, scopes_named
from integrations.connectors.shopify.talk import Talk
from integrations.news.masking import masked

OF_ORDERS = ("ORDER_", "PAYMENT_")  # events of credits that a refund gave, say; never one that an app gave


def open_till(store: Store) -> "Till":
    """Begin a conversation; nothing is asked yet."""
    return Till(store)


class QuietTalk(Talk):
    """Its log names no address: the affiliate's stands sealed with the payment details alone."""

    ahead = timedelta(0)

    def begin(self, line: str, sent: str | None = "") -> None:
        """Note what is about to be asked."""
        super().begin(line, masked(sent or ""))

    def end(self, answer: http.Answer) -> None:
        """Note how it was answered, and what time it is there: a refusal may repeat what was asked."""
        super().end(answer)
        self.answer = masked(self.answer)
        try:
            told = parsedate_to_datetime(answer.headers.get("date", ""))
        except (ValueError, TypeError):
            return
        self.ahead = told.astimezone(UTC) - timezone.now()


class Till:
    """Asks one shop about one payout."""

    def __init__(self, store: Store) -> None:
        self.talk = QuietTalk(store)

    @plain_answers()
    def find_account(self, address: str, currency: str) -> str:
        """Return the number of the customer with this address; raises NotGiven, Misconfigured without scopes."""
        told = self.talk.ask(documents.FIND_HOLDER, identifier={"emailAddress": address})
        scopes = scopes_named(told)
        if missing := [scope for scope in TO_GIVE_CREDIT if scope not in scopes]:
            words = {"scopes": ", ".join(missing)}
            raise Misconfigured(_("To give store credit the app lacks these scopes: %(scopes)s.") % words)
        shop = told.part("shop")
        sold = shop.values.get("enabledPresentmentCurrencies")
        if currency not in {shop.text("currencyCode", 3), *(sold if isinstance(sold, list) else ())}:
            raise NotGiven(
                _("The shop does not sell in %(currency)s, so a credit in it could not be spent there.")
                % {"currency": currency}
            )
        holder = one_of(told, "customerByIdentifier")
        number = number_of(holder.text("id", 200)) if holder else ""
        if not number:
            raise NotGiven(
                _(
                    "The shop has no customer account with this e-mail address. Register there with it, or change the "
                    "address in your payout details."
                )
            )
        return number

    def list_given(self, account: str, money: Money, since: datetime) -> tuple[Given, ...]:
        """Return the credits of exactly this amount that a customer was given since then; raises Untold."""
        told = self.talk.ask(documents.LIST_CREDITS, id=gid_of("Customer", account))
        try:
            return _given(told, money, since)
        except Unreadable as odd:
            raise Untold(str(odd)) from odd

    @plain_answers()
    def give(self, account: str, money: Money) -> str:
        """Put the amount on the customer's account; NotGiven is a certain no, any other Failure says nothing."""
        amount = {"amount": f"{money.decimal:f}", "currencyCode": money.currency}
        credit = {"creditAmount": amount}
        told = self.talk.ask(documents.GIVE_CREDIT, id=gid_of("Customer", account), credit=credit)
        made = told.part("storeCreditAccountCredit")
        if wrongs := made.rows("userErrors"):
            raise NotGiven(_refusal({row.text("code", 60) for row in wrongs}, money))
        number = number_of(made.part("storeCreditAccountTransaction").text("id", 200))
        if not number:
            raise Permanent(_("The shop's answer says nothing."))
        self.talk.notes.append(_("The shop has put the amount on the customer's account."))
        return number

    def ahead(self) -> timedelta:
        """Return by how much the shop's clock is ahead of this machine's, as its last answer told; 0 if it did not."""
        return self.talk.ahead

    def exchange(self, remote_id: str = "") -> Delivered:
        """Return what was asked and answered; the key and addresses are masked."""
        return self.talk.exchange(remote_id)


def _given(told: Fields, money: Money, since: datetime) -> tuple[Given, ...]:
    holder = one_of(told, "customer")
    if holder is None:
        raise Untold(_("The customer account is no longer in the shop."))
    accounts = nodes_of(holder, "storeCreditAccounts")
    if _has_more(holder, "storeCreditAccounts"):
        raise Untold(_("The customer has too many store credit accounts to look through."))
    found: list[Given] = []
    for account in accounts:
        if account.part("balance").text("currencyCode", 3) == money.currency:
            found += _credits(account, money, since)
    return tuple(found)


def _credits(account: Fields, money: Money, since: datetime) -> list[Given]:
    """The newest come first: if they reach back far enough, no more are needed."""
    found, oldest = [], datetime.max.replace(tzinfo=UTC)
    for row in nodes_of(account, "transactions"):
        at = row.time("createdAt")
        if at is None:
            raise Untold(_("The shop does not say when a credit was given."))
        oldest = min(oldest, at)
        number = number_of(row.text("id", 200))  # only a credit tells it: no debit, no expiry
        if not number or at < since or row.text("event", 60).startswith(OF_ORDERS):
            continue
        if row.part("amount").amount("amount", money.currency) == money.amount:
            found.append(Given(number, at))
    if _has_more(account, "transactions") and oldest >= since:
        raise Untold(_("The customer account has too many credits to look through."))
    return found


def _has_more(row: Fields, name: str) -> bool:
    return row.part(name).part("pageInfo").values.get("hasNextPage") is not False


def _refusal(codes: set[str], money: Money) -> str:
    """Say in words that an affiliate may read why the shop gives nothing."""
    if codes & {"UNSUPPORTED_CURRENCY", "MISMATCHING_CURRENCY"}:
        words = {"currency": money.currency}
        return _("The shop keeps no store credit in %(currency)s.") % words
    if "CREDIT_LIMIT_EXCEEDED" in codes:
        return _("The amount is more than a customer account of the shop can hold: spend some of it first.")
    if codes & {"OWNER_NOT_FOUND", "ACCOUNT_NOT_FOUND"}:
        return _("The customer account is no longer in the shop. Register there again.")
    return _("The shop refuses the credit (%(code)s).") % {"code": ", ".join(sorted(codes)) or "-"}
