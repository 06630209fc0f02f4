"""What holds between resources, and that each rule finds the fault it is there for."""

import copy
from collections.abc import Mapping

import pytest

from tests.infra.conftest import DEPLOYMENTS
from tests.infra.rules import RULES, Rule
from tests.infra.support.faults import FAULTS
from tests.infra.support.graph import Graph
from tests.infra.support.planting import Fault


@pytest.mark.parametrize("name", DEPLOYMENTS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_holds(graphs: Mapping[str, Graph], rule: Rule, name: str) -> None:
    assert list(rule(graphs[name])) == []


@pytest.mark.parametrize(
    ("rule", "fault"),
    [(rule, fault) for rule, faults in FAULTS.items() for fault in faults],
    ids=lambda part: part.__name__,
)
def test_a_planted_fault_is_found(graphs: Mapping[str, Graph], rule: Rule, fault: Fault) -> None:
    graph = copy.deepcopy(graphs["prod"])
    fault(graph)
    assert list(rule(graph)) != []


def test_every_rule_has_found_a_fault() -> None:
    assert set(FAULTS) == set(RULES)
