"""Schemes of people who pose as others: as their own customers, as several affiliates, as each other's."""

from dataclasses import replace

from tests.fraud.world.draft import Draft
from tests.fraud.world.events import Account, Person
from tests.fraud.world.honest import nature_of, work


def own_orders(draft: Draft, scheme: str) -> list[Account]:
    """The affiliate buys for itself, with its own e-mail address or telephone."""
    account = _with_traffic(draft)
    me = account.person
    for place, at in enumerate(draft.times(5).tolist()):
        buyer = me if place % 2 else draft.person(phone=me.phone or f"p{me.address}", email=me.email)
        _buy(draft, account, at, buyer, scheme)
    return [account]


def own_orders_hidden(draft: Draft, scheme: str) -> list[Account]:
    """The same with new mailboxes, from its own browser to its own address."""
    account = _with_traffic(draft)
    me = account.person
    for at in draft.times(12).tolist():
        buyer = draft.person(address=me.address, device=me.device, network=me.network, phone="")
        _buy(draft, account, at, buyer, scheme)
    return [account]


def several_accounts(draft: Draft, scheme: str) -> list[Account]:
    """One person with three accounts: two paid to one account, the third made in the same browser and telephone."""
    me = replace(draft.person(), phone=f"p{draft.number()}")
    payee = f"y{draft.number()}"
    again = [replace(me, email=draft.person().email, address="", network="") for _one in range(2)]
    first = _with_traffic(draft, me, payee)
    second = _with_traffic(draft, replace(again[0], phone="", device=""), payee)
    return [first, second, _with_traffic(draft, again[1], f"y{draft.number()}")]


def ring(draft: Draft, scheme: str) -> list[Account]:
    """Four accounts on shared computers and two payees, whose buyers are each other."""
    payees, devices = [[f"{kind}{draft.number()}" for _two in range(2)] for kind in "yd"]
    accounts = [
        _with_traffic(draft, draft.person(device=devices[place // 2]), payees[place % 2], clicks=250.0)
        for place in range(4)
    ]
    _buy_from_each_other(draft, accounts, 24, scheme)
    return accounts


def sponsor_ring(draft: Draft, scheme: str) -> list[Account]:
    """Four strangers by their marks, each recruited by the one before, who buy through each other for two levels."""
    accounts: list[Account] = []
    for _one in range(4):
        sponsor = accounts[-1].enrollment if accounts else 0
        account = draft.account("content", sponsor=sponsor)
        work(draft, account, replace(nature_of(draft, "content"), clicks=300.0))
        accounts.append(account)
    _buy_from_each_other(draft, accounts, 24, scheme)
    return accounts


def false_new_customers(draft: Draft, scheme: str) -> list[Account]:
    """Where new customers pay better: five old ones are called new again and again."""
    account = _with_traffic(draft)
    people = [draft.person() for _one in range(5)]
    for at in draft.times(20).tolist():
        _buy(draft, account, at, draft.any_of(people), scheme)
    return [account]


def _with_traffic(
    draft: Draft, person: Person | None = None, payee: str = "", clicks: float = 500.0
) -> Account:
    account = draft.account("content", person, payee=payee or f"y{draft.number()}")
    work(draft, account, replace(nature_of(draft, "content"), clicks=clicks))
    return account


def _buy(draft: Draft, account: Account, at: float, buyer: Person, scheme: str) -> None:
    click = draft.click(account, at, buyer.device, network=buyer.network)
    draft.sale(account, at + 300, buyer, scheme, click=click.id, claims_new=True)


def _buy_from_each_other(draft: Draft, accounts: list[Account], orders: int, scheme: str) -> None:
    """In turn, each through the next."""
    for place, at in enumerate(draft.times(orders).tolist()):
        buyer, seller = accounts[place % len(accounts)], accounts[(place + 1) % len(accounts)]
        _buy(draft, seller, at, buyer.person, scheme)
