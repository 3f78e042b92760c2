"""Color arithmetic for brands: sRGB hex <-> OKLCH and the WCAG contrast ratio."""

import math
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

HEX = re.compile(r"#[0-9a-fA-F]{6}")


class Lch(NamedTuple):
    """A color in OKLCH: lightness 0..1, chroma 0..0.4, hue in degrees."""

    lightness: float
    chroma: float
    hue: float


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two hex colors, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lowest_contrast(color: str, backgrounds: Sequence[str]) -> float:
    """The contrast of a color on the background where it is hardest to read."""
    return min(contrast(color, background) for background in backgrounds)


def walk_until(color: str, backgrounds: Sequence[str], ratio: float, step: float) -> str:
    """Move a color's lightness by step until it reaches the ratio on every background."""
    lch = to_lch(color)
    lightness = lch.lightness
    while lowest_contrast(color, backgrounds) < ratio and 0 <= lightness + step <= 1:
        lightness += step
        color = to_hex(Lch(lightness, lch.chroma, lch.hue))
    return color


def to_lch(color: str) -> Lch:
    """A hex color in OKLCH (Björn Ottosson's matrices)."""
    r, g, b = (_linear(channel) for channel in _channels(color))
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Lch(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def to_hex(lch: Lch) -> str:
    """An OKLCH color as hex; chroma gives way until the color fits sRGB."""
    fits = _largest(lambda chroma: _in_gamut(lch._replace(chroma=chroma)), lch.chroma)
    channels = (_gamma(max(0.0, value)) for value in _to_linear(lch._replace(chroma=fits)))
    return "#" + "".join(f"{round(min(1.0, channel) * 255):02x}" for channel in channels)


def _luminance(color: str) -> float:
    r, g, b = (_linear(channel) for channel in _channels(color))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _channels(color: str) -> list[float]:
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _to_linear(lch: Lch) -> tuple[float, float, float]:
    a = lch.chroma * math.cos(math.radians(lch.hue))
    b = lch.chroma * math.sin(math.radians(lch.hue))
    long = (lch.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lch.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lch.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _in_gamut(lch: Lch) -> bool:
    return all(-1e-4 <= value <= 1.0001 for value in _to_linear(lch))


def _largest(fits: Callable[[float], bool], upper: float) -> float:
    if fits(upper):
        return upper
    lower = 0.0
    for _ in range(24):
        middle = (lower + upper) / 2
        lower, upper = (middle, upper) if fits(middle) else (lower, middle)
    return lower
