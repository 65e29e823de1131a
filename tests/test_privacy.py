"""No identifier of a header gets out: identifiers are planted, npc is run, and all that it wrote is searched.

What is searched: every file that the commands made and all that they printed, plain and within gzip and zip.
"""

import gzip
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk

from npc.cli.cohort import app
from tests.commands import run_here
from tests.imaging.dicom_files import write_rtstruct, write_series

pytestmark = pytest.mark.usefixtures("coarse")

SHAPE, SPACING = (5, 24, 24), (5.0, 9.0, 9.0)
N = 12

# DICOM keyword -> value, as hospitals fill them.
PLANTED = {
    "PatientName": "QUILLFEATHER^ODALYS^MARGUERITE",
    "PatientID": "MRN-60422917",
    "OtherPatientIDs": "ALT-31415926",
    "PatientBirthDate": "19431107",
    "PatientAddress": "14 Larkspur Hollow",
    "PatientTelephoneNumbers": "555-0177-2213",
    "AccessionNumber": "ACC-77315508",
    "InstitutionName": "Wendreda Infirmary",
    "InstitutionAddress": "Coldharbour Lane 9",
    "ReferringPhysicianName": "THISTLEWOOD^BARNABY",
    "OperatorsName": "PENHALIGON",
    "StationName": "BASEMENTMRI7",
    "DeviceSerialNumber": "SN-55190027",
    "StudyDate": "20070319",
    "StudyID": "ST-8842211",
    "StudyDescription": "neck of Odalys, see kestrelnote",
    "SeriesDescription": "goldcrestseries",
    "ProtocolName": "nuthatchprotocol",
    "ImageComments": "wheatearcomment",
    "ManufacturerModelName": "siskinmodel",
}
UID = "1.2.826.0.1.3680043.10.999.60422917.19431107"
MANUFACTURER = "BRAMBLING^ISOLDE"  # somebody typed a name where a vendor belongs
PRIVATE = "fieldfareprivate"
FILES = {"cet1_image": "cet1", "cet1_mask": "cet1_mask.dcm", "t2_image": "t2.nii.gz", "t2_mask": "t2_mask.nii.gz"}
FILE_NAME = "QUILLFEATHER_ODALYS_{:03}.dcm"
# What must not be found, in lower case: parts of names and texts by themselves, dates in all that a program prints.
SECRETS = [
    *("quillfeather", "odalys", "marguerite", "60422917", "31415926", "larkspur", "555-0177", "77315508", "wendreda"),
    *("coldharbour", "thistlewood", "barnaby", "penhaligon", "basementmri7", "55190027", "8842211", "kestrelnote"),
    *("goldcrest", "nuthatch", "wheatear", "siskin", "brambling", "isolde", "fieldfare"),
    *("19431107", "1943-11-07", "1943, 11, 7", "07/11/1943", "07.11.1943", "20070319", "2007-03-19"),
]
# In a file of random weights eight letters do not stand by chance; times and sizes of our own may hold short numbers.
assert min(map(len, SECRETS)) >= 6


def plant(file: Path, **more: object) -> None:
    header = pydicom.dcmread(file)
    for keyword, value in {**PLANTED, "Manufacturer": "GE MEDICAL SYSTEMS", **more}.items():
        setattr(header, keyword, value)
    header.StudyInstanceUID = UID + ".1"
    if "SeriesInstanceUID" in header:
        header.SeriesInstanceUID = UID + ".2"
    block = header.private_block(0x0011, PRIVATE + " creator", create=True)
    block.add_new(0x01, "LO", PRIVATE)
    block.add_new(0x02, "PN", str(PLANTED["PatientName"]))
    header.save_as(file)


def study(folder: Path, number: int) -> None:
    """`cet1` as a DICOM series with RTSTRUCT, `t2` as NIfTI with sidecar, every header full of identifiers."""
    rng = np.random.default_rng(number)
    image = rng.integers(50, 500, SHAPE).astype(np.int16)
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:4, 6 : 14 + number % 3, 6:16] = 1
    manufacturer = MANUFACTURER if number % 2 else "GE MEDICAL SYSTEMS"
    parameters = {"MagneticFieldStrength": 1.5, "RepetitionTime": 440, "EchoTime": 8.5, "SliceThickness": 4}
    for file in write_series(folder / "cet1", image, spacing=SPACING, name=FILE_NAME):
        plant(file, Manufacturer=manufacturer, **parameters)
    plant(write_rtstruct(folder / "cet1_mask.dcm", {"GTV": mask}, spacing=SPACING), StructureSetLabel="goldcrestlabel")
    for name, voxels in (("t2", image), ("t2_mask", mask)):
        volume = sitk.GetImageFromArray(voxels)
        volume.SetSpacing(SPACING[::-1])
        volume.SetMetaData("descrip", PLANTED["PatientName"])
        volume.SetMetaData("aux_file", "wheatearcomment")
        sitk.WriteImage(volume, folder / f"{name}.nii.gz")
    sidecar = PLANTED | {"Manufacturer": manufacturer, "RepetitionTime": 2.7, "EchoTime": 0.09}
    (folder / "t2.json").write_text(json.dumps(sidecar))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private") / "cohort"
    rows = []
    for number in range(N):
        patient = f"P{number:02}"
        study(folder / patient, number)
        rows.append(
            {
                "patient_id": patient,
                "centre": "h1" if number < 8 else "h2",
                "dmfs_months": 10 + number,
                "dm_event": number % 2,
                **{name: f"{patient}/{path}" for name, path in FILES.items()},
            }
        )
    pd.DataFrame(rows).to_csv(folder / "patients.csv", index=False)
    return folder


