"""What `deploy/setup` remembers, and what the lock files hold."""

import re

import pytest

from deploy import install


@pytest.fixture
def venv(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(install, "STAMP", tmp_path / "installed.json")
    install.PYTHON.touch()
    return tmp_path


def test_nothing_is_installed_at_first(venv):
    assert install.installed() == {}


def test_lock_for_developing_covers_the_one_for_running(venv):
    install.stamp(install.DEV_LOCK)

    assert install.installed() == {
        name: install.digest(name) for name in (install.RUN_LOCK, install.DEV_LOCK)
    }


def test_lock_for_running_leaves_developing_open(venv):
    install.stamp(install.RUN_LOCK)

    assert install.installed() == {install.RUN_LOCK: install.digest(install.RUN_LOCK)}


def test_unreadable_stamp_counts_as_nothing(venv):
    install.STAMP.write_text("{")

    assert install.installed() == {}


def test_nothing_is_installed_without_an_interpreter(venv):
    install.stamp(install.DEV_LOCK)
    install.PYTHON.unlink()

    assert install.installed() == {}


@pytest.mark.parametrize("lock", [install.RUN_LOCK, install.DEV_LOCK])
def test_each_locked_package_has_a_hash_and_no_address(lock):
    text = (install.ROOT / lock).read_text()
    packages = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", text, flags=re.MULTILINE | re.DOTALL)

    assert [package for package in packages if "--hash=sha256:" not in package] == []
    assert re.findall(r"https?://|file:|--(?:extra-)?index-url|--find-links", text) == []


def test_both_locks_agree():
    run, dev = (
        set(re.findall(r"^[a-z0-9].*==\S+", (install.ROOT / lock).read_text(), flags=re.MULTILINE))
        for lock in (install.RUN_LOCK, install.DEV_LOCK)
    )

    assert run - dev == set()
