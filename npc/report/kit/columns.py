"""How wide the columns of a printed table are, by their texts."""

from collections.abc import Sequence

import pandas as pd

WRAPPED = (40, 26, 13)  # characters from which a text is set in several lines; the later ones where columns are many


def column_widths(table: pd.DataFrame, wrapped: int) -> list[int]:
    """Characters that each column needs: its longest word, and its longest text up to `wrapped` characters."""
    return [
        max(_longest_word([str(name), *texts]), min(wrapped, max(map(len, [str(name), *texts]))))
        for name, texts in zip(table.columns, _texts(table), strict=True)
    ]


def _texts(table: pd.DataFrame) -> Sequence[list[str]]:
    return [[str(value) for value in table.iloc[:, place]] for place in range(len(table.columns))]


def _longest_word(texts: Sequence[str]) -> int:
    return max(len(word) for text in texts for word in [*text.split(), ""]) + 1
