"""The batch as a CSV file, for the person who pays by hand; what a machine pays is in it without an account."""

import csv
import io

from django.utils.translation import gettext as _

from core.csv_cells import plain
from payouts.models import Batch


def batch_csv(batch: Batch) -> str:
    """One line per payout with the account to pay to; cells that a spreadsheet would run are made plain text."""
    sheet = io.StringIO()
    lines = csv.writer(sheet)
    lines.writerow(
        [
            _("number"),
            _("affiliate"),
            _("account holder"),
            _("method"),
            _("account"),
            _("amount"),
            _("currency"),
            _("state"),
            _("reference"),
        ]
    )
    rows = batch.payouts.select_related("enrollment__affiliate", "payee").order_by("pk")
    for payout in rows:
        payee = payout.payee
        account = payee.account if payout.is_by_hand else _("nothing to pay: the shop gives it")
        cells = [payout.number, payout.enrollment.affiliate.name, payee.holder, payee.method, account]
        cells += [f"{payout.money.decimal:f}", payout.currency, payout.state, payout.reference]
        lines.writerow([plain(cell) for cell in cells])
    return sheet.getvalue()
