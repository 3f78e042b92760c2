"""Brands, with a picture of the colors and their contrast while they are chosen."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.request import validate_host
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.models import Program
from affiliates.scoped_admin import ScopedAdmin, merchants_that_let, person
from portal.brand_actions import change_brand, create_brand
from portal.models import Brand
from portal.theme import DEFAULT_COLOR, ThemeError, check, palettes, text_contrast

UNSAFE_SVG = re.compile(
    r"<\s*([\w.-]+:)?(script|foreignobject|iframe|use|image|style|handler|!|\?)"
    r"|[\s/\"']on\w+\s*=|javascript:|href|attributename\s*=\s*.?on|url\(\s*[\"']?(?!#)|&#",
    re.IGNORECASE,
)
LOGO_LETTERS = 20_000


class BrandForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """What a host looks and sounds like."""

    class Meta:
        model = Brand
        fields = (
            *("merchant", "name", "tagline", "programs", "host", "slug", "colour", "font", "radius", "logo"),
            *("sender_name", "sender_email", "support_email"),
        )
        widgets = {
            "colour": forms.TextInput(attrs={"type": "color"}),
            "radius": forms.NumberInput(attrs={"type": "range", "min": 0, "max": 16}),
            "logo": forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
        }

    def clean_host(self) -> str:
        """A host name alone, in small letters."""
        host = str(self.cleaned_data["host"]).strip().lower()
        if not re.fullmatch(r"[a-z0-9.-]+(:\d+)?", host):
            raise forms.ValidationError(_("Write the host alone, without https:// and paths."))
        is_new = host != self.instance.host
        if is_new and not validate_host(host.partition(":")[0], settings.ALLOWED_HOSTS):
            raise forms.ValidationError(_("Add this host to ALLOWED_HOSTS first: nothing answers there yet."))
        return host

    def clean_logo(self) -> str:
        """A drawing and nothing else."""
        logo = str(self.cleaned_data["logo"]).strip()
        if logo and (
            not logo.lower().startswith("<svg") or UNSAFE_SVG.search(logo) or len(logo) > LOGO_LETTERS
        ):
            raise forms.ValidationError(
                _("Paste plain SVG: shapes only, without scripts, styles, links or images.")
            )
        return logo

    def clean(self) -> dict[str, Any]:
        """Programs belong to the brand's company."""
        values: dict[str, Any] = super().clean() or {}
        merchant = values.get("merchant") or getattr(self.instance, "merchant", None)
        if any(program.merchant_id != merchant.pk for program in values.get("programs", ()) if merchant):
            self.add_error("programs", _("Choose programs of the same company."))
        return values


@admin.register(Brand)
class BrandAdmin(ScopedAdmin):
    """One per host."""

    form = BrandForm
    manage = "manage_brand"
    fixed = ("merchant",)
    list_display = ("name", "host", "merchant", "colour")
    list_select_related = ("merchant",)
    search_fields = ("name", "host")
    fieldsets = (
        (None, {"fields": ("merchant", "name", "tagline", "programs", "host", "slug")}),
        (
            gettext_lazy("Look"),
            {
                "fields": ("colour", "font", "radius", "logo"),
                "description": gettext_lazy(
                    "Any color works: its shades are chosen so that every text stays readable."
                ),
            },
        ),
        (gettext_lazy("Voice"), {"fields": ("sender_name", "sender_email", "support_email")}),
    )
    empty_words = gettext_lazy("A brand gives a host its name, colors and sender.")

    class Media:
        js = ("console/brand.js",)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Programs of the person's companies, as plain ticks."""
        kwargs["widget"] = forms.CheckboxSelectMultiple()
        kwargs["queryset"] = Program.objects.filter(merchant__in=merchants_that_let(request, self.manage))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page shows the colors from the start and asks for new ones here."""
        row = self.get_object(request, object_id) if object_id else None
        context = {
            "preview_at": reverse("admin:portal_brand_preview"),
            "preview": preview(row.colour, row.font, row.radius) if row else preview(DEFAULT_COLOR),
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, context)

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Brand:
        """Make it, with an event."""
        return create_brand(actor=person(request), **values)

    def change(self, request: HttpRequest, row: Brand, values: dict[str, Any]) -> None:
        """Change it, with an event that says what changed."""
        change_brand(row, actor=person(request), **values)

    def get_urls(self) -> list[URLPattern]:
        """The picture of the colors has an address of its own."""
        view = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", view, name="portal_brand_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The colors that a choice would give, as a part of the page."""
        if not self.lets(request, self.manage):
            raise PermissionDenied
        radius = request.GET.get("radius", "")
        shown = preview(
            request.GET.get("colour", ""),
            request.GET.get("font", "figtree"),
            int(radius) if radius.isascii() and radius.isdigit() and len(radius) < 3 else 8,
        )
        return TemplateResponse(request, "admin/portal/brand/preview.html", {"preview": shown})


def preview(colour: str, font: str = "figtree", radius: int = 8) -> dict[str, Any]:
    """Both palettes of a choice, with the lowest contrast of any text in them; or why it cannot be."""
    try:
        check(colour, font, radius)
    except ThemeError as wrong:
        return {"error": str(wrong)}
    light, dark = (
        {name.replace("-", "_"): value for name, value in part.items()} for part in palettes(colour.lower())
    )
    pair = palettes(colour.lower())
    return {
        "modes": [
            {"name": _("Light"), "palette": light, "contrast": text_contrast(pair[0])},
            {"name": _("Dark"), "palette": dark, "contrast": text_contrast(pair[1])},
        ],
        "radius": radius,
        "is_moved": pair[0]["brand"] != colour.lower(),
        "brand": pair[0]["brand"],
    }
