"""Indexes of what is told and heard, made beside the readers and writers of tables that may be large."""

from django.db import migrations, models

from core.migrations._beside import Add


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("integrations", "0009_sources_that_are_read")]
    operations = [
        Add(
            "delivery",
            models.Index(fields=["connection"], condition=models.Q(state="dead"), name="delivery_dead"),
        ),
        Add("delivery", models.Index(fields=["connection", "object_key"], name="delivery_of_object")),
        Add("inbound", models.Index(fields=["connection", "subject"], name="inbound_of_subject")),
        Add(
            "inbound",
            models.Index(
                fields=["connection"],
                condition=models.Q(state__in=["received", "parked", "quarantined"]),
                name="inbound_open",
            ),
        ),
        Add(
            "remoterecord",
            models.Index(
                fields=["again_at"],
                condition=models.Q(again_at__isnull=False),
                name="remote_record_changes_at",
            ),
        ),
    ]
