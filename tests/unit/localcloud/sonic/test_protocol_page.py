"""docs/sonic-protocol.md keeps its word: every rule names tests, and every test named is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "sonic-protocol.md").read_text(encoding="utf-8")
RULES = [line for line in PAGE[PAGE.index("## The connection") :].splitlines() if line.startswith("| ")]
TEST = re.compile(r"`(test_\w+)`")
BASES = ("documented", "observed", "assumed")


def test_every_rule_rests_on_something_and_is_shown_by_a_test() -> None:
    rules = [line for line in RULES if not line.startswith("| rule ")]
    assert len(rules) > 50
    for rule in rules:
        *_, basis, shown_by, _ = [cell.strip() for cell in re.split(r"(?<!\\)\|", rule)]
        assert basis.startswith(BASES), rule
        assert TEST.search(shown_by), rule


def test_every_test_that_is_named_exists() -> None:
    folders = (ROOT / "tests" / "unit" / "localcloud", ROOT / "tests" / "wire", ROOT / "tests" / "contract")
    sources = [path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("test_*.py")]
    existing = {name for source in sources for name in re.findall(r"def (test_\w+)", source)}
    named = set(TEST.findall(PAGE[PAGE.index("## The connection") :]))
    assert named - existing == set()
