"""Affiliates join: they register, apply, are let in, enter their bank details, get links and coupons."""

from datetime import datetime, timedelta
from itertools import cycle

from schwifty import IBAN

from affiliates import actions as affiliates
from affiliates.models import Affiliate, CouponKind, CouponPolicy, Enrollment, PayeeMethod
from core.models import User
from portal.demo import cast
from portal.demo.cast import Person
from portal.demo.stage import Promoter, Shop, Stage, person

LOG_IN = {cast.STAR, cast.APPLICANT.name}
WITH_COUPON = 12  # of the largest affiliates of a shop
IN_GROUP = {cast.STAR, "Tom Okafor", "Elif Aydin", cast.MOVED}
COUNTRIES = {"DE": "37040044", "AT": "19043", "NL": "ABNA", "PL": "10900004"}


def join(stage: Stage, who: Person, rank: int, at: datetime) -> None:
    """Let an affiliate into the program, or both; `rank` 1 has the most visitors."""
    manager = stage.people["manager"]
    affiliate = register(stage, who, at)
    for slug in ("northwind", "ember") if who.both else ("northwind",):
        shop = stage.shops[slug]
        enrollment = apply(shop, affiliate, who, "", at + timedelta(minutes=4))
        enrollment = affiliates.activate(enrollment, actor=manager, at=at + timedelta(hours=20))
        shop.promoters[who.name] = _promoter(shop, who, enrollment, rank, manager, at + timedelta(hours=21))
    if who.payee:
        set_payee(affiliate, rank, who.payee, at + timedelta(hours=22))


def register(stage: Stage, who: Person, at: datetime) -> Affiliate:
    """Make the affiliate; only those in LOG_IN have a password."""
    user = person(who.email, who.name, at, stage.password if who.name in LOG_IN else "")
    site = f"https://{who.site}/"
    affiliate = affiliates.register_affiliate(stage.merchant, user, name=who.name, website=site, at=at)
    return affiliates.change_affiliate(affiliate, actor=user, at=at, country=who.country)


def apply(shop: Shop, affiliate: Affiliate, who: Person, text: str, at: datetime) -> Enrollment:
    """Ask to take part, by the recruiting link of the sponsor if there is one."""
    sponsor = shop.promoters.get(who.sponsor)
    above = sponsor.enrollment if sponsor else None
    text = text or f"I run {who.site} and would like to recommend {shop.plan.brand['name']}."
    return affiliates.apply(
        shop.program, affiliate, application=text, sponsor=above, actor=affiliate.user, at=at
    )


def _promoter(
    shop: Shop, who: Person, enrollment: Enrollment, rank: int, manager: User, at: datetime
) -> Promoter:
    """Give a new affiliate deep links, a coupon and a group, the larger ones more of it."""
    if who.name in IN_GROUP and shop.plan.slug == "northwind":
        enrollment = affiliates.assign_group(enrollment, shop.creators, actor=manager, at=at)
    weight = 0.0 if _is_scripted(shop, who) else 1 / rank**0.8
    promoter = Promoter(who, enrollment, weight, list(enrollment.links.all()))
    _add_links(shop, promoter, max(0, 4 - rank // 4), at)
    if rank <= WITH_COUPON and not who.quiet:
        code = f"{enrollment.code.split('-')[0][:8]}10"
        policy = CouponPolicy.WITH_CLICK if rank == WITH_COUPON else CouponPolicy.ALWAYS
        promoter.coupon = affiliates.create_coupon(
            enrollment, code, policy=policy, note="10 % off", actor=manager, at=at
        )
    return promoter


def _add_links(shop: Shop, promoter: Promoter, number: int, at: datetime) -> None:
    """Make deep links, each with a sub id for where it stands."""
    places = cycle(("blog", "newsletter", "video"))
    for path, place in zip(shop.plan.paths[:number], places, strict=False):
        name = path.replace("-", " ").replace("/", ": ").capitalize()
        link = affiliates.create_link(
            promoter.enrollment,
            shop.program.home_url + path,
            name=name,
            sub_ids=[place],
            actor=promoter.user,
            at=at,
        )
        promoter.links.append(link)


def _is_scripted(shop: Shop, who: Person) -> bool:
    """The demo affiliate stays below the minimum in the second shop, whatever the dice say."""
    return who.quiet or (shop.plan.slug == "ember" and who.name == cast.STAR)


def share_coupon(shop: Shop, owner: str, code: str, manager: User, at: datetime) -> None:
    """Give out a code that stands on many sites; it never wins over a click."""
    affiliates.create_coupon(
        shop.promoters[owner].enrollment,
        code,
        kind=CouponKind.SHARED,
        policy=CouponPolicy.NEVER_OVER_CLICK,
        note="5 % off",
        actor=manager,
        at=at,
    )


def set_payee(affiliate: Affiliate, number: int, method: str, at: datetime) -> None:
    """Enter payment details as the affiliate does: a valid account that is nobody's, or PayPal."""
    assert affiliate.user  # noqa: S101 - made together
    account = (
        f"paypal@{affiliate.email.partition('@')[2]}"
        if method == "paypal"
        else iban(affiliate.country, number)
    )
    kind = PayeeMethod.PAYPAL if method == "paypal" else PayeeMethod.BANK
    affiliates.set_payee(affiliate, kind, account, holder=affiliate.name, actor=affiliate.user, at=at)


def iban(country: str, number: int) -> str:
    """Return an account number with right check digits."""
    bank = country if country in COUNTRIES else "DE"
    return str(IBAN.generate(bank, bank_code=COUNTRIES[bank], account_code=str(730000 + number)))
