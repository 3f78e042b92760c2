from django.db import migrations

from core.migrations._append_only import append_only

MISMATCH = """NEW.currency <> (SELECT currency FROM commissions_account WHERE id = NEW.debit_id)
    OR NEW.currency <> (SELECT currency FROM commissions_account WHERE id = NEW.credit_id)
    OR NEW.program_id <> (SELECT program_id FROM commissions_account WHERE id = NEW.debit_id)
    OR NEW.program_id <> (SELECT program_id FROM commissions_account WHERE id = NEW.credit_id)"""
SENTENCE = "an entry and its two accounts have one currency and one program"
SQLITE = f"""
CREATE TRIGGER commissions_entry_one_currency BEFORE INSERT ON commissions_entry WHEN {MISMATCH}
BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END
"""
POSTGRESQL = f"""
CREATE FUNCTION entry_one_currency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {MISMATCH} THEN RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER commissions_entry_one_currency BEFORE INSERT ON commissions_entry
FOR EACH ROW EXECUTE FUNCTION entry_one_currency();
"""


def forward(apps, editor):
    editor.execute(POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE, params=None)


def back(apps, editor):
    on = " ON commissions_entry" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER commissions_entry_one_currency{on}", params=None)
    if on:
        editor.execute("DROP FUNCTION entry_one_currency()", params=None)


class Migration(migrations.Migration):
    dependencies = [("commissions", "0001_initial")]
    operations = [
        append_only("commissions_entry"),
        append_only("commissions_planversion"),
        migrations.RunPython(forward, back),
    ]
