import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tracking', '0005_index_clicks_as_they_are_read'),
        ('integrations', '0004_deliveries_of_an_object'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerFact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='what')),
                ('value', models.JSONField(null=True, verbose_name='value')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='since')),
            ],
            options={
                'verbose_name': 'fact of a customer',
                'verbose_name_plural': 'facts of customers',
            },
        ),
        migrations.AddField(
            model_name='remoterecord',
            name='again_at',
            field=models.DateTimeField(null=True, verbose_name='changes by itself'),
        ),
        migrations.AddField(
            model_name='remoterecord',
            name='offered',
            field=models.JSONField(db_default=models.Value({}, output_field=models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name='remoterecord',
            name='pending',
            field=models.JSONField(db_default=models.Value({}, output_field=models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name='customerfact',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='facts', to='integrations.connection'),
        ),
        migrations.AddField(
            model_name='customerfact',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='facts', to='tracking.customer'),
        ),
        migrations.AddIndex(
            model_name='customerfact',
            index=models.Index(fields=['customer', 'name', '-at'], name='customer_fact_newest'),
        ),
        migrations.AddConstraint(
            model_name='customerfact',
            constraint=models.UniqueConstraint(fields=('connection', 'customer', 'name'), name='customer_fact_once'),
        ),
    ]
