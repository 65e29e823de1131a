"""Which models may be compared on the training cohort, whose patients they were fitted to.

The risks of a signature that has seen the patients are too good; beside them out-of-fold risks look worse than they
are. And where one model contains the other, the larger one always fits better: DeLong's test takes its gain for that of
a model that was fixed before (Demler, Pencina and D'Agostino, Statistics in Medicine 2012).
"""

from collections.abc import Mapping
from itertools import combinations

from npc.prognosis.models import Model

Pairs = frozenset[frozenset[str]]


def unlike(models: Mapping[str, Model]) -> Pairs:
    """Pairs of which one has out-of-fold risks of the training patients, the other risks of a fit that saw them."""
    return frozenset(
        frozenset(pair) for pair in combinations(models, 2) if {models[name].unseen for name in pair} == {True, False}
    )


def nested(models: Mapping[str, Model]) -> Pairs:
    """Pairs of which one contains all signatures and clinical variables of the other."""
    return frozenset(
        frozenset((a, b))
        for a, b in combinations(models, 2)
        if models[a].parts <= models[b].parts or models[b].parts <= models[a].parts
    )
