"""The same shop with customer accounts and store credit: what is asked for twice is given twice, as Shopify does."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.loopback import Said
from tests.integrations.fake_shopify import FakeShop, Row
from tests.makers import NOON

SCOPES = ("read_store_credit_accounts", "write_store_credit_account_transactions")
WRITES = "GiveCredit"


class CreditShop(FakeShop):
    """Customers by address; `given` are the transactions of all accounts, oldest first.

    `dropped` are requests that never arrive, `lost` those whose answer never does, each once by its name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scopes += SCOPES
        self.customers: dict[str, str] = {}
        self.currencies = ["BRL", "EUR"]
        self.given: list[Row] = []
        self.clock: datetime = NOON
        self.refusals: list[str] = []
        self.dropped: list[str] = []
        self.lost: list[str] = []
        self.before: dict[str, Callable[[], Any]] = {}
        self.calls: Counter[str] = Counter()
        self.page = 50

    def add(self, address: str, number: str = "7001") -> str:
        """A customer with an account."""
        self.customers[address] = number
        return number

    def amounts(self, number: str = "7001") -> list[str]:
        """What was put on a customer's accounts."""
        return [row["amount"]["amount"] for row in self.given if row["holder"] == number]

    def put(self, holder: str, amount: str, currency: str = "EUR", kind: str = "Credit", **more: Any) -> Row:
        """Let a transaction happen."""
        number = 9000 + len(self.given) + 1
        row = {
            "__typename": f"StoreCreditAccount{kind}Transaction",
            "id": f"gid://shopify/StoreCreditAccount{kind}Transaction/{number}",
            "holder": holder,
            "createdAt": f"{self.clock:%Y-%m-%dT%H:%M:%SZ}",
            "event": "ADJUSTMENT",
            "amount": {"amount": str(float(Decimal(amount))), "currencyCode": currency},
            **more,
        }
        self.given.append(row)
        return row

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said | None:  # type: ignore[override]
        """Answer, or hang up before or after the work is done."""
        if name := next((each for each in self.dropped if f" {each}(".encode() in sent), ""):
            self.dropped.remove(name)
            return None
        said = super().heard(request, sent)
        if name := next((each for each in self.lost if f" {each}(".encode() in sent), ""):
            self.lost.remove(name)
            return None
        return said

    def rows(self, name: str, told: Row) -> Row:
        self.calls[name] += 1
        if name in self.before:
            self.before.pop(name)()
        own = {"FindHolder": self.find_holder, "ListCredits": self.list_credits, WRITES: self.give_credit}
        return own[name](told) if name in own else super().rows(name, told)

    def installation(self, told: Row) -> Row:
        """With the currencies that it sells in."""
        found = super().installation(told)
        return {**found, "shop": {**found["shop"], "enabledPresentmentCurrencies": self.currencies}}

    def find_holder(self, told: Row) -> Row:
        """A customer by the address, exactly."""
        number = self.customers.get(told["identifier"]["emailAddress"])
        holder = {"id": f"gid://shopify/Customer/{number}"} if number else None
        return {"customerByIdentifier": holder, **self.installation(told)}

    def list_credits(self, told: Row) -> Row:
        """A customer's accounts, one a currency, each with its newest transactions first."""
        number = told["id"].rpartition("/")[2]
        if number not in self.customers.values():
            return {"customer": None}
        mine = [row for row in reversed(self.given) if row["holder"] == number]
        accounts = [
            self.account(currency, [row for row in mine if row["amount"]["currencyCode"] == currency])
            for currency in sorted({row["amount"]["currencyCode"] for row in mine})
        ]
        return {"customer": {"storeCreditAccounts": {"pageInfo": {"hasNextPage": False}, "nodes": accounts}}}

    def account(self, currency: str, rows: list[Row]) -> Row:
        """One account."""
        page = {"pageInfo": {"hasNextPage": len(rows) > self.page}, "nodes": rows[: self.page]}
        return {"balance": {"currencyCode": currency}, "transactions": page}

    def give_credit(self, told: Row) -> Row:
        """Put an amount on an account, as often as it is asked for."""
        holder, amount = told["id"].rpartition("/")[2], told["credit"]["creditAmount"]
        wrong = self.refusals.pop(0) if self.refusals else ""
        wrong = wrong or ("" if holder in self.customers.values() else "OWNER_NOT_FOUND")
        if wrong:
            wrongs = [{"field": None, "message": f"That is {wrong.lower()}", "code": wrong}]
            return {WRITTEN: {"storeCreditAccountTransaction": None, "userErrors": wrongs}}
        made = self.put(holder, amount["amount"], amount["currencyCode"])
        return {WRITTEN: {"storeCreditAccountTransaction": made, "userErrors": []}}


WRITTEN = "storeCreditAccountCredit"
