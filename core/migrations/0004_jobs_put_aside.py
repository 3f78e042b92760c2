from django.db import migrations, models

from core.migrations._beside import Add


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("core", "0003_find_begun_jobs"),
    ]

    operations = [
        Add(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state", "quarantined")), fields=["event"], name="job_put_aside"
            ),
        ),
    ]
