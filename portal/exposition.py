"""Numbers as Prometheus reads them: its text format, version 0.0.4. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Family:
    """One measure and its samples: labels and a number each."""

    name: str
    help: str
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float | None, **labels: str) -> None:
        """Keep a sample; what is not known has none."""
        if value is not None:
            self.samples.append((labels, float(value)))


def exposition(families: Iterable[Family]) -> str:
    """Write gauges with their help, a line per sample; those without samples are left out."""
    return "".join(_written(each) for each in families if each.samples)


def _written(family: Family) -> str:
    text = family.help.replace("\\", r"\\").replace("\n", r"\n")
    head = f"# HELP {family.name} {text}\n# TYPE {family.name} gauge\n"
    return head + "".join(
        f"{family.name}{_labels(labels)} {_number(value)}\n" for labels, value in family.samples
    )


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items()) + "}"


def _quoted(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(round(value, 6))
