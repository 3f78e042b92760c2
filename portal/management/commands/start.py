"""`manage.py start`: the first day in the terminal; asks for what the flags do not say."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from pathlib import Path
from typing import Any

from django import forms
from django.core.management.base import BaseCommand, CommandError

from portal.setup import actions, token
from portal.setup.forms import StartForm
from portal.setup.starters import STARTERS


class Command(BaseCommand):
    """Founds an empty installation, or prints the token that lets its operator do so in the browser."""

    help = (
        "Makes owner, company, program, plan and brand of an empty installation (--token: only the way in)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One flag for each question of the page; the password comes from a file or the terminal."""
        parser.add_argument(
            "--token", action="store_true", help="print a new one-time address of /start/ and end"
        )
        parser.add_argument(
            "--no-input", action="store_true", help="ask nothing; what is missing is an error"
        )
        parser.add_argument(
            "--password-file", metavar="PATH", help="file that holds the password; - is stdin"
        )
        for name, field in StartForm.base_fields.items():
            if name != "password":
                parser.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", help=str(field.label))

    def handle(self, *args: Any, **options: Any) -> None:
        """Found the installation; CommandError says what is wrong."""
        if not actions.is_empty():
            raise CommandError("This installation was founded already.")
        if options["token"]:
            self.stdout.write(token.address(token.make()))
            return
        form = StartForm(self.answers(options))
        if not form.is_valid():
            raise CommandError("\n".join(_errors(form)))
        founded = actions.found(form.cleaned_data)
        self.stdout.write(
            f"{founded.program} of {founded.program.merchant} is set up; {founded.owner.email} may sign in."
        )

    def answers(self, options: dict[str, Any]) -> dict[str, Any]:
        """Collect an answer for each field: by flag, by its default, or by asking."""
        form = StartForm()
        asks = not options["no_input"]
        answers = {
            name: self.answer(name, field, options[name], asks)
            for name, field in form.fields.items()
            if name != "password"
        }
        return {**answers, "password": self.password(options["password_file"], asks)}

    def answer(self, name: str, field: forms.Field, given: str | None, asks: bool) -> str:
        """One answer; an empty line takes the default, which stands in brackets."""
        if given is not None:
            return given
        keys = list(STARTERS) if name == "starter" else []
        default = str(keys[0] if keys else field.initial if field.initial is not None else "")
        if not asks:
            return default
        choices = f" ({', '.join(keys)})" if keys else ""
        shown = f" [{default}]" if default else " [-]" if not field.required else ""
        return input(f"{field.label}{choices}{shown}: ").strip() or default

    def password(self, path: str | None, asks: bool) -> str:
        """The password: from a file, from stdin, or typed twice."""
        if path == "-":
            return sys.stdin.readline().rstrip("\n")
        if path:
            return Path(path).read_text().rstrip("\n")
        if not asks:
            return ""
        first = getpass("Password: ")
        if getpass("The password again: ") != first:
            raise CommandError("The passwords differ.")
        return first


def _errors(form: StartForm) -> list[str]:
    return [f"{name}: {text}" for name, texts in form.errors.items() for text in texts]
