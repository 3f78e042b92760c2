"""The units in which goods are counted, measured and weighed, and by which names stores call them."""

from collections.abc import Mapping

# our word -> other names of it, in small letters; the words are those of UN/CEFACT's table as people write them
UNITS: Mapping[str, tuple[str, ...]] = {
    "piece": (
        "pieces",
        "pcs",
        "pc",
        "pce",
        "piece(s)",
        "ea",
        "each",
        "unit",
        "units",
        "stk",
        "stück",
        "item",
        "c62",
    ),
    "pair": ("pairs", "pr", "paar", "paire"),
    "set": ("sets", "kit", "satz"),
    "pack": ("packs", "package", "pk", "pkg", "packung", "paquet"),
    "box": ("boxes", "bx", "carton", "karton", "ctn"),
    "kg": ("kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramme", "kilogramm", "kgm"),
    "g": ("gr", "gram", "grams", "gramme", "gramm", "grm"),
    "lb": ("lbs", "pound", "pounds", "lbr"),
    "oz": ("ounce", "ounces", "onz"),
    "l": ("ltr", "liter", "liters", "litre", "litres"),
    "ml": ("milliliter", "millilitre", "mlt"),
    "m": ("mtr", "meter", "meters", "metre", "metres"),
    "cm": ("centimeter", "centimetre", "zentimeter", "cmt"),
    "m2": ("m²", "sqm", "qm", "square meter", "square metre", "quadratmeter", "mtk"),
    "hour": ("hours", "h", "hr", "hrs", "stunde", "stunden", "heure", "hur"),
    "day": ("days", "d", "tag", "tage", "jour"),
    "month": ("months", "mo", "monat", "monate", "mois", "mon"),
    "year": ("years", "yr", "jahr", "jahre", "an", "année", "ann"),
}
_BY_NAME = {name: word for word, names in UNITS.items() for name in (word, *names)}


def unit(text: str) -> str:
    """Return our word for a unit by one of its names, "" for one that we do not know."""
    return _BY_NAME.get(text.strip().rstrip(".").casefold(), "")
