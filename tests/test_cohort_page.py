"""docs/cohort.md: its choices of outlines and tables are commands that work; what cannot be used is one message."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
import yaml
from openpyxl import Workbook

from npc.names import series_labels, variant_in_words
from tests.broken_inputs.good_cohort import SHAPE, SPACING, write_volume
from tests.commands import ROOT, run_here
from tests.imaging.dicom_files import write_rtstruct, write_series
from tests.imaging.test_segmentation import write_segmentation

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "cohort.md").read_text()
TUMOUR, NODE = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
TUMOUR[1:4, 2:6, 2:6] = 1
NODE[2:4, 6:8, 6:8] = 1
COLUMNS = ["patient_id", "centre", "diagnosis_date", "metastasis_date", "last_follow_up", "cet1_image", "cet1_mask"]


def commands(before: str) -> list[str]:
    """Those of the block after these words."""
    return re.findall(r"^npc (.+)$", PAGE.split(before)[1].split("```")[1], re.MULTILINE)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Callable[..., Path]:
    """A folder of eight patients of three hospitals, of a kind of outlines, where the first ones have no node."""
    folders: dict[tuple[str, int], Path] = {}

    def folder(kind: str, node_free: int = 2) -> Path:
        if (kind, node_free) not in folders:
            folders[kind, node_free] = _write(tmp_path_factory.mktemp("page") / kind, kind, node_free)
        return folders[kind, node_free]

    return folder


def _write(home: Path, kind: str, node_free: int) -> Path:
    rows = []
    for number in range(8):
        patient, end = f"00{number + 1}", f"{number + 1:02d}/04/2018"
        image, outline = (f"{patient}/cet1", f"{patient}/outline.dcm")
        (home / patient).mkdir(parents=True)
        values = np.random.default_rng(number).permutation(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)
        has_node = number >= node_free
        if kind == "labels":
            image, outline = f"{patient}/cet1.nii.gz", f"{patient}/outline.nii.gz"
            write_volume(home / image, values)
            write_volume(home / outline, TUMOUR + 2 * NODE * has_node)
        else:
            write_series(home / image, values, spacing=SPACING)
            masks = {"GTVp": TUMOUR, "GTVn left": NODE} if has_node else {"GTVp": TUMOUR}
            write = write_rtstruct if kind == "rtstruct" else write_segmentation
            write(home / outline, masks, spacing=SPACING, origin=(0.0, 0.0, 0.0))
        rows.append([patient, "ABC"[number % 3], "01/02/2016", end if number % 2 else "", end, image, outline])
    pd.DataFrame(rows, columns=COLUMNS).to_csv(home / "patients.csv", index=False)
    return home


def run(folder: Path, command: str, *more: str):
    """The command with what these small cohorts need."""
    words = [word.replace("DIR", str(folder)) for word in shlex.split(command)]
    words += ["cohort.sequences=[cet1]", "cohort.clinical=null", "cohort.name=ours", f"store={folder.parent}/store"]
    words += [] if "date_order" in command else ["cohort.date_order=day_first"]
    return run_here("npc", *words, *more)


@pytest.mark.parametrize("command", commands("Each of these choices is given to"))
def test_every_choice_of_outlines_is_read(command: str, made):
    kinds = ("rtstruct", "seg") if "GTV" in command else ("labels",) if "ring" in command else ("labels", "seg")
    for kind in kinds:
        done = run(made(kind, 0 if "label=2" in command else 2), command)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ours: 8 patients" in done.stdout
        if "node" in command:
            assert "2 of 8 patients have no node" in done.stdout


@pytest.fixture
def folder(made, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return shutil.copytree(made("seg", 0), tmp_path / "cohort")


SEGMENT = "cohort check cohort=table cohort.root=DIR cohort.label=1"
LABEL = ("cohort.label=1",)
ROIS = ("+cohort.rois.tumour=1", "+cohort.rois.node=2")


def as_workbook(folder: Path, *before: str) -> None:
    """The folder's table as the sheet `Patients` of a workbook, behind other sheets."""
    table = pd.read_csv(folder / "patients.csv", dtype=str).fillna("")
    (folder / "patients.csv").unlink()
    book = Workbook()
    book.remove(book.active)
    for name in before:
        book.create_sheet(name).append(["another table"])
    sheet = book.create_sheet("Patients")
    for row in [list(table), *table.values.tolist()]:
        sheet.append(row)
    book.save(folder / "patients.xlsx")


