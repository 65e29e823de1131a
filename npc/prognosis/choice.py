"""Which run stands for a variant, and which variant is the signature.

Both are chosen on the internal validation cohort: highest AUC, then lowest log loss, then the run key. No figure of
the test cohort takes part.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from npc.errors import InputError
from npc.prognosis.runs import Run


def best_by_variant(runs: Sequence[Run], asked: Sequence[str] | None = None) -> dict[str, Run]:
    """The best run of each variant, by variant.

    Args:
        runs: of one method.
        asked: the variants that the report is to hold; None for those that there are.

    Raises:
        InputError: a variant that was asked for has no run.
    """
    found = {run.variant: min((r for r in runs if r.variant == run.variant), key=rank) for run in runs}
    absent = [variant for variant in asked or () if variant not in found]
    if absent:
        raise InputError(
            f"variants: no finished run of {', '.join(absent)} (there are {', '.join(sorted(found)) or 'none'}); "
            "train them, or leave them out of variants=[...]"
        )
    return {variant: found[variant] for variant in asked or sorted(found)}


def rank(run: Run) -> tuple[float, float, str]:
    """Lower is better: AUC, then loss, then run key."""
    return -run.auc, run.loss, run.key


def check_agreement(runs: Sequence[Run]) -> None:
    """Checks that all runs of a report have the same patients, splits and outcomes.

    Raises:
        InputError: each run that differs from the majority, and in what.
    """
    outcomes = [run.predictions.drop(columns="risk").sort_index() for run in runs]
    first = runs[int(np.argmax([sum(one.equals(other) for other in outcomes) for one in outcomes]))]
    faults = []
    for run in runs:
        mine, yours = first.predictions, run.predictions
        lost, more = mine.index.difference(yours.index), yours.index.difference(mine.index)
        both = mine.index.intersection(yours.index)
        differences = [f"lacks {_named(lost)}"] if len(lost) else []
        differences += [f"has {_named(more)} in addition"] if len(more) else []
        for column in ("split", "label", "time", "event"):
            differ = both[(mine.loc[both, column] != yours.loc[both, column]).to_numpy()]
            differences += [f"has another {column} for {_named(differ)}"] if len(differ) else []
        faults += [f"{run.path} {'; '.join(differences)}"] if differences else []
    if faults:
        raise InputError(
            [f"{fault} (against {first.path})" for fault in faults],
            "the runs are not of the same patients, splits and outcomes; train them alike (cohort.missing, split, "
            "endpoint), or name the variants to take: variants=[...]",
        )


def _named(patients: Iterable[str]) -> str:
    ids = list(patients)
    return f"{len(ids)} patients ({', '.join(ids[:3])}{', ...' if len(ids) > 3 else ''})"
