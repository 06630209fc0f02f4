"""What must hold between the resources of a deployment. A rule yields a sentence for each place where it does not."""

from collections.abc import Callable, Iterator

from tests.infra.rules import access, data, edge, environments, network, scaling, services, watching
from tests.infra.support.graph import Graph

type Rule = Callable[[Graph], Iterator[str]]

RULES: tuple[Rule, ...] = (
    *services.RULES,
    *scaling.RULES,
    *environments.RULES,
    *network.RULES,
    *edge.RULES,
    *access.RULES,
    *data.RULES,
    *watching.RULES,
)
