"""Many orders at once, and one by one where one of them breaks."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import OperationalError, transaction

Item = TypeVar("Item")
Made = TypeVar("Made")


def together_or_alone(
    items: Sequence[Item],
    take: Callable[[Sequence[Item]], Sequence[Made]],
    refusal: Callable[[Exception], str],
) -> list[Made | str]:
    """Take all at once; should one of them break, take them one by one, so that it alone falls.

    `refusal` logs what broke, if that is worth it, and returns the sentence that stands in the place of whatever falls.
    OperationalError is nobody's fault and is raised: all of it is tried again.
    """
    try:
        with transaction.atomic():
            return list(take(items))
    except OperationalError:
        raise
    except Exception as trouble:
        refusal(trouble)
    return [_alone(item, take, refusal) for item in items]


def _alone(
    item: Item, take: Callable[[Sequence[Item]], Sequence[Made]], refusal: Callable[[Exception], str]
) -> Made | str:
    try:
        with transaction.atomic():
            return take([item])[0]
    except OperationalError:
        raise
    except Exception as trouble:
        return refusal(trouble)
