from django.db import migrations, models


class Migration(migrations.Migration):
    """The same number told by another door is looked for with every order that is screened."""

    dependencies = [
        ("tracking", "0008_conversions_by_time"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="conversion",
            index=models.Index(fields=["program", "external_id"], name="conversion_by_number"),
        ),
    ]
