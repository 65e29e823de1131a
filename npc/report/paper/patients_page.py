"""The sections of `report.html` on the patients and their images."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from npc.imaging.acquisition_table import as_table, by_scanner
from npc.imaging.thumbnails import StudyView, Thumbnail
from npc.names import MODELS, RISK_GROUPS, SLICES, series_labels
from npc.prognosis.analysis import Analysis
from npc.report.kit.page import Figure, Panel, Section
from npc.report.paper import table2, tables
from npc.report.paper.images import SEES_NO_SLICE, Images

SHOWN = 3  # slices of a study; of more, the first, the middle and the last one
TABLE1, TABLE2 = "Acquisition of the images (Table 1)", "Characteristics of the patients (Table 2)"
_RISKS = (
    "Risks of training patients are of fits that did not see them, where there are such; the risk group is that of the "
    "first model. With report.patients=false the page is made without this table and without images."
)
_LINKS = "In the table of patients each study id leads to the images."
_LEFT_OUT = "The table of patients and their images are left out (report.patients=false)."
_MSSIM = "Image consistency between hospitals (MSSIM)"


def patients(analysis: Analysis, images: Images) -> Section:
    """Table 1, Table 2, and each patient."""
    acquired = acquisition(analysis, images)
    shown = analysis.choices.report.patients
    missing = [f"There is no Table 1 (acquisition). {images.note}"] if acquired.empty else []
    return Section(
        "Patients",
        [*missing, *([_LINKS] if shown and images.views else []), _RISKS if shown else _LEFT_OUT],
        {**({} if acquired.empty else {TABLE1: acquired}), TABLE2: _characteristics(analysis)},
        listings={"Each patient": listing(analysis)} if shown else {},
    )


def _characteristics(analysis: Analysis) -> pd.DataFrame:
    return tables.characteristics(analysis).rename(columns=table2.headings(analysis.characteristics, analysis.splits))


def acquisition(analysis: Analysis, images: Images) -> pd.DataFrame:
    """Table 1; empty where no image could be read."""
    labels = _series(analysis)
    found = [(labels[name], view.acquisition) for name, of in images.views.items() for view in of.values()]
    table = as_table(by_scanner(found))
    return table.rename(columns=lambda name: name if name[:1].isupper() else f"{name[:1].upper()}{name[1:]}")


def listing(analysis: Analysis) -> pd.DataFrame:
    """A row a patient: cohort, hospital, outcome, risk by each model, and risk group of the first."""
    followed, first = analysis.followed, next(iter(analysis.models.values()))
    outcome = {1: "yes", 0: "no"}
    table = pd.DataFrame(
        {
            "Patient": followed.index.astype(str),
            "Cohort": followed["split"].map(analysis.splits).to_numpy(),
            "Hospital": followed["centre"].astype(str).to_numpy(),
            _capital(analysis.choices.endpoint.name): followed["event"].map(outcome).to_numpy(),
            "Follow-up (months)": [f"{months:.1f}" for months in followed["time"]],
        }
    )
    for name, result in analysis.models.items():
        table[MODELS[name]] = [f"{risk:.3f}" for risk in result.model.held_out.loc[followed.index]]
    return table.assign(**{"Risk group": first.group.loc[followed.index].astype(str).map(_group).to_numpy()})


def pictures(analysis: Analysis, images: Images, folder: Path) -> Section:
    """Each patient's slices beside the network's input, and the consistency of the images between hospitals.

    Args:
        analysis: of the report.
        images: of its patients.
        folder: of all reports, where that of `npc cohort quality` may be.
    """
    table, figures = _consistency(folder / f"{analysis.choices.cohort.name}-quality", _series(analysis))
    shown = list(_panels(analysis, images)) if analysis.choices.report.patients else []
    text = [_how(images)] if shown else []
    text += [images.note] if images.note else []
    text += [] if analysis.choices.report.patients else [_LEFT_OUT]
    if table.empty:
        text.append("The consistency of the images between hospitals is not known: npc cohort quality measures it.")
    return Section("Images", text, {} if table.empty else {_MSSIM: table}, figures, panels=shown)


def _how(images: Images) -> str:
    assert images.run is not None
    slices = SLICES.get(images.run.slices, images.run.slices).lower()
    start = f"Slices of run {images.run.key} ({slices}), with the outline on the anatomy"
    if images.run.method == SEES_NO_SLICE:
        return f"{start}."
    return f"{start}; right of it the input of the network."


def _panels(analysis: Analysis, images: Images) -> Iterator[Panel]:
    """A panel a patient who has an image."""
    labels = _series(analysis)
    for patient, row in analysis.followed.iterrows():
        views = {name: of[str(patient)] for name, of in images.views.items() if str(patient) in of}
        if views:
            event = analysis.choices.endpoint.name
            outcome = f"{event} at month" if row["event"] else f"no {event} by month"
            yield Panel(
                str(patient),
                [analysis.splits[row["split"]].lower(), f"{outcome} {row['time']:.1f}"],
                {
                    f"{labels[name]}, slice {one.number} of {view.grid[0]}": _images(labels[name], one, images)
                    for name, view in views.items()
                    for one in _some(view)
                },
            )


def _images(label: str, one: Thumbnail, images: Images) -> list[tuple[str, bytes]]:
    assert images.run is not None
    given = [] if images.run.method == SEES_NO_SLICE else [(f"{label}: input of the network", one.given)]
    return [(f"{label}: slice {one.number} with the outline", one.anatomy), *given]


def _some(view: StudyView) -> Sequence[Thumbnail]:
    of = view.thumbnails
    return of if len(of) <= SHOWN else [of[0], of[len(of) // 2], of[-1]]


def _consistency(folder: Path, labels: Mapping[str, str]) -> tuple[pd.DataFrame, list[Figure]]:
    """What `npc cohort quality` wrote: a row a sequence and reading, and the figures of the pairs."""
    try:
        found = json.loads((folder / "results.json").read_text())
        rows = [
            {
                "Sequence": labels.get(name, name),
                "Masking": words,
                "Patients": " × ".join(map(str, of["patients"].values())),
                f"MSSIM ≥ {found['threshold']:g}": f"{of[reading]['at_or_above']} ({of[reading]['share']:.0%})",
                "Median (range)": "{median:.3f} ({lowest:.3f}–{highest:.3f})".format(**of[reading]),
            }
            for name, of in found["sequences"].items()
            if "not_estimable" not in of
            for reading, words in (("unmasked", "before"), ("masked", "after"))
        ]
    except (OSError, ValueError, KeyError, TypeError):  # no such report, or one that is cut off
        return pd.DataFrame(), []
    drawn = [
        Figure(
            folder / "figures" / f"pairs_{name}", f"Similarity of the images of two hospitals, {labels.get(name, name)}"
        )
        for name in found["sequences"]
    ]
    return pd.DataFrame(rows), [figure for figure in drawn if figure.png.exists()]


def _series(analysis: Analysis) -> dict[str, str]:
    return series_labels(list(analysis.choices.cohort.sequences), analysis.choices.cohort.labels)


def _group(name: str) -> str:
    return RISK_GROUPS.get(name, name)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
