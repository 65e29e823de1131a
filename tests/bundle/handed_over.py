"""A run that is handed over and predicts the patients of a command line, without files."""

from pathlib import Path

import pandas as pd

from npc.bundle.cohorts import of_words
from npc.bundle.predict import predict
from npc.bundle.read import open_bundle


def handed_over(run: Path, *words: str) -> pd.DataFrame:
    """`risk`, `group`, ... of the patients, indexed by their id."""
    bundle = open_bundle(run)
    cohort, store = of_words(bundle, words, outcomes=False)
    return predict(bundle, cohort, store).table
