"""Table 3: AUC of each method, slice mode and series in each cohort, with the paper's figure beside it."""

from collections.abc import Mapping, Sequence

import pandas as pd

from npc.names import METHODS, variant_in_words
from npc.prognosis.variants import Variant
from npc.report.kit import words


def table(variants: Sequence[Variant], splits: Mapping[str, str], ci: str, labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a variant; each cell has the paper's figure in square brackets.

    Args:
        variants: in order.
        splits: titles of the cohorts.
        ci: kind of interval.
        labels: of the series.
    """
    rows = []
    for variant in variants:
        series, slices = variant_in_words(variant.run.variant, labels)
        cells = {
            f"{splits[split]} [paper]": f"{words.auc(found, ci)} [{variant.paper.get(split, '–')}]"
            for split, found in variant.auc.items()
        }
        rows.append({"Method": METHODS[variant.run.method], "Slices": slices, "Image series": series, **cells})
    return pd.DataFrame(rows)
