"""The cohorts in the order in which figures show them: what was held out first, the training cohort last."""

from dataclasses import dataclass

from npc.prognosis.analysis import Analysis

ORDER = ("test", "validation", "train")


@dataclass(frozen=True)
class Cohort:
    """A cohort of a figure.

    Attributes:
        split: `test`, `validation` or `train`.
        title: as it is printed.
        n: patients.
        events: of them with the event.
    """

    split: str
    title: str
    n: int
    events: int

    @property
    def heading(self) -> str:
        """With the numbers of patients and events."""
        return f"{self.title}\n{self.n} patients, {self.events} events"


def cohorts(analysis: Analysis) -> list[Cohort]:
    """Those that there are."""
    found = []
    for split in (split for split in ORDER if split in analysis.splits):
        rows = analysis.followed[analysis.followed["split"] == split]
        found.append(Cohort(split, analysis.splits[split], len(rows), int(rows["event"].sum())))
    return found
