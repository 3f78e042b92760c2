"""Other indexes for clicks, made beside the readers and writers of a table that may be large."""

from django.db import migrations, models

from core.migrations._beside import Add, Remove


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("affiliates", "0003_every_touch"), ("tracking", "0004_every_touch")]
    operations = [
        Add(
            "click",
            models.Index(
                fields=["enrollment", "at"], condition=models.Q(is_read=True), name="click_of_enrollment"
            ),
        ),
        Add(
            "click",
            models.Index(
                fields=["visitor", "at"], condition=models.Q(visitor__isnull=False), name="click_of_visitor"
            ),
        ),
        Add(
            "click",
            models.Index(
                fields=["program", "at"],
                condition=models.Q(is_read=True, is_bare=False),
                name="click_with_raw_data",
            ),
        ),
        Remove("click", "click_by_enrollment"),
        Remove("click", "click_by_visitor"),
        Remove("click", "click_raw"),
    ]
