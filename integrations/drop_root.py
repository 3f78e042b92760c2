"""Where connections may read files of this machine: each program in a folder of its own below one root."""

from django.conf import settings

from affiliates.models import Program


def folder_of(program: Program) -> str:
    """Return the program's own folder, "" where the installation has no root for files."""
    root = str(settings.FILE_DROP_ROOT or "").rstrip("/")
    return f"{root}/{program.pk}" if root else ""
