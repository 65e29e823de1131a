"""What a reader is shown for the names that files and configs use."""

COHORTS = {"train": "Training", "validation": "Internal validation", "test": "External test"}
MODELS = {
    "combined": "Combined model",
    "deep_learning": "Deep-learning signature",
    "radiomic": "Radiomic signature",
    "clinical": "Clinical model",
}
METHODS = {"deep_learning": "Deep learning", "radiomic": "Radiomic"}
SLICES = {"max": "Max slice", "three": "Multiple slices"}
SERIES = {"cet1": "CET1-w", "t2": "T2-w", "both": "CET1-w + T2-w"}
NOT_ESTIMABLE = "not estimable"


def series(sequence: str) -> str:
    """`CET1-w` for `cet1`; a sequence of one's own as it is named."""
    return SERIES.get(sequence, sequence)
