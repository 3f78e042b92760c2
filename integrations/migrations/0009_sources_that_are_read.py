"""Files that are found in watched places, and files whose columns are mapped."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0008_audits'),
    ]

    operations = [
        migrations.AddField(
            model_name='orderfile',
            name='connection',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='order_files', to='integrations.connection'),
        ),
        migrations.AddField(
            model_name='orderfile',
            name='mappings',
            field=models.JSONField(db_default=models.Value({}, output_field=models.JSONField()), default=dict),
        ),
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='file')),
                ('size', models.BigIntegerField()),
                ('modified', models.CharField(blank=True, max_length=60)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('taken', 'handed on'), ('refused', 'put aside')], max_length=10, verbose_name='state')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='found at')),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='arrivals', to='integrations.connection')),
                ('order_file', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='arrival', to='integrations.orderfile')),
            ],
            options={
                'verbose_name': 'found file',
                'constraints': [models.UniqueConstraint(fields=('connection', 'name', 'size', 'digest'), name='arrival_once')],
            },
        ),
    ]