@pytest.mark.parametrize("command", commands("are not part of the run key: what was read counts"))
def test_every_choice_of_a_table_is_read(command: str, folder: Path):
    in_workbook = "sheet" in command
    if in_workbook:
        as_workbook(folder, "Sheet")
    done = run(folder, command, "cohort.label=1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("patients.xlsx, sheet Patients" if in_workbook else "patients.csv, UTF-8") in done.stdout
    if in_workbook:
        absent = run(folder, SEGMENT, "cohort.sheet=Outcome")
        assert absent.returncode == 2
        assert "Outcome" in absent.stdout
        assert "Sheet, Patients" in absent.stdout


def test_the_labels_of_the_page_are_what_tables_show():
    declared = yaml.safe_load(re.findall(r"```yaml\n(sequences: .*?)```", PAGE, re.DOTALL)[0])
    labels = series_labels(declared["sequences"], declared["labels"])
    assert variant_in_words("cet1+t2+t1-max", labels)[0] == "CET1-w + T2-w + T1-w"


CODECS = {"UTF-8": "utf-8-sig", "UTF-16": "utf-16", "GB18030": "gb18030"}
SEPARATORS = {"commas": ",", "semicolons": ";", "tabs": "\t"}


@pytest.mark.parametrize("line", re.findall(r"^patients\..*, 8 rows.*$", PAGE, re.MULTILINE))
def test_the_same_table_in_each_form_that_the_page_shows(line: str, made, tmp_path: Path):
    folder = shutil.copytree(made("labels", 0), tmp_path / "cohort")
    file = folder / "patients.csv"
    table = pd.read_csv(file, dtype=str).fillna("").replace({"centre": {"A": "广州", "B": "佛山"}})
    table["age"] = "51,5" if "decimal commas" in line else "51.5"
    found = re.fullmatch(r"patients.csv, (\S+), separated by (\w+), .*", line)
    separator = SEPARATORS[found[2]] if found else ","
    text = table.to_csv(index=False, sep=separator, lineterminator="\r\n")
    file.write_bytes(text.encode(CODECS[found[1]] if found else "utf-8"))
    if not found:
        as_workbook(folder)
    done = run(folder, SEGMENT, "+cohort.clinical.age={kind: continuous}", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["table"] == line
    assert {name: of["patients"] for name, of in told["centres"].items()} == {"广州": 3, "佛山": 3, "C": 2}
    assert told["clinical"]["age"]["广州"]["median"] == 51.5


@pytest.mark.parametrize("command", commands("fractional SEG must hold no fractions"))
def test_check_takes_the_choices_of_a_run(command: str, made):
    done = run(made("labels"), command, *LABEL, "split.validation=0.4")
    assert done.returncode == 0, done.stdout + done.stderr
    if "split" in command:
        assert "would refuse" not in done.stdout


def test_a_segmentation_of_another_frame_of_reference_is_one_message(folder: Path):
    file = folder / "003" / "outline.dcm"
    segmentation = pydicom.dcmread(file)
    segmentation.FrameOfReferenceUID = "2.25.1"
    segmentation.save_as(file)
    done = run(folder, SEGMENT)
    assert done.returncode == 2
    assert done.stdout.count("Fault: ") == 1
    assert "003/outline.dcm is a DICOM segmentation in another frame of reference" in done.stdout


def test_a_hospital_whose_patients_all_have_the_event_is_one_message(folder: Path):
    table = pd.read_csv(folder / "patients.csv", dtype=str)
    table.loc[table["centre"] == "B", "metastasis_date"] = table["last_follow_up"]
    table.to_csv(folder / "patients.csv", index=False)
    done = run(folder, SEGMENT, "split.development=[A,C]", "split.test=[B]")
    told = " ".join(done.stdout.split())
    assert told.count("train.py would refuse these choices") == 1
    assert "all 3 patients of B have the event" in told


@pytest.mark.parametrize(
    ("kind", "words", "message"),
    [
        ("labels", [*LABEL, "sequence=t2"], "sequence=t2: the cohort ours has cet1 alone; choose sequence=cet1"),
        ("labels", [*LABEL, "split.test=[D]"], "split.test: there is no centre 'D'; choose one of A, B, C"),
        ("labels", [*LABEL, "split.development=[A,B]", "split.test=[B]"], "split.test both name B"),
        ("labels", [*LABEL, "cohort.missing=mask", "method=radiomic"], "cohort.missing=mask: method=radiomic needs"),
        ("labels", [*ROIS, "region=tumour+node", "cohort.missing=mask"], "cannot be used with several regions"),
        ("labels", [*LABEL, "region=node"], "region=node: must be tumour, or a ring of millimetres such as ring5"),
        ("rtstruct", ["+cohort.rois.tumour=GTVp", "+cohort.rois.lung=Lung", "region=tumour+lung"],
         "no patient of cohort ours has lung on cet1 (ROI or segment 'Lung' of the outlines)"),
        ("labels", [*LABEL, "cohort.sheet=Outcome"], "there is no"),
        ("labels", [*LABEL, "cohort.date_order=year_first"], "last_follow_up is '01/04/2018', not a date with one"),
        ("labels", [], "has 2 labels (1, 2); choose the tumour's"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_message(kind: str, words: list[str], message: str, made):
    done = run(made(kind), "cohort check cohort=table cohort.root=DIR", *words)
    told = " ".join((done.stdout + done.stderr).split())
    assert told.count(message) == 1, told
    assert "Traceback" not in told
