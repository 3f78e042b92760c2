"""Houses of their own for the stories of crashes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.story import databases, processes
from tests.story.processes import House

MakeHouse = Callable[[], House]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a furnished database, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("built")
    house = House(folder, databases.copy("", folder))
    with django_db_blocker.unblock():
        processes.build(house)
    yield house.name
    databases.drop(house.name)


@pytest.fixture
def make_house(
    built: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[MakeHouse]:
    """Make installations; what runs in them is killed at the end."""
    made: list[House] = []

    def _make() -> House:
        folder: Path = tmp_path_factory.mktemp("house")
        made.append(House(folder, databases.copy(built, folder)))
        return made[-1]

    with django_db_blocker.unblock():
        yield _make
    for house in made:
        house.end()
        databases.drop(house.name)


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """An installation in which nothing runs yet."""
    return make_house()
