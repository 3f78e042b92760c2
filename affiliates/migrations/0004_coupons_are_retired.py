"""When a code was retired: orders from before that moment still count."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0003_every_touch")]

    operations = [
        migrations.AddField(
            model_name="coupon",
            name="retired_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="retired at"),
        ),
    ]
