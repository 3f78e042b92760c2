"""Affiliates may be paid as credit at a shop."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0004_coupons_are_retired")]

    operations = [
        migrations.AlterField(
            model_name="payee",
            name="method",
            field=models.CharField(
                choices=[("bank", "bank account"), ("paypal", "PayPal"), ("store_credit", "store credit")],
                max_length=20,
                verbose_name="method",
            ),
        ),
    ]
