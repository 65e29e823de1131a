"""How wide the columns of a printed table are, by their texts."""

import pandas as pd

_WRAPPED = 26  # characters from which a text is set in several lines


def column_widths(table: pd.DataFrame) -> list[int]:
    """Characters that each column needs: its longest word, and its longest text as far as that need not be wrapped."""
    widths = []
    for place, name in enumerate(table.columns):
        texts = [str(name), *map(str, table.iloc[:, place])]
        longest = max(len(word) for text in texts for word in [*text.split(), ""])
        widths.append(max(longest, min(_WRAPPED, max(map(len, texts))), 1))
    return widths
