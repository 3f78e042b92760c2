"""The addresses of REST v1, under /api/v1/."""

from django.urls import URLPattern, path, re_path

from portal.api.affiliates import Affiliates, OneAffiliate
from portal.api.base import Nowhere
from portal.api.commissions import Commissions, OneCommission
from portal.api.conversions import BulkConversions, ConversionBySource, Conversions, OneConversion
from portal.api.hooks import HookSubscriptions, OneHookSubscription
from portal.api.links import DirectLinks, Links, OneLink
from portal.api.me import Me
from portal.api.news import Events, EventSamples
from portal.api.payouts import OnePayout, Payouts
from portal.api.reference import reference, schema
from portal.api.refunds import OneRefund, Refunds

app_name = "api"
urlpatterns: list[URLPattern] = [
    path("me", Me.as_view(), name="me"),
    path("conversions", Conversions.as_view(), name="conversions"),
    path("conversions/bulk", BulkConversions.as_view(), name="conversions_bulk"),
    path("conversions/<int:pk>", OneConversion.as_view(), name="conversion"),
    path(
        "conversions/by-source/<str:source>/<path:external_id>",
        ConversionBySource.as_view(),
        name="conversion_by_source",
    ),
    path("refunds", Refunds.as_view(), name="refunds"),
    path("refunds/<int:pk>", OneRefund.as_view(), name="refund"),
    path("affiliates", Affiliates.as_view(), name="affiliates"),
    path("affiliates/<str:code>", OneAffiliate.as_view(), name="affiliate"),
    path("links", Links.as_view(), name="links"),
    path("links/<int:pk>", OneLink.as_view(), name="link"),
    path("direct-links", DirectLinks.as_view(), name="direct_links"),
    path("commissions", Commissions.as_view(), name="commissions"),
    path("commissions/<int:pk>", OneCommission.as_view(), name="commission"),
    path("payouts", Payouts.as_view(), name="payouts"),
    path("payouts/<int:pk>", OnePayout.as_view(), name="payout"),
    path("hook-subscriptions", HookSubscriptions.as_view(), name="hook_subscriptions"),
    path("hook-subscriptions/<int:pk>", OneHookSubscription.as_view(), name="hook_subscription"),
    path("events", Events.as_view(), name="events"),
    path("events/<str:kind>/samples", EventSamples.as_view(), name="event_samples"),
    path("schema/", schema, name="schema"),
    path("docs/", reference, name="docs"),
    re_path(r"^.*$", Nowhere.as_view()),
]
