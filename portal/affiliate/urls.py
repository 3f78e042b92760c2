"""The affiliate's own pages."""

from django.urls import path

from portal.affiliate import (
    direct_links,
    earnings,
    links,
    order_question,
    overview,
    payouts,
    profile,
    qr_codes,
    reviews,
    terms,
    traffic,
)

app_name = "affiliate"
urlpatterns = [
    path("overview/", overview.overview, name="overview"),
    path("program/", overview.program, name="program"),
    path("links/", links.links, name="links"),
    path("links/<int:pk>/", links.link, name="link"),
    path("links/<int:pk>/state/", links.state, name="link_state"),
    path("links/<int:pk>/qr/", qr_codes.of_link, name="link_qr"),
    path("links/direct/", direct_links.direct_links, name="direct_links"),
    path("links/direct/<int:pk>/closure/", direct_links.closure, name="direct_link_closure"),
    path("traffic/", traffic.show, name="traffic"),
    path("earnings/", earnings.earnings, name="earnings"),
    path("earnings/question/", order_question.ask, name="order_question"),
    path("earnings/<int:pk>/", earnings.commission, name="commission"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/answer/", reviews.answer, name="review_answer"),
    path("reviews/files/<int:pk>/", reviews.file, name="review_file"),
    path("payouts/", payouts.payouts, name="payouts"),
    path("payouts/<int:pk>/", payouts.statement, name="payout"),
    path("payouts/<int:pk>/statement.csv", payouts.statement_csv, name="payout_csv"),
    path("terms/", terms.terms, name="terms"),
    path("terms/acceptance/", terms.acceptance, name="acceptance"),
    path("terms/departure/", terms.departure, name="departure"),
    path("profile/", profile.profile, name="profile"),
    path("profile/payee/", profile.payee, name="payee"),
]
