import pytest
from hypothesis import given, settings, strategies as st

from portal.color import contrast, lowest_contrast, to_hex, to_lch
from portal.theme import MARK_RATIO, ThemeError, compile_theme, palettes

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLORS)
@settings(max_examples=60, deadline=None)
def test_every_color_gives_readable_text_in_light_and_dark(color: str) -> None:
    theme = compile_theme(color)

    assert (theme.contrast >= 4.5) is True


@given(COLORS)
@settings(max_examples=60, deadline=None)
def test_every_color_gives_marks_that_stand_out(color: str) -> None:
    for palette in palettes(color):
        papers = [palette["paper"], palette["surface"]]
        assert (lowest_contrast(palette["brand-mark"], papers) >= MARK_RATIO - 0.05) is True


def test_readable_brand_color_is_kept_as_it_is() -> None:
    light, _ = palettes("#14634d")

    assert light["brand"] == "#14634d"
    assert light["on-brand"] == "#ffffff"


def test_yellow_brand_gets_a_dark_label() -> None:
    light, _ = palettes("#ffc700")

    assert light["brand"] == "#ffc700"
    assert light["on-brand"] != "#ffffff"


def test_same_input_gives_the_same_hash_and_another_radius_another() -> None:
    one, again, other = compile_theme("#D9480F"), compile_theme("#d9480f"), compile_theme("#d9480f", radius=4)

    assert one.hash == again.hash
    assert one.hash != other.hash


@pytest.mark.parametrize(
    ("color", "font", "radius"),
    [
        ("red", "figtree", 8),
        ("#14634d;}body{display:none", "figtree", 8),
        ("#14634d\n", "figtree", 8),
        ("#14634d", "Comic Sans", 8),
        ("#14634d", "figtree", 17),
        ("#14634d", "figtree", -1),
    ],
)
def test_untrusted_input_never_reaches_the_stylesheet(color: str, font: str, radius: int) -> None:
    with pytest.raises(ThemeError):
        compile_theme(color, font, radius)


def test_hex_survives_the_way_through_oklch() -> None:
    assert [to_hex(to_lch(color)) for color in ("#14634d", "#ffc700", "#1c1f26")] == [
        "#14634d",
        "#ffc700",
        "#1c1f26",
    ]


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert round(contrast("#000000", "#ffffff"), 6) == 21.0
