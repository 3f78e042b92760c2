"""The forms by which a connection is made and given other keys: what they ask for hangs on the kind of system."""

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from integrations.admin import outgoing
from integrations.admin.outgoing import options_asked
from integrations.connectors import CONNECTORS
from integrations.connectors.base import KnowsAddresses
from integrations.models import Connection


class ConnectForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A new connection; what its connector asks for besides is added by `connect_form`."""

    connector = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = Connection
        fields = ("program", "connector", "name", "source", "base_url")


class AddressField(forms.URLField):
    """An address that may be entered by any name that its system's people know."""

    def __init__(self, kind: KnowsAddresses) -> None:
        super().__init__(label=gettext_lazy("Address"), assume_scheme="https", widget=forms.TextInput)
        self.kind = kind

    def to_python(self, value: Any) -> Any:
        """Return the address that is meant."""
        return super().to_python(self.kind.address_of(str(value or "")) or value)


def connect_form(connector: str) -> type[ConnectForm]:
    """Return the form for a new connection of this kind."""
    asked = (*CONNECTORS[connector].KEYS, *options_asked(connector))
    fields = {key.name: outgoing.field_of(key) for key in asked}
    if isinstance(kind := CONNECTORS[connector], KnowsAddresses):
        fields["base_url"] = AddressField(kind)
    return type("ConnectForm", (ConnectForm,), fields)


def keys_form(connector: str) -> type[forms.Form]:
    """Return the form for another address and other keys; a secret that is left empty stays."""
    kind = CONNECTORS[connector]
    fields: dict[str, forms.Field] = {}
    if kind.HAS_ADDRESS:
        fields["base_url"] = (
            AddressField(kind)
            if isinstance(kind, KnowsAddresses)
            else forms.URLField(label=gettext_lazy("Address"), assume_scheme="https")
        )
    for key in kind.KEYS:
        fields[key.name] = outgoing.field_of(replace(key, is_required=key.is_required and not key.is_secret))
    return type("KeysForm", (forms.Form,), fields)


def sections_of(connector: str) -> list[tuple[Any, dict[str, Any]]]:
    """Return the parts of the form for a new connection, as the admin takes them: those that ask for anything."""
    kind = CONNECTORS[connector]
    address = ("base_url",) if kind.HAS_ADDRESS else ()
    keys = [key.name for key in kind.KEYS]
    settings = [key.name for key in options_asked(connector)]
    parts = (
        (None, ["connector", "program", "name", "source", *address]),
        (gettext_lazy("Keys"), keys),
        (gettext_lazy("Settings"), settings),
    )
    return [(title, {"fields": fields}) for title, fields in parts if fields]
