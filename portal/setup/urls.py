"""The first day's addresses: founding, what is left to do, and joining by invitation."""

from django.urls import path

from portal.setup import checklist, views

app_name = "setup"
urlpatterns = [
    path("", views.door, name="door"),
    path("start/", views.start, name="start"),
    path("start/checklist/", checklist.first, name="checklist"),
    path("start/checklist/<int:pk>/", checklist.checklist, name="program"),
    path("start/checklist/<int:pk>/colleagues/", checklist.colleagues, name="colleagues"),
    path("start/checklist/<int:pk>/store/", checklist.store, name="store"),
    path("start/checklist/<int:pk>/test-order/", checklist.test_order, name="test_order"),
    path("join/<str:token>/", views.join, name="join"),
]
