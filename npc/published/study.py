"""What a published study prints, as types: the input of `npc audit` (docs/audit.md)."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from npc.published import printed, rule


def _cell(read: Callable[[Any], Any]) -> PlainValidator:
    """Reads a cell of a row; `-` where nothing is printed."""
    return PlainValidator(lambda text: None if text in ("", "-", "–", "—") else read(text))


Number = Annotated[printed.Number | None, _cell(printed.number)]
Count = Annotated[printed.Count | None, _cell(printed.count)]
Auc = Annotated[printed.Auc | None, _cell(printed.auc)]
Mean = Annotated[printed.Mean | None, _cell(printed.mean)]
PValue = Annotated[printed.PValue, PlainValidator(printed.p_value)]
Positive = Annotated[int, Field(gt=0, le=1_000_000)]
TestName = Literal[
    "pearson", "continuity", "likelihood_ratio", "fisher", "kruskal_wallis", "linear_by_linear", "anova", "t"
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublishedCohort(_Model):
    """A column of the tables; `events` only where the study prints them."""

    n: Positive
    events: int | None = None


class Methods(_Model):
    """The methods that the study states; `auc_interval: other` means possibly asymmetric (logit, bootstrap)."""

    place: str = "Methods"
    tests: list[TestName] = []
    auc_interval: Literal["symmetric", "other"] = "symmetric"


class PublishedVariable(_Model):
    """A categorical variable (levels, in order) or a continuous one (mean); `whole` where values are whole numbers."""

    levels: dict[str, list[Count]] = {}
    mean: list[Mean] = []
    whole: bool = False
    p: PValue | None = None


class Baseline(_Model):
    """A table of patients by cohort."""

    place: str
    variables: dict[str, PublishedVariable]


class Aucs(_Model):
    """AUCs by model and cohort that are printed in one place."""

    place: str
    models: dict[str, list[Auc]]


class Means(_Model):
    """Means by cohort."""

    place: str
    means: dict[str, list[Number]]


class Percentage(_Model):
    """A percentage without its count, and the possible totals."""

    place: str
    what: str
    printed: Annotated[printed.Number, PlainValidator(printed.number)]
    of: list[Positive]


class Sum(_Model):
    """Parts that sum to a total."""

    place: str
    what: str
    total: int
    parts: list[int]


class Rule(_Model):
    """A relation that levels or means must satisfy in each cohort, such as `N3 = IVb`, and why."""

    rule: Annotated[rule.Relation, PlainValidator(rule.parse)]
    why: str


class Quoted(_Model):
    """Further printed figures, which no check uses."""

    place: str
    columns: list[str]
    rows: dict[str, list[str]]


class Published(_Model):
    """A published study. Rows of figures have one cell for each of `cohorts`, in their order."""

    study: str
    cohorts: Annotated[dict[str, PublishedCohort], Field(min_length=1)]
    methods: Methods = Methods()
    baseline: list[Baseline] = []
    aucs: list[Aucs] = []
    means: list[Means] = []
    percentages: list[Percentage] = []
    sums: list[Sum] = []
    rules: list[Rule] = []
    quoted: list[Quoted] = []

    def auc(self, place: str, model: str) -> dict[str, printed.Auc]:
        """The AUCs of a model by cohort; empty where `place` prints none.

        Args:
            place: such as `Table 3`.
            model: such as `deep_learning/cet1-max`.
        """
        cells = next((block.models[model] for block in self.aucs if block.place == place and model in block.models), [])
        return {cohort: cell for cohort, cell in zip(self.cohorts, cells, strict=False) if cell is not None}

    def variables(self) -> Iterator[tuple[str, str, PublishedVariable]]:
        """Place, name and figures of each baseline variable."""
        for table in self.baseline:
            for name, variable in table.variables.items():
                yield table.place, name, variable

    def cells(self) -> Iterator[tuple[str, str, str, printed.Auc]]:
        """Place, model, cohort and figures of each AUC."""
        for block in self.aucs:
            for model in block.models:
                for cohort, cell in self.auc(block.place, model).items():
                    yield block.place, model, cohort, cell

    def named_rows(self) -> Iterator[tuple[str, str, list[printed.Number | None]]]:
        """Name, place and figures by cohort of what a rule can name: levels (also as variable.level) and means."""
        for place, name, variable in self.variables():
            for level, cells in variable.levels.items():
                counts = [None if cell is None else printed.whole(cell.count) for cell in cells]
                yield level, place, counts
                yield f"{name}.{level}", place, counts
        for block in self.means:
            yield from ((name, block.place, cells) for name, cells in block.means.items())
