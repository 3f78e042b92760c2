import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """What was told and asked hour by hour, and lasting troubles."""

    dependencies = [
        ("integrations", "0005_what_crms_say"),
    ]

    operations = [
        migrations.AddField(
            model_name="lane",
            name="is_slow",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="ConnectionHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("hour", models.DateTimeField(verbose_name="hour")),
                ("calls", models.PositiveIntegerField(db_default=0, default=0)),
                ("answered", models.PositiveIntegerField(db_default=0, default=0)),
                ("delivered", models.PositiveIntegerField(db_default=0, default=0)),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                ("unanswered", models.PositiveIntegerField(db_default=0, default=0)),
                ("throttled", models.PositiveIntegerField(db_default=0, default=0)),
                ("errors", models.PositiveIntegerField(db_default=0, default=0)),
                ("refused", models.PositiveIntegerField(db_default=0, default=0)),
                ("misconfigured", models.PositiveIntegerField(db_default=0, default=0)),
                ("broken", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_1", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_2", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_5", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_15", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_60", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_300", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_900", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_3600", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_21600", models.PositiveIntegerField(db_default=0, default=0)),
                ("lag_more", models.PositiveIntegerField(db_default=0, default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("quota", models.JSONField(default=dict)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hours",
                        to="integrations.connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "hour of a connection",
                "verbose_name_plural": "hours of connections",
                "indexes": [models.Index(fields=["hour"], name="connection_hour_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "hour"), name="connection_hour_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Trouble",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("lag", "messages are late"),
                            ("backlog", "many messages wait"),
                            ("dead", "messages were given up"),
                            ("failing", "it does not answer as it should"),
                            ("budget", "the day's calls run out"),
                            ("quota", "the far side's limit runs out"),
                            ("webhook", "its webhook is silent"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("sentence", models.CharField(max_length=300, verbose_name="what is wrong")),
                ("since", models.DateTimeField(default=django.utils.timezone.now, verbose_name="since")),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="troubles",
                        to="integrations.connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "trouble",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("connection", "kind"),
                        name="trouble_once_at_a_time",
                    )
                ],
            },
        ),
    ]