class Session:
    """Commands on a cohort, and all that they wrote below a folder or printed."""

    def __init__(
        self, folder: Path, cohort: Path, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self.captured = captured
        self.printed: list[bytes] = []
        self.choices = [
            *("cohort=table", f"cohort.root={cohort}", "cohort.clinical=null", "cohort.name=private", "cohort.size=32"),
            *("split.validation=0.5", "network=tiny", "trainer=cpu", "trainer.max_epochs=1", "sequence=both"),
        ]
        self.places = [f"runs={self.folder}/runs", f"store={self.folder}/store"]
        for name in [name for name in os.environ if name.startswith(("NPC_", "WANDB_", "PL_"))]:
            patch.delenv(name)
        for name in ("HOME", "TMPDIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
            patch.setenv(name, str(self.folder / "home"))
        patch.setattr(tempfile, "tempdir", None)  # so that TMPDIR is looked up again
        (self.folder / "home").mkdir()

    def run(self, script: str, *words: str, code: int = 0) -> None:
        done = run_here(script, *words, *self.choices)
        assert done.returncode == code, done.stderr
        self.printed += [done.stdout.encode(), done.stderr.encode()]

    def written(self) -> Iterator[tuple[str, bytes]]:
        """All that can be searched, and where it is from; names of files too."""
        self.printed += [text.encode() for text in self.captured.readouterr()]  # by libraries, past Python
        yield from (("printed", text) for text in self.printed)
        for path in self.folder.rglob("*"):
            yield "name of a file", str(path.relative_to(self.folder)).encode()
            if path.is_file():
                yield from unpacked(str(path), path.read_bytes())


def unpacked(where: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield where, content
    if content.startswith(b"\x1f\x8b"):
        yield f"{where} (gzip)", gzip.decompress(content)
    elif zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from ((f"{where}: {name}", archive.read(name)) for name in archive.namelist())


def found(written: Iterator[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Secrets and where they stand, in any of the encodings that programs write."""
    wanted = {secret.encode(code): secret for secret in SECRETS for code in ("utf-8", "utf-16-le", "utf-16-be")}
    return [
        (secret, where)
        for where, content in written
        for written_as, secret in wanted.items()
        if written_as in content.lower()
    ]


def test_the_search_finds_planted_identifiers(cohort):
    searched = found(
        part
        for path in [*(cohort / "P01").rglob("*")]
        for part in [("name", path.name.encode()), *(unpacked(str(path), path.read_bytes()) if path.is_file() else ())]
    )
    there = {secret for secret, _ in searched}
    printed_otherwise = {secret for secret in SECRETS if secret[4:5] in "-," or secret[2:3] in "/."} - {"555-0177"}
    assert there == set(SECRETS) - printed_otherwise
    assert any(path.endswith("(gzip)") for _, path in searched)  # in the NIfTI header
    assert found(iter([("", "x QuillFeather x".encode("utf-16-le"))]))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[[Path, Path], Session]:
    """Gives a session in a folder on a cohort."""
    return lambda folder, cohort: Session(folder, cohort, monkeypatch, capfd)


@pytest.mark.slow
def test_commands_on_a_cohort_print_no_identifier(cohort, tmp_path, session):
    ran = session(tmp_path, cohort)
    ran.run("npc", "cohort", "check", "--json")
    reports = {command.name for command in app.registered_commands} - {"check", "phantom"}
    assert "flow" in reports
    for command in sorted(reports - {"agreement"}):  # there are no second outlines here
        place = ["-o", str(tmp_path / "look.html")] if command == "look" else ["--reports", str(tmp_path / "reports")]
        ran.run("npc", "cohort", command, *place)
    assert found(ran.written()) == []
    rows = json.loads(ran.printed[0].splitlines()[-1])["acquisition"]
    assert {row["vendor"] for row in rows} == {"GE", "other"}  # other: the name in place of a vendor
    (row,) = (row for row in rows if (row["vendor"], row["sequence"]) == ("GE", "cet1"))
    assert (row["field"], row["tr"], row["gap"]) == (1.5, [440, 440], [1, 1])  # parameters are kept


@pytest.mark.slow
def test_training_writes_no_identifier(cohort, tmp_path, session):
    from npc.config.checks import check
    from npc.config.loading import compose
    from npc.run.train import train

    ran = session(tmp_path, cohort)
    for more in (["logger=csv"], ["logger=wandb", "force=true"]):
        choices = compose([*ran.choices, *ran.places, *more])
        check(choices)
        train(choices)
    suffixes = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert {".wandb", ".ckpt", ".log", ".u8", ".csv", ".json"} <= suffixes  # what there is to search
    hand_over(ran, cohort)
    assert found(ran.written()) == []


def hand_over(ran: Session, cohort: Path) -> None:
    """A bundle of the run, its predictions with pages, and those of one patient by a DICOM folder and an RTSTRUCT."""
    (run,) = [path.parent for path in (ran.folder / "runs").rglob("DONE")]
    model, out, one = ran.folder / "model.npc.zip", ran.folder / "predicted", cohort / "P03"
    of_cohort = [word for word in ran.choices if word.startswith("cohort")]
    files = {name: {of: one / FILES[f"{of}_{name}"] for of in ("cet1", "t2")} for name in ("image", "mask")}
    by_paths = [word for name in files for of, path in files[name].items() for word in (f"--{name}", f"{of}={path}")]
    printed = []
    for words in (
        ["bundle", run, "-o", model, "--monai", ran.folder / "monai"],
        ["predict", model, *of_cohort, ran.places[1], "-o", out, "--pages"],
        ["predict", model, *by_paths, "--json"],
    ):
        done = run_here("npc", *words)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
        ran.printed += [done.stdout.encode(), done.stderr.encode()]
    risks = pd.read_csv(out / "predictions.csv", index_col="patient_id")["risk"]
    assert json.loads(printed[-1])["predictions"][0]["risk"] == pytest.approx(risks["P03"], abs=1e-6)
    assert zipfile.is_zipfile(model)
    assert len(list((out / "pages").iterdir())) == N


def broken(cohort: Path, folder: Path) -> Path:
    """A copy in which the headers of many patients are at fault, in ways that tempt a reader to quote them."""
    shutil.copytree(cohort, folder)
    slices = {number: sorted((folder / f"P{number:02}" / "cet1").iterdir()) for number in range(N)}
    for number, end in ((0, 300), (1, -100)):  # within the header, within the pixels
        slices[number][2].write_bytes(slices[number][2].read_bytes()[:end])
    slices[2][2].unlink()
    for number, keyword, value in (
        (3, "SeriesInstanceUID", UID + ".9"),
        (4, "ImageComments", "x"),
        (5, "NumberOfFrames", "2"),
        (6, "SamplesPerPixel", 3),
        (7, "Rows", 23),
    ):
        header = pydicom.dcmread(slices[number][2])
        setattr(header, keyword, value)
        header.save_as(slices[number][2])
    spoil(slices[4][2], b"9\\9 ", b"DOE\\")  # pixel spacing that is no number, which pydicom would quote
    spoil(slices[8][0], b"440.0 ", b"QUIL^O")  # repetition time
    outline = folder / "P09" / "cet1_mask.dcm"
    outline.write_bytes(outline.read_bytes()[:-200])
    shutil.copy(slices[10][0], folder / "P10" / "cet1_mask.dcm")  # an image where an outline belongs
    (folder / "P11" / "t2.nii.gz").write_bytes((folder / "P11" / "t2.nii.gz").read_bytes()[:-50])
    (folder / "P11" / "t2.json").write_text('{"PatientName": "QUILLFEATHER')
    return folder


def spoil(file: Path, old: bytes, new: bytes) -> None:
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))


@pytest.mark.slow
def test_messages_about_broken_headers_contain_no_identifier(cohort, tmp_path, session):
    (tmp_path / "ran").mkdir()
    ran = session(tmp_path / "ran", broken(cohort, tmp_path / "cohort"))
    ran.run("npc", "cohort", "check", "--json", code=2)
    ran.run("train.py", *ran.places, code=2)
    for number in {*range(N)} - {8}:  # each is reported; a repetition time that is not a number is only not known
        assert f"P{number:02}".encode() in ran.printed[0], number
    assert found(ran.written()) == []
    assert not any(b"quil^" in content.lower() or b"doe" in content for _, content in ran.written())
