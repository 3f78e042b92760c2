"""In production a missing or unsafe setting refuses to start, and says what to set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "TRIBUTARY_ENV": "production",
    "SECRET_KEY": "k" * 50,
    "FIELD_KEYS": "a:" + "A" * 43 + "=",
    "FINGERPRINT_KEY": "f" * 32,
    "ALLOWED_HOSTS": "partners.example.com",
    "PUBLIC_URL": "https://partners.example.com",
    "EMAIL_URL": "smtp://localhost:25",
    "DEFAULT_FROM_EMAIL": "partners@example.com",
}


def start(tmp_path: Path, **changes: str) -> str:
    """Return the last line that loading the settings says; empty when they load."""
    own = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    environment = {**own, **SAFE, "VAR_DIR": str(tmp_path), **changes}
    command = [sys.executable, "-c", "import portal.settings"]
    said = subprocess.run(
        command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    return said.stderr.strip().splitlines()[-1] if said.returncode else ""


def test_safe_settings_start(tmp_path):
    assert start(tmp_path) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("FIELD_KEYS", ""),
        ("FINGERPRINT_KEY", ""),
        ("ALLOWED_HOSTS", "*"),
        ("PUBLIC_URL", "http://partners.example.com"),
        ("EMAIL_URL", ""),
        ("DEFAULT_FROM_EMAIL", ""),
        ("DEBUG", "1"),
    ],
)
def test_unsafe_setting_is_named(tmp_path, name, value):
    sentence = start(tmp_path, **{name: value})

    before = "django.core.exceptions.ImproperlyConfigured: This installation may not start: set "
    assert sentence.startswith(before + name + " to ")


def test_every_missing_setting_is_named_at_once(tmp_path):
    sentence = start(tmp_path, SECRET_KEY="", EMAIL_URL="")

    assert [name for name in SAFE if f"set {name} to" in sentence] == ["SECRET_KEY", "EMAIL_URL"]
