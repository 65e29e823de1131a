"""The flow of patients (CONSORT, STROBE): from all of a cohort to those analysed, by centre, as counts."""

from dataclasses import dataclass

import pandas as pd

from npc.names import split_titles


@dataclass(frozen=True)
class Step:
    """A row of the flow.

    Attributes:
        kind: `all`, `left out`, `analysed` or `split`.
        label: what it is called; the reason, where patients are left out.
        patients: their number in all, then by centre, (1 + centres,).
    """

    kind: str
    label: str
    patients: tuple[int, ...]


@dataclass(frozen=True)
class Flow:
    """All steps.

    Attributes:
        centres: those with the most patients first.
        steps: from all patients to the splits. A reason is one step; a split without patients is none.
    """

    centres: tuple[str, ...]
    steps: tuple[Step, ...]

    def lines(self) -> list[str]:
        """The counts as lines of text."""
        lines = []
        for step in self.steps:
            total, *parts = step.patients
            by_centre = ", ".join(f"{centre} {n}" for centre, n in zip(self.centres, parts, strict=True))
            lines.append(f"{'left out: ' * (step.kind == 'left out')}{step.label}: {total} ({by_centre})")
        return lines


def flow(exclusions: pd.DataFrame, analysed: pd.DataFrame) -> Flow:
    """Counts the patients of each step.

    Args:
        exclusions: `centre` and `reason` of each patient who was left out, in the order of the steps.
        analysed: `centre` of each patient who was not, and where there is one, the `split` (train, validation, test).
    """
    everyone = pd.concat([exclusions["centre"], analysed["centre"]], ignore_index=True).astype(str)
    centres = sorted(everyone.unique(), key=lambda centre: (-(everyone == centre).sum(), centre))

    def step(kind: str, label: str, of: pd.Series) -> Step:
        return Step(kind, label, (len(of), *(int((of == name).sum()) for name in centres)))

    kept = analysed["centre"].astype(str)
    steps = [step("all", "All patients", everyone)]
    for reason, left_out in exclusions.groupby("reason", sort=False):
        steps.append(step("left out", str(reason), left_out["centre"].astype(str)))
    steps.append(step("analysed", "Analysed", kept))
    if "split" in analysed:
        for split, title in split_titles(analysed["split"], kept).items():
            steps.append(step("split", title, kept[analysed["split"] == split]))
    return Flow(tuple(centres), tuple(steps))
