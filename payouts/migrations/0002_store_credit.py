"""Payouts that a shop gives as credit: what is in doubt, and one credit for one payout."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0001_initial"), ("affiliates", "0005_store_credit")]

    operations = [
        migrations.AddField(
            model_name="payout",
            name="doubt",
            field=models.CharField(
                blank=True, db_default="", max_length=300, verbose_name="why it is in doubt"
            ),
        ),
        migrations.AddField(
            model_name="payout",
            name="shop",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=260),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.UniqueConstraint(
                condition=models.Q(("method", "store_credit"), ("state", "paid")),
                fields=("shop", "reference"),
                name="payout_one_credit_each",
            ),
        ),
    ]
