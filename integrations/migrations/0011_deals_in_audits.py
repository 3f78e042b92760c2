"""What audits find of deals has kinds of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0010_indexes_of_transfers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="finding",
            name="kind",
            field=models.CharField(
                choices=[
                    ("twice_there", "two records there"),
                    ("twice_here", "two customers here"),
                    ("missing", "a field is empty"),
                    ("differs", "a field differs"),
                    ("gone", "the record is gone"),
                    ("won_there", "a won deal is no order here"),
                    ("lost_there", "an order’s deal is not won any more"),
                ],
                max_length=12,
                verbose_name="kind",
            ),
        ),
    ]
