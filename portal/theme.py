"""Theme compiler: a brand's one color, font and radius become one stylesheet, contrast guaranteed."""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from portal.color import HEX, Lch, contrast, lowest_contrast, to_hex, to_lch, walk_until

FONTS = {
    "figtree": '"Figtree Variable", system-ui, sans-serif',
    "system": "system-ui, sans-serif",
}
DEFAULT_COLOR = "#14634d"
RADII = range(17)
TEXT_RATIO = 4.6
MARK_RATIO = 3.05
TINT = 0.6

Palette = dict[str, str]


class ThemeError(ValueError):
    """A color, font or radius that the compiler does not accept."""


class Theme(NamedTuple):
    """A compiled stylesheet, the hash that names it, and its lowest text contrast."""

    css: str
    hash: str
    contrast: float


@lru_cache(maxsize=64)
def compile_theme(color: str, font: str = "figtree", radius: int = 8) -> Theme:
    """Compile a brand's stylesheet; raises ThemeError for input that could not be trusted in CSS."""
    check(color, font, radius)
    light, dark = palettes(color.lower())
    css = _stylesheet(light, dark, FONTS[font], radius)
    digest = hashlib.sha256(css.encode()).hexdigest()[:12]
    return Theme(css, digest, min(text_contrast(light), text_contrast(dark)))


def check(color: str, font: str, radius: int) -> None:
    """Raise ThemeError unless the color is #rrggbb, the font is bundled and the radius is 0 to 16."""
    if not HEX.fullmatch(color):
        raise ThemeError(f"A color is written #rrggbb, not {color!r}.")
    if font not in FONTS:
        raise ThemeError(f"The font is one of {', '.join(FONTS)}, not {font!r}.")
    if radius not in RADII:
        raise ThemeError(f"The radius is 0 to 16 pixels, not {radius!r}.")


def palettes(color: str) -> tuple[Palette, Palette]:
    """The light and the dark palette of a brand color."""
    hue = to_lch(color)
    light, dark = _light_neutrals(hue), _dark_neutrals(hue)
    light |= _light_brand(color, hue, light)
    dark |= _dark_brand(light["brand"], hue, dark)
    return light, dark


def text_contrast(palette: Palette) -> float:
    """The lowest contrast of any text of a palette on the backgrounds where it stands."""
    papers = [palette[name] for name in ("paper", "surface", "sunken")]
    texts = [lowest_contrast(palette[name], papers) for name in ("ink", "ink2", "ink3", "brand-ink")]
    return round(min(*texts, contrast(palette["brand"], palette["on-brand"])), 2)


def _light_neutrals(hue: Lch) -> Palette:
    palette = {
        "paper": _neutral(hue, 0.975, 0.006),
        "surface": "#ffffff",
        "sunken": _neutral(hue, 0.955, 0.008),
        "line": _neutral(hue, 0.905, 0.009),
        "line2": _neutral(hue, 0.845, 0.012),
        "ink": _neutral(hue, 0.235, 0.018),
        "ink2": _neutral(hue, 0.44, 0.018),
        "ink3": _neutral(hue, 0.53, 0.016),
    }
    return _readable(palette, -0.01)


def _dark_neutrals(hue: Lch) -> Palette:
    palette = {
        "paper": _neutral(hue, 0.165, 0.012),
        "surface": _neutral(hue, 0.205, 0.013),
        "sunken": _neutral(hue, 0.245, 0.014),
        "line": _neutral(hue, 0.295, 0.015),
        "line2": _neutral(hue, 0.37, 0.018),
        "ink": _neutral(hue, 0.955, 0.006),
        "ink2": _neutral(hue, 0.765, 0.012),
        "ink3": _neutral(hue, 0.68, 0.013),
    }
    return _readable(palette, 0.01)


def _readable(palette: Palette, step: float) -> Palette:
    papers = [palette[name] for name in ("paper", "surface", "sunken")]
    texts = {name: walk_until(palette[name], papers, TEXT_RATIO, step) for name in ("ink2", "ink3")}
    return palette | texts


def _light_brand(color: str, hue: Lch, neutrals: Palette) -> Palette:
    fill, label = _filled(color, _neutral(hue, 0.2, 0.02))
    soft = to_hex(Lch(0.945, min(0.035, hue.chroma * 0.3), hue.hue))
    papers = [neutrals["paper"], neutrals["surface"], neutrals["sunken"], soft]
    return {
        "brand": fill,
        "on-brand": label,
        "brand-hover": _hover(fill, label),
        "brand-ink": walk_until(color, papers, TEXT_RATIO, -0.01),
        "brand-soft": soft,
        "brand-mark": walk_until(color, papers[:2], MARK_RATIO, -0.01),
        "brand-line": to_hex(Lch(0.86, min(0.07, hue.chroma * 0.5), hue.hue)),
    }


def _dark_brand(fill: str, hue: Lch, neutrals: Palette) -> Palette:
    visible = walk_until(fill, [neutrals["surface"]], MARK_RATIO, 0.01)
    fill, label = _filled(visible, _neutral(hue, 0.16, 0.02))
    soft = to_hex(Lch(0.285, min(0.05, hue.chroma * 0.4), hue.hue))
    papers = [neutrals["paper"], neutrals["surface"], neutrals["sunken"], soft]
    bright = to_hex(Lch(0.8, min(hue.chroma, 0.14), hue.hue))
    mark = to_hex(Lch(max(hue.lightness, 0.68), min(hue.chroma, 0.16), hue.hue))
    return {
        "brand": fill,
        "on-brand": label,
        "brand-hover": _hover(fill, label),
        "brand-ink": walk_until(bright, papers, TEXT_RATIO, 0.01),
        "brand-soft": soft,
        "brand-mark": walk_until(mark, papers[:2], MARK_RATIO, 0.01),
        "brand-line": to_hex(Lch(0.4, min(0.07, hue.chroma * 0.5), hue.hue)),
    }


def _filled(fill: str, dark_label: str) -> tuple[str, str]:
    """Keep the brand's own color and choose its label; move the color only if neither label is readable."""
    label = max(("#ffffff", dark_label), key=lambda choice: contrast(fill, choice))
    step = -0.01 if label == "#ffffff" else 0.01
    return walk_until(fill, [label], TEXT_RATIO, step), label


def _hover(fill: str, label: str) -> str:
    lch = to_lch(fill)
    step = -0.05 if label == "#ffffff" and lch.lightness > 0.3 else 0.05
    hover = to_hex(lch._replace(lightness=min(1.0, lch.lightness + step)))
    return hover if contrast(hover, label) >= TEXT_RATIO else fill


def _neutral(hue: Lch, lightness: float, chroma: float) -> str:
    # a gray brand stays gray: the tint may not exceed the chroma of the brand itself
    return to_hex(Lch(lightness, min(chroma * TINT, hue.chroma), hue.hue))


def _stylesheet(light: Palette, dark: Palette, font: str, radius: int) -> str:
    plain = "".join(f"--{name}:{value};" for name, value in light.items())
    both = "".join(f"--{name}:light-dark({light[name]},{dark[name]});" for name in light)
    modern = f"@supports (color:light-dark(#000,#fff)){{:root{{{both}}}}}"
    return f":root{{{plain}--font-ui:{font};--r:{radius}px}}\n{modern}\n"
