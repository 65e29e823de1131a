"""The stages of the paper's study, from the check of the cohort to the report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from npc.config.key import run_folder
from npc.config.loading import HOME, checked, compose
from npc.config.regions import named_regions
from npc.errors import InputError
from npc.names import LEAVE_ONE_OUT, NETWORKS
from npc.reproduce.stage import Stage
from npc.sweep.plan import plan

if TYPE_CHECKING:
    from npc.prognosis.choice import Choice

SLICES = ("max", "three")


@dataclass(frozen=True)
class Grid:
    """How much is trained.

    Attributes:
        sweep: sweep file by number of slices; its `sequence` is replaced by each of the cohort's.
        ensemble: its choices.
        radiomic: choices of the radiomic signatures.
    """

    sweep: dict[str, str]
    ensemble: tuple[str, ...]
    radiomic: tuple[str, ...]


GRIDS = {
    # minutes on two cores, to see every part of the study; its figures mean nothing
    "smoke": Grid(
        dict.fromkeys(SLICES, "study_smoke.yaml"),
        ("method=ensemble", "slices=three", "network=tiny", "trainer.max_epochs=4"),
        ("radiomics.features.filters=[original]", "radiomics.bootstrap=10"),
    ),
    "paper": Grid({slices: f"cet1_{slices}.yaml" for slices in SLICES}, ("experiment=filters",), ()),
}


def stages(choices: Sequence[str], grid: Grid, reports: Path, sweeping: Sequence[str] = ()) -> Iterator[Stage]:
    """The stages in their order.

    Args:
        choices: as for train.py, of the cohort, split and endpoint.
        grid: of `GRIDS`.
        reports: folder of all reports.
        sweeping: options of `npc sweep run`.

    Raises:
        InputError: the choices can't be composed.
    """
    config = compose(choices)
    if config.split.by == LEAVE_ONE_OUT:
        raise InputError(f"split={LEAVE_ONE_OUT}: npc reproduce makes runs of one split; use train.py for this one")
    if len(named_regions(config.region)) > 1:
        raise InputError(
            f"region={config.region}: npc reproduce studies one region, as its stages of quality, agreement and maps "
            "do; choose one, or use train.py for several"
        )
    cohort, table = config.cohort, partial(_table, config)
    yield Stage("check of the cohort", lambda: ["cohort", "check", *choices], lambda: True, table)
    yield from _of_cohort(config, choices, reports)
    names = [*cohort.sequences, *(["both"] if len(cohort.sequences) == 2 else [])]
    for sequence in names:
        for slices in SLICES:
            yield replace(_search(sequence, slices, grid, choices, sweeping), reads=table)
    best = partial(_best, config)
    added = ["folds=5", "controls=true"]
    yield Stage(
        "out-of-fold risks and controls of the signature",
        lambda: ["train", f"refit={best()}", *added],
        lambda: (best() / "out_of_fold.csv").exists() and (best() / "controls").is_dir(),
        table,
        trainings=8,
    )
    first = f"sequence={cohort.sequences[0]}"
    yield replace(_training("ensemble", [*choices, *grid.ensemble, first], 5), reads=table)
    yield replace(_training("texture energies", [*choices, "experiment=texture", first], 1), reads=table)
    for chain in ("paper", "sequential"):
        words = [*choices, "method=radiomic", f"radiomics={chain}", first, "slices=three", *grid.radiomic]
        yield replace(_training(f"radiomic signature, {chain} chain", words, 5), reads=table)
    maps = reports / f"{cohort.name}-explained"
    yield Stage(
        "maps of the leading network",
        lambda: _explain(config, choices, maps),
        (maps / "results.json").exists,
        table,
    )
    of_report = [word for word in choices if not word.startswith(("sequence=", "slices=", "store="))]
    yield Stage(
        "report",
        lambda: ["evaluate", *of_report, f"reports={reports}"],
        (reports / cohort.name / "report.html").exists,
        lambda: [*table(), *(run / "predictions.csv" for run in _finished(config)), maps / "results.json"],
    )


def _explain(config: DictConfig, choices: Sequence[str], folder: Path) -> list[str]:
    """Maps of the patients whom the report shows, with the choices that are not the model's own."""
    from npc.bundle.cohorts import OF_COHORT
    from npc.explain.shown import worth_a_map

    run = _choice(config, NETWORKS).network
    assert run is not None
    kept = [word for word in choices if word.lstrip("+~").partition("=")[0].partition(".")[0] in OF_COHORT]
    if not any(word.startswith("cohort=") for word in kept):
        kept.append("cohort=phantom")  # the default of train.py
    return ["explain", str(run.path), *kept, "--patients", ",".join(worth_a_map(run)), "-o", str(folder)]


