"""How people get in: allauth's rules, with the brand's name and sender."""

from email.utils import formataddr
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse

from core.crypto import seal, unseal
from core.models import User
from portal.brand_addresses import base_address
from portal.known_devices import note_log_in
from portal.models import Brand
from portal.theme import DEFAULT_COLOR, palettes


def sender(brand: Brand | None) -> str:
    """Return the From line of the brand's mail."""
    if brand is None:
        return settings.DEFAULT_FROM_EMAIL
    address = brand.sender_email or settings.DEFAULT_FROM_EMAIL
    name = " ".join((brand.sender_name or brand.name).split())  # a line break would end the header
    return formataddr((name, address))


def letterhead(brand: Brand | None) -> dict[str, Any]:
    """Return what the layout of every mail needs: the brand, its colors by name, and its address."""
    light, _dark = palettes(brand.colour if brand else DEFAULT_COLOR)
    colors = {name.replace("-", "_"): value for name, value in light.items()}
    return {"brand": brand, "colors": colors, "home": base_address(brand)}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Mail carries the brand of the host that the person stands on."""

    def get_from_email(self) -> str:
        """Return the brand's sender."""
        return sender(getattr(self.request, "brand", None))

    def render_mail(
        self, template_prefix: str, email: Any, values: dict[str, Any], headers: Any = None
    ) -> EmailMessage:
        """Give the mail's templates the brand and its colors."""
        values = {**values, **letterhead(getattr(self.request, "brand", None))}
        message: EmailMessage = super().render_mail(template_prefix, email, values, headers)
        return message

    def post_login(self, request: HttpRequest, user: User, **said: Any) -> HttpResponse:
        """Note with what an affiliate logs in, all factors passed."""
        response: HttpResponse = super().post_login(request, user, **said)
        note_log_in(request, user)
        return response

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell the owner of a known address, after as much work as a new account's password takes."""
        make_password(email)
        super().send_account_already_exists_mail(email)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Authenticator apps show the brand's name; their secrets are sealed at rest."""

    def _get_site_name(self) -> str:
        brand = getattr(context.request, "brand", None)
        return str(brand.name if brand else context.request.get_host())

    def encrypt(self, text: str) -> str:
        """Seal a secret or a seed of recovery codes."""
        return seal(text, bound_to="mfa")

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` sealed; raise SealError for anything else."""
        return unseal(encrypted_text, bound_to="mfa")
