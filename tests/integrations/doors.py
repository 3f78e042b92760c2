"""The hooks' addresses alone, so that a door is tested without the rest of the house."""

from django.urls import path

from integrations.views import receive_postback, receive_webhook

urlpatterns = [
    path("hooks/<uuid:public_id>", receive_webhook, name="hook"),
    path("postback/<uuid:public_id>", receive_postback, name="postback"),
]
