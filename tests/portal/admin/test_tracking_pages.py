"""What managers set about tracking: links, direct links, attribution terms, the program's own settings."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates import actions
from affiliates.models import AttributionTerms, Coupon, Enrollment, Link, Program
from core.models import Event, User
from portal.models import Brand

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
SHOP = "https://shop.example.com"


def page(kind: str, *args: Any) -> str:
    return reverse(f"admin:affiliates_{kind}", args=args)


def link_form(**fields: Any) -> dict[str, Any]:
    """What the form of a link posts."""
    empty = dict.fromkeys(("code", "name", "sub_ids", "expires_at", "rules", "rotation"), "")
    return {"destination": f"{SHOP}/mugs", **empty, **fields}


def test_manager_makes_a_link_in_lines(ann: Enrollment, mia: User, enter: Enter) -> None:
    rules = f"de, AT | mobile | {SHOP}/app\n\n | tv | {SHOP}/tv"
    form = link_form(
        enrollment=ann.pk, code="Mugs-1", sub_ids="a, b", rules=rules, rotation=f"3 | {SHOP}/x|y"
    )

    enter(mia).post(page("link_add"), form)

    made = Link.objects.get(code="mugs-1")
    assert made.rules == [
        {"countries": ["DE", "AT"], "devices": ["mobile"], "destination": f"{SHOP}/app"},
        {"countries": [], "devices": ["tv"], "destination": f"{SHOP}/tv"},
    ]
    assert (made.rotation, made.sub_ids) == ([{"destination": f"{SHOP}/x|y", "weight": 3}], ["a", "b"])


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("destination", "https://evil.example/"),
        ("rules", "DE | https://shop.example.com/"),
        ("rules", "XX | | https://shop.example.com/"),
        ("rules", "DE | | https://evil.example/"),
        ("rotation", "x | https://shop.example.com/"),
        ("rotation", "1 | https://evil.example/"),
        ("code", "admin"),
        ("code", "ann-archer"),
        ("expires_at", "2020-01-01T00:00"),
        ("sub_ids", "1,2,3,4,5,6"),
    ],
)
def test_wrong_link_is_refused_at_its_field(
    ann: Enrollment, mia: User, enter: Enter, field: str, said: str
) -> None:
    answer = enter(mia).post(page("link_add"), link_form(enrollment=ann.pk, **{field: said}))

    assert list(answer.context["adminform"].form.errors) == [field]
    assert ann.links.count() == 1


def test_manager_changes_a_link_but_not_its_code(ann: Enrollment, mia: User, enter: Enter) -> None:
    rule = {"countries": ["DE"], "devices": [], "destination": f"{SHOP}/de"}
    link = actions.create_link(ann, f"{SHOP}/mugs", code="mugs", rules=[rule])
    client = enter(mia)
    shown = client.get(page("link_change", link.pk)).context["adminform"].form["rules"].value()

    client.post(page("link_change", link.pk), link_form(code="other", rules=shown, name="Mugs"))

    link.refresh_from_db()
    assert (shown, link.code, link.name, link.rules) == (f"DE |  | {SHOP}/de", "mugs", "Mugs", [rule])


def test_analyst_changes_no_link(ann: Enrollment, ada: User, enter: Enter) -> None:
    link = ann.links.get()

    answer = enter(ada).post(page("link_change", link.pk), link_form(name="Mine"))

    link.refresh_from_db()
    assert (answer.status_code, link.name) == (403, "")


def test_direct_link_is_approved_and_ended(ann: Enrollment, mia: User, enter: Enter) -> None:
    row = actions.ask_direct_link(ann.links.get(), "blog.example")
    client = enter(mia)

    client.post(page("directlink_verb", row.pk, "approve"))
    row.refresh_from_db()
    assert row.state == "active"
    client.post(page("directlink_verb", row.pk, "end"), {"reason": ""})
    row.refresh_from_db()
    assert row.state == "ended"


def test_manager_is_told_whose_the_page_is(ann: Enrollment, bob: Enrollment, mia: User, enter: Enter) -> None:
    actions.approve_direct_link(actions.ask_direct_link(ann.links.get(), "blog.example"), actor=mia)
    row = actions.ask_direct_link(bob.links.get(), "blog.example")

    answer = enter(mia).post(page("directlink_verb", row.pk, "approve"), follow=True)

    words = "blog.example/: blog.example/ counts to Ann Archer already; end that direct link first."
    assert [str(message) for message in answer.context["messages"]] == [words]


def terms_form(program: Program, **fields: Any) -> dict[str, Any]:
    """What the form of attribution terms posts."""
    said = {"window_hours": 48, "bound_days": 30, "model": "shapley", "half_life_hours": 24, "view_hours": 12}
    return {"program": program.pk, "effective_at": "", "fallback": "position", **said, **fields}


def test_terms_hold_from_now_on(program: Program, mia: User, enter: Enter) -> None:
    enter(mia).post(page("attributionterms_add"), terms_form(program))

    terms = program.attribution_terms.latest("effective_at")
    assert (terms.window_hours, terms.bound_days, terms.model) == (48, 30, "shapley")
    assert (terms.half_life_hours, terms.view_hours, terms.fallback) == (24, 12, "position")


def test_planned_terms_begin_on_the_programs_clock(program: Program, mia: User, enter: Enter) -> None:
    Program.objects.update(time_zone="Asia/Tokyo")
    wanted = (timezone.now() + timedelta(days=3)).replace(hour=15, minute=0, second=0, microsecond=0)
    local = program.__class__.objects.get().local(wanted)
    client = enter(mia)

    client.post(page("attributionterms_add"), terms_form(program, effective_at=f"{local:%Y-%m-%dT%H:%M}"))
    rows = client.get(page("attributionterms_changelist")).context["cl"].result_list

    assert program.attribution_terms.latest("effective_at").effective_at == wanted
    assert [row.holding == row.pk for row in rows] == [False, True]


def test_form_begins_with_what_holds(program: Program, mia: User, enter: Enter) -> None:
    actions.change_terms(program, window_hours=5, bound_days=6, model="linear", actor=mia)

    form = enter(mia).get(page("attributionterms_add")).context["adminform"].form

    assert (form["window_hours"].value(), form["model"].value(), form["effective_at"].value()) == (
        5,
        "linear",
        None,
    )


@pytest.mark.parametrize(
    "fields", [{"fallback": "markov"}, {"effective_at": "2020-01-01T00:00"}, {"view_hours": 721}]
)
def test_wrong_terms_are_refused(program: Program, mia: User, enter: Enter, fields: dict[str, Any]) -> None:
    enter(mia).post(page("attributionterms_add"), terms_form(program, **fields))

    assert AttributionTerms.objects.filter(program=program).count() == 1


def test_program_shows_its_tag_for_this_brand(
    program: Program, brand: Brand, mia: User, enter: Enter
) -> None:
    Brand.objects.update(host="partners.northwind.example")
    client = enter(mia)

    waiting = client.get(page("program_change", program.pk)).content.decode()
    Program.objects.update(asks_consent=False)
    granted = client.get(page("program_change", program.pk)).content.decode()

    address = "http://partners.northwind.example:8000"
    line = f"&lt;script async src=&quot;{address}/static/js/track.js&quot; data-key=&quot;{program.tag_key}&quot;"
    assert waiting.count(f"{line} data-consent=&quot;wait&quot;&gt;&lt;/script&gt;") == 1
    assert granted.count(f"{line} data-consent=&quot;granted&quot;&gt;&lt;/script&gt;") == 1
    assert waiting.count(f"{address}/p/{program.tag_key}.gif?order=1001") == 1


def program_form(**fields: Any) -> dict[str, Any]:
    """What the form of a program posts."""
    said = {"name": "Partners", "slug": "partners", "time_zone": "UTC", "home_url": f"{SHOP}/"}
    said |= {"allowed_hosts": "shop.example.com", "approval": "by_hand", "minimum_payout": "50.00"}
    said |= {"debt_share": "100", "terms": "", "second_approval_above": "", "is_open": "on"}
    said |= {"browser_orders": "refuse", "ip_policy": "none", "duplicate_seconds": "0", "raw_days": "30"}
    return {**said, **fields}


def test_tracking_is_set(program: Program, mia: User, enter: Enter) -> None:
    enter(mia).post(page("program_change", program.pk), program_form())

    program.refresh_from_db()
    assert (program.asks_consent, program.browser_orders, program.ip_policy) == (False, "refuse", "none")
    assert (program.duplicate_seconds, program.raw_days) == (0, 30)


@pytest.mark.parametrize("said", [{"is_screened": "on"}, {}])
def test_fraud_review_is_switched(program: Program, mia: User, enter: Enter, said: dict[str, str]) -> None:
    Program.objects.update(is_screened=not said)

    enter(mia).post(page("program_change", program.pk), program_form(**said))

    program.refresh_from_db()
    assert program.is_screened is bool(said)
    told = Event.objects.get(kind="program.changed").data
    assert told["is_screened"] == [str(not said), str(bool(said))]


def test_coupon_that_is_read_out_says_so(ann: Enrollment, mia: User, enter: Enter) -> None:
    form = {"enrollment": ann.pk, "code": "radio", "kind": "personal", "policy": "always", "note": ""}
    client = enter(mia)

    client.post(page("coupon_add"), {**form, "is_offline": "on"})
    coupon = Coupon.objects.get(code="radio")
    made = coupon.is_offline
    client.post(reverse("admin:affiliates_coupon_verb", args=[coupon.pk, "online"]))
    coupon.refresh_from_db()
    cleared = coupon.is_offline
    client.post(reverse("admin:affiliates_coupon_verb", args=[coupon.pk, "offline"]))
    coupon.refresh_from_db()

    assert (made, cleared, coupon.is_offline) == (True, False, True)


def test_hosts_of_all_scripts_are_kept_as_written(program: Program, mia: User, enter: Enter) -> None:
    hosts = "Bücher.example\nshop.example.com:8443"

    enter(mia).post(page("program_change", program.pk), program_form(allowed_hosts=hosts))

    program.refresh_from_db()
    assert program.allowed_hosts == ["bücher.example", "shop.example.com:8443"]


@pytest.mark.parametrize(
    "fields",
    [
        {"allowed_hosts": "https://shop.example.com"},
        {"allowed_hosts": "shop.example.com/path"},
        {"allowed_hosts": "*.example.com"},
        {"allowed_hosts": "com"},
        {"allowed_hosts": "shop。example"},
        {"allowed_hosts": "shop.example.com."},
        {"home_url": "https://user@shop.example.com/"},
        {"home_url": "ftp://shop.example.com/"},
    ],
)
def test_host_that_is_none_is_refused(
    program: Program, mia: User, enter: Enter, fields: dict[str, str]
) -> None:
    answer = enter(mia).post(page("program_change", program.pk), program_form(**fields))

    program.refresh_from_db()
    assert list(answer.context["adminform"].form.errors) == list(fields)
    assert (program.home_url, program.allowed_hosts) == (f"{SHOP}/", ["shop.example.com"])
