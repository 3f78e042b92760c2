"""The addresses that need no account: the brand's files, its programs, the application."""

from django.urls import include, path

from portal.public import brand, views

pages = [
    path("programs/", views.programs, name="brand"),
    path("programs/<slug:slug>/", views.program, name="program"),
    path("programs/<slug:slug>/apply/", views.Apply.as_view(), name="apply"),
    path("programs/<slug:slug>/applied/", views.applied, name="applied"),
]
urlpatterns = [
    path("", views.home, name="home"),
    path("brand/<slug:slug>.<str:digest>.css", brand.stylesheet, name="brand_css"),
    path("brand/<slug:slug>.<str:digest>.svg", brand.mark, name="brand_mark"),
    path("", include((pages, "public"))),
]