def _of_cohort(config: DictConfig, choices: Sequence[str], reports: Path) -> Iterator[Stage]:
    page = reports / f"{config.cohort.name}-look.html"
    yield Stage(
        "look at every patient",
        lambda: ["cohort", "look", *choices, "-o", str(page)],
        page.exists,
        partial(_table, config),
    )
    asked = ["flow", "quality"]
    if _has_readers(config):
        asked.append("agreement")
    for name in asked:
        yield Stage(
            f"{name} of the cohort",
            partial(lambda name: ["cohort", name, *choices, "--reports", str(reports)], name),
            (reports / f"{config.cohort.name}-{name}" / "results.json").exists,
            partial(_table, config),
        )


def _search(sequence: str, slices: str, grid: Grid, choices: Sequence[str], sweeping: Sequence[str]) -> Stage:
    file = HOME / "sweeps" / grid.sweep[slices]
    words = [*choices, f"sequence={sequence}", f"slices={slices}"]
    runs = plan([file], words).runs
    return Stage(
        f"search, {sequence}-{slices}",
        lambda: ["sweep", "run", str(file), *words],
        lambda: all((run.folder / "DONE").exists() for run in runs),
        trainings=len(runs),
        machine=sweeping,
    )


def _training(title: str, words: Sequence[str], trainings: int) -> Stage:
    folder = run_folder(checked(compose(words)))
    return Stage(title, lambda: ["train", *words], (folder / "DONE").exists, trainings=trainings)


def _table(config: DictConfig) -> list[Path]:
    """The cohort's table, if it is there already: a phantom draws its own."""
    if not config.cohort.root:
        return []
    root = Path(config.cohort.root).expanduser()
    return [path for path in sorted(root.glob("*")) if path.suffix in (".csv", ".xlsx") and path.is_file()]


def _has_readers(config: DictConfig) -> bool:
    """Whether the cohort has outlines of other readers; a phantom does unless `cohort.readers=0`."""
    if (readers := config.cohort.get("readers")) is not None:
        return bool(readers)
    from npc.cohort.sources.table import read_table

    try:
        columns = read_table(Path(config.cohort.root).expanduser(), config.cohort.sheet).columns
    except InputError:  # which the check of the cohort reports; or another layout, without second outlines
        return False
    return any("_mask_" in str(name) for name in columns)


def _finished(config: DictConfig) -> list[Path]:
    return sorted(done.parent for done in (Path(config.runs) / config.cohort.name).glob("*/*/DONE"))


def _best(config: DictConfig) -> Path:
    """The network with the highest AUC in the internal validation cohort, as `evaluate.py` chooses it."""
    return _choice(config, ["deep_learning"]).signature("deep_learning").path


def _choice(config: DictConfig, methods: Sequence[str]) -> "Choice":
    """The choice that `evaluate.py` makes among the finished runs of these methods."""
    from npc.prognosis.choice import choose
    from npc.prognosis.runs import finished_runs

    runs = [run for run in finished_runs(Path(config.runs), config.cohort.name)[0] if run.method in methods]
    if not runs:
        raise InputError(f"{config.runs}: no network is trained yet")
    return choose(runs)
