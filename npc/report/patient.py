"""A page for each predicted patient: risk, images with the outline, what each part adds, and warnings."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from npc.bundle.formula import TOTAL
from npc.bundle.predict import Predictions
from npc.bundle.read import Bundle
from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.config.method_schema import PreprocessConfig
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from npc.imaging.readers import read_scan
from npc.imaging.slice_images import framed, whole_slice
from npc.names import NETWORKS, PREDICTED, with_signs
from npc.report.kit.anatomy import show_anatomy
from npc.report.kit.figure import PAGE, drawing
from npc.report.kit.page import Figure, Section, write_page

ROW = 60.0  # mm, of one sequence
_PARTS = (
    "Log odds that each part adds, the largest first. They are compared with the mean of the training cohort where it "
    "is known: below 0 the part lowers the risk of this patient, above 0 it raises it."
)
_POINTS = (
    "Points are those of the nomogram of the hospital that made the model: 0 is the low end of a part's scale, 100 the "
    "high end of the strongest part's. A value beyond the scale has points below 0 or above its end."
)
_FEATURES = "What each feature adds to the log odds of the signature, compared with its median in the training cohort."


def write_pages(folder: Path, bundle: Bundle, cohort: Cohort, found: Predictions) -> None:
    """Writes `pages/<patient_id>.html`, each in one file that needs no network.

    Args:
        folder: of the predictions.
        bundle: the model.
        cohort: whose patients were predicted.
        found: their predictions.

    Raises:
        InputError: an image can't be read.
    """
    studies: dict[str, list[Study]] = {str(patient): [] for patient in found.table.index}
    for of in (study for name in bundle.sequences for study in cohort.studies(name) if study.patient in studies):
        studies[of.patient].append(of)
    with TemporaryDirectory() as drawn:
        for patient, own in studies.items():
            sections = [_prediction(bundle, found, patient), *_images(Path(drawn) / "slices", bundle, own)]
            sections += [*_contributions(bundle, found, patient), _warnings(found, patient)]
            write_page(folder / "pages" / f"{patient}.html", f"{bundle.about['title']}: {patient}", sections)


def _prediction(bundle: Bundle, found: Predictions, patient: str) -> Section:
    endpoint, row = bundle.about["endpoint"], found.table.loc[patient]
    rows = [("Risk", f"{row['risk']:.3f}"), ("Cut-off", f"{bundle.formula.plain['cutoff']:.3f}")]
    rows.append(("Risk group", str(row["group"])))
    for month in (month for month in PREDICTED if f"risk_{month}" in row):
        limits = [f"risk_{month}_{side}" for side in ("low", "high")]
        interval = f" ({row[limits[0]]:.1%} to {row[limits[1]]:.1%})" if limits[0] in row else ""
        rows.append((f"Probability by month {month}", f"{row[f'risk_{month}']:.1%}{interval}"))
    text = [
        f"Predicted: {endpoint['name']}. Intended use: {bundle.about['use']}.",
        "The cut-off divides low from high risk.",
    ]
    if any(name.endswith("_low") for name in row.index):
        text.append("In brackets: 95% interval of the Cox regression, which takes the signature as known.")
    return Section("Prediction", text, {"Prediction": pd.DataFrame(rows, columns=["item", "value"])})


def _images(path: Path, bundle: Bundle, studies: list[Study]) -> list[Section]:
    if not studies:
        return []
    settings = next(
        (part.preprocess for part in bundle.parts.values() if part.settings["method"] in NETWORKS),
        None,
    )
    with drawing(path, width=PAGE, height=ROW * len(studies)) as figure:
        for panels, study in zip(figure.subplots(len(studies), 3, squeeze=False), studies, strict=True):
            _slices(panels, study, settings)
    lacking = [name for name in bundle.sequences if name not in {study.sequence for study in studies}]
    text = [f"Not given: {', '.join(lacking)}. The network predicts without it."] if lacking else []
    caption = "Largest slice; the tumour with its outline and a scale bar; input of the network"
    return [Section("Images", text, {}, [Figure(path, caption if settings else caption.rpartition(";")[0])])]


def _slices(panels: np.ndarray, study: Study, settings: Preprocess | None) -> None:
    """Largest slice, the tumour on it, and the network's input."""
    scan = read_scan(study)
    frame = settings or Preprocess(PreprocessConfig().size)
    planes, largest = network_input(scan.image, scan.mask, frame, scan.spacing[1:])
    whole, tumour, given = panels
    whole.imshow(whole_slice(scan.image[largest], frame.size, scan.spacing[1:]), cmap="gray")
    whole.set_title(f"{study.sequence}, slice {largest + 1} of {len(scan.image)}", loc="left")
    show_anatomy(tumour, *framed(scan, frame))
    if settings:
        given.imshow(planes[len(planes) // 2 if frame.slices else 1], cmap="gray", vmin=0, vmax=255)
        given.set_title("input of the network", loc="left")
    for axes in (whole, given):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)


def _contributions(bundle: Bundle, found: Predictions, patient: str) -> list[Section]:
    tables, text = {}, []
    if len(found.contributions.columns):
        cox, weights = bundle.formula.plain["cox"], bundle.formula.plain["coefficient"]
        centre = {term: weight * cox["centre"][term] if cox else 0.0 for term, weight in weights.items()}
        adds = pd.Series(found.contributions.loc[patient]) - pd.Series(centre)
        text.append(_PARTS)
        if len(found.points.columns):
            tables["Parts of the model"] = _parts(bundle, adds, pd.Series(found.points.loc[patient]))
            text.append(_POINTS)
        else:
            tables["Parts of the model"] = _ranked(adds, "part")
    for term, features in found.features.items():
        tables[f"Radiomic features of {term}"] = _ranked(pd.Series(features.loc[patient]), "feature")
        text.append(_FEATURES)
    return [Section("Contributions", text, tables)] if tables else []


def _parts(bundle: Bundle, adds: pd.Series, points: pd.Series) -> pd.DataFrame:
    """Log odds and points of each signature and clinical variable, and their sums."""
    parts = bundle.formula.plain["nomogram"]["parts"]
    rows = [(with_signs(of["title"]), adds[of["terms"]].sum(), points[name]) for name, of in parts.items()]
    rows.sort(key=lambda row: -abs(row[1]))
    rows.append(("Total", adds.sum(), points[TOTAL]))
    written = [(title, f"{value:+.3f}", f"{number:.1f}") for title, value, number in rows]
    return pd.DataFrame(written, columns=["part", "log odds", "points"])


def _ranked(adds: pd.Series, name: str) -> pd.DataFrame:
    ordered = adds[adds.abs().sort_values(ascending=False, kind="stable").index]
    return pd.DataFrame({name: ordered.index, "log odds": [f"{value:+.3f}" for value in ordered]})


def _warnings(found: Predictions, patient: str) -> Section:
    own = found.warnings[found.warnings["patient_id"].astype(str) == patient].drop(columns="patient_id")
    if own.empty:
        return Section("Warnings", ["No value of this patient is unlike the training cohort."])
    text = ["The model has seen few or no patients with these values, so its prediction is less certain."]
    return Section("Warnings", text, {"Values unlike the training cohort": own})
