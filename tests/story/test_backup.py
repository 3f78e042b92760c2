"""A backup is worth what its restore is: both databases are backed up in use, restored elsewhere, and examined."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import Cluster, program

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parents[2]
FILL = """
import django; django.setup()
from tests import makers
from affiliates.models import Enrollment
program = makers.make_program()
ann = makers.make_enrollment(program, "Ann Archer")
makers.make_payee(ann)
makers.make_payable(ann)
makers.make_commission(ann, 5000)
"""
MORE = """
import django; django.setup()
from tests import makers
from affiliates.models import Enrollment
makers.make_commission(Enrollment.objects.get(), 7000)
"""
LOOK = """
import django; django.setup()
from django.db import DatabaseError, transaction
from affiliates.models import Payee
from commissions.ledger import balances
from commissions.models import Entry
payee = Payee.objects.get()
print(payee.details["account"], *balances(payee.affiliate.enrollments.get()).values())
try:
    with transaction.atomic():
        Entry.objects.update(amount=1)
except DatabaseError:
    print("append only")
"""
# Ann's IBAN can be opened; 50.00 on pending and 1,000.00 at 10 per cent on payable; nobody can change an entry.
KEPT = "DE89370400440532013000 500 10000 0 0\nappend only\n"


def run(environment: dict[str, str], *command: str) -> str:
    """Run one of our own commands to its end; what it says is the answer."""
    arguments = [sys.executable, *command]
    done = subprocess.run(arguments, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def installation(folder: Path, database: str) -> dict[str, str]:
    """The environment of an installation whose files are in `folder`."""
    folder.mkdir(exist_ok=True)
    names = {"DATABASE_URL": database, "VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return {**os.environ, "TRIBUTARY_ENV": "test", "CELERY_BROKER_URL": "", "REDIS_URL": "", **names}


def examine(environment: dict[str, str]) -> str:
    """What stands in docs/running.md after a restore: migrate, then check the books."""
    run(environment, "manage.py", "migrate", "--verbosity=0", "--skip-checks")
    return run(environment, "manage.py", "check_ledger")


def test_sqlite_is_backed_up_in_use_and_restored(tmp_path: Path) -> None:
    house = installation(tmp_path / "var", f"sqlite:///{tmp_path}/var/portal.sqlite3")
    run(house, "manage.py", "migrate", "--verbosity=0", "--skip-checks")
    run(house, "-c", FILL)
    journal = tmp_path / "var/journal"
    journal.mkdir()
    (journal / "clicks.jsonl").write_text("[]\n")
    writer = sqlite3.connect(tmp_path / "var/portal.sqlite3")
    writer.execute("BEGIN IMMEDIATE")  # somebody is writing while the backup runs

    shutil.copytree(journal, tmp_path / "backup/journal")
    backup = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', [sys.argv[2]])"
    run(house, "-c", backup, f"{tmp_path}/var/portal.sqlite3", f"{tmp_path}/backup/portal.sqlite3")
    writer.rollback()
    run(house, "-c", MORE)

    restored = installation(tmp_path / "restored", f"sqlite:///{tmp_path}/restored/portal.sqlite3")
    shutil.copytree(tmp_path / "backup", tmp_path / "restored", dirs_exist_ok=True)
    assert examine(restored) == "The books are right: 3 entries.\n"
    assert run(restored, "-c", LOOK) == KEPT
    assert (tmp_path / "restored/journal/clicks.jsonl").read_text() == "[]\n"


@pytest.mark.skipif(Cluster.missing() is not None, reason="no PostgreSQL on this machine")
def test_postgresql_is_dumped_in_use_and_restored(tmp_path: Path) -> None:
    dump = str(tmp_path / "portal.dump")
    with Cluster() as cluster:
        house = installation(tmp_path / "var", cluster.url)
        run(house, "manage.py", "migrate", "--verbosity=0", "--skip-checks")
        run(house, "-c", FILL)

        subprocess.run([program("pg_dump"), "-Fc", f"--file={dump}", cluster.url], check=True)
        run(house, "-c", MORE)

        cluster.make_database("restored")
        target = cluster.url_of("restored")
        options = ["--no-owner", "--exit-on-error", f"--dbname={target}"]
        subprocess.run([program("pg_restore"), *options, dump], check=True)
        restored = installation(tmp_path / "restored", target)
        assert examine(restored) == "The books are right: 3 entries.\n"
        assert run(restored, "-c", LOOK) == KEPT
