"""Conversions of a program by when they were made, found without reading all of them."""

from django.db import migrations, models

from core.migrations._beside import Add


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tracking", "0007_how_a_click_came")]
    operations = [
        Add("conversion", models.Index(fields=["program", "occurred_at"], name="conversion_by_time")),
    ]
