"""What the demo ends with, in figures; and the addresses and log-ins to see it."""

from urllib.parse import urlsplit

from django.conf import settings

from affiliates.models import Affiliate, Enrollment, Merchant, Program
from affiliates.states import EnrollmentState
from commissions.ledger import balances, program_balances
from commissions.models import Commission, Entry
from commissions.states import CommissionState
from core.money import Money
from fraud.models import Case
from integrations.models import Inbound
from payouts.models import Batch, Payout
from payouts.states import BatchState, PayoutState
from portal.demo import cast
from portal.demo.arrivals import LOG_IN
from portal.demo.catalog import SHOPS
from portal.models import Brand
from tracking.models import Click, Conversion, Order, Refund

PLACES = ("pending", "payable", "in_transit", "paid")


def figures(merchant: Merchant) -> list[tuple[str, str]]:
    """Return name -> figure: rows, what waits, and balances per program and of the demo affiliate."""
    mine = {"program__merchant": merchant}
    counts = {
        "affiliates": Affiliate.objects.filter(merchant=merchant).count(),
        "clicks": Click.objects.filter(**mine).count(),
        "orders": Order.objects.filter(**mine).count(),
        "refunds": Refund.objects.filter(**mine).count(),
        "commissions": Commission.objects.filter(**mine).count(),
        "ledger entries": Entry.objects.filter(**mine).count(),
        "payouts": Payout.objects.filter(**mine).count(),
    }
    rows = [(name, f"{number:,}") for name, number in counts.items()]
    rows += [("waiting", _waiting(merchant))]
    rows += [
        (program.name, _places(program, dict(program_balances(program))))
        for program in merchant.programs.all()
    ]
    star = (
        Enrollment.objects.filter(**mine, affiliate__name=cast.STAR).select_related("program").order_by("pk")
    )
    return rows + [(f"{cast.STAR}, {row.program}", _places(row.program, balances(row))) for row in star]


def _waiting(merchant: Merchant) -> str:
    mine = {"program__merchant": merchant}
    held = Commission.objects.filter(**mine, is_held=True).exclude(state=CommissionState.DECLINED)
    counts = {
        "applications": Enrollment.objects.filter(**mine, state=EnrollmentState.APPLIED).count(),
        "on hold": held.count(),
        "cases": Case.objects.undecided().filter(**mine).count(),
        "parked orders": Conversion.objects.filter(**mine, state="parked").count(),
        "stuck messages": Inbound.objects.stuck().filter(connection__program__merchant=merchant).count(),
        "open batches": Batch.objects.filter(**mine, state__in=[BatchState.DRAFT, BatchState.HALF]).count(),
        "payouts sent": Payout.objects.filter(**mine, state=PayoutState.SENT).count(),
        "failed": Payout.objects.filter(**mine, state=PayoutState.FAILED).count(),
    }
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def _places(program: Program, sums: dict[str, int]) -> str:
    return ", ".join(f"{place.replace('_', ' ')} {Money(sums[place], program.currency)}" for place in PLACES)


def addresses(merchant: Merchant) -> list[tuple[str, str, str]]:
    """Return who, where and with which log-in; all share one password."""
    root = settings.PUBLIC_URL.rstrip("/")
    rows = [("owner", f"{root}/admin/", cast.OWNER)]
    rows += [(role, f"{root}/admin/", address) for role, address, _name in cast.COLLEAGUES]
    people = [who for who in (*cast.AFFILIATES, *(row[0] for row in cast.APPLICATIONS)) if who.name in LOG_IN]
    brands = {brand.slug: address_of(brand) for brand in Brand.objects.filter(merchant=merchant)}
    for who in people:
        for plan in SHOPS if who.both else SHOPS[:1]:
            rows.append(("affiliate", f"{brands[plan.slug]}/overview/", who.email))
    return rows


def address_of(brand: Brand) -> str:
    """Return where a brand stands, on the port of our own address."""
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{brand.host}{f':{parts.port}' if parts.port else ''}"
