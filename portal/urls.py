"""Every address of the house."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from integrations.actions.oauth import CALLBACK
from integrations.admin.access import oauth_callback
from integrations.views import receive_postback, receive_webhook
from portal.metrics import metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("portal.api.urls")),
    path("hooks/<uuid:public_id>", receive_webhook, name="hook"),
    path("postback/<uuid:public_id>", receive_postback, name="postback"),
    path(CALLBACK, oauth_callback, name="oauth_callback"),
    path("metrics", metrics, name="metrics"),
    path("account/", include("allauth.urls")),
    path("", include("portal.setup.urls")),
    path("", include("portal.affiliate.urls")),
    path("", include("portal.public.urls")),
]
handler500 = "portal.public.errors.server_error"
