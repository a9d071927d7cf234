"""The list of deliberate bugs (tests/mutants.py) keeps pace with the code: `make check-mutants` can plant each."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.mutants import MUTANTS, ROOT, Mutant, planted


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_bug_can_be_planted(mutant: Mutant) -> None:
    text = planted(mutant, ROOT)
    assert text != (ROOT / mutant.path).read_text()
    ast.parse(text)
    for path in (one.split("::")[0] for one in mutant.tests if one.startswith("tests/")):
        assert (ROOT / path).is_file(), path


def test_each_has_a_name_of_its_own() -> None:
    assert max(Counter(mutant.name for mutant in MUTANTS).values()) == 1
    assert len(MUTANTS) >= 10
