import pytest

from tests.unit.gateway.call.told import Told


@pytest.fixture
def told() -> Told:
    """A call that is live: started by the page, its session open."""
    return Told().live()
