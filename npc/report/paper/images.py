"""The images of a report's patients: what a method saw of each, and how the scanners made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from omegaconf import OmegaConf

from npc.cohort.load import load
from npc.config.method_schema import PreprocessConfig
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.imaging.input_settings import preprocess_settings
from npc.imaging.read_all import read_all
from npc.imaging.thumbnails import StudyView, view_study
from npc.names import REGION_MARK, TUMOUR
from npc.prognosis.analysis import Analysis
from npc.prognosis.choice import Choice
from npc.prognosis.runs import Run

# pixels of an image on the page, which with 233 patients of two sequences stays below 15 MB
ONE_SLICE, SEVERAL = 112, 72
SEES_NO_SLICE = "radiomic"  # the method that has no network and no input of one


@dataclass(frozen=True)
class Images:
    """What could be read.

    Attributes:
        views: by sequence and patient.
        run: whose input is shown.
        note: what is missing, and why; empty where nothing is.
    """

    views: Mapping[str, Mapping[str, StudyView]] = field(default_factory=dict)
    run: Run | None = None
    note: str = ""


def read_images(analysis: Analysis) -> Images:
    """Reads the studies of the patients of a report, of all sequences that its runs read.

    The slices, the region and the preprocessing are those of the leading run with a network, or of the leading run; of
    several regions the first is shown, by which the slices are chosen.
    """
    choices, run = analysis.choices, leading_network(analysis.choice) or analysis.choice.lead
    offered = list(choices.cohort.sequences)
    read = {name for one in analysis.choice.used for name in _sequences(one, offered)}
    sequences = [name for name in offered if name in read]
    config = OmegaConf.create(run.config())
    try:
        cohort = load(choices.cohort, choices.endpoint, sequences=[], also=sequences)
    except InputError:
        return Images(note="The images can't be read on the machine that made this page: npc cohort check says why.")
    if "preprocess" not in config or "slices" not in config:
        return Images(note=f"No images are shown, since run {run.key} has no config.yaml that says how it cut them.")
    preprocess = OmegaConf.merge(OmegaConf.structured(PreprocessConfig), config.preprocess)
    settings = preprocess_settings(OmegaConf.create({"slices": config.slices, "preprocess": preprocess}))
    here = cohort.patients.index.intersection(analysis.followed.index)
    rois = dict(OmegaConf.select(config, "cohort.rois") or {})
    cohort = replace(cohort, patients=cohort.patients.loc[here], rois=rois).of_region(config.get("region", TUMOUR))
    studies = [study for name in sequences for study in cohort.studies(name)]
    if not studies:
        return Images(note="The table of the cohort names no images.")
    faults: list[str] = []
    views: dict[str, dict[str, StudyView]] = {name: {} for name in sequences}
    side = ONE_SLICE if config.slices == "max" else SEVERAL
    work = partial(view_study, settings=settings, slices=config.slices, size=side)
    for study, view in read_all(studies, work, "Reading images", faults):
        views[study.sequence][study.patient] = view
    unread = len(studies) - sum(map(len, views.values()))
    note = f"{unread} of {len(studies)} studies can't be read: npc cohort check says why." if unread else ""
    return Images(views, run, note)


def leading_network(choice: Choice) -> Run | None:
    """The signature of the first method that reads slices; None where the report has radiomic signatures alone."""
    methods = [method for method in choice.best if method != SEES_NO_SLICE]
    return choice.signature(methods[0]) if methods else None


def _sequences(run: Run, offered: list[str]) -> tuple[str, ...]:
    named = run.sequence.partition(REGION_MARK)[0]
    return run_sequences(OmegaConf.create({"sequence": named, "cohort": {"sequences": offered}}))
