"""The slice store: right rows, read once, whatever else happens to the files and processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from npc.imaging.store import Slices, open_store
from tests.imaging.dicom_files import write_series
from tests.scans import read_scan

SIZE = 16
SETTINGS = Preprocess(SIZE)
ROW = 3 * SIZE * SIZE
REPOSITORY = Path(__file__).resolve().parents[2]

# What another process runs: every patient of a folder's patients.csv, at a size.
OPEN = """
import sys
from pathlib import Path
import pandas as pd
from npc.cohort.cohort import Cohort
from npc.imaging.input_settings import Preprocess
from npc.imaging.store import open_store

def main(root, store, size):
    patients = pd.read_csv(Path(root) / "patients.csv", index_col="patient_id")
    return open_store(store, Cohort("ours", Path(root), patients, ("mr",)), "mr", Preprocess(int(size)))
"""


def write(path: Path, array: np.ndarray, spacing: float = 1.0) -> None:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((spacing, spacing, 3.0))
    sitk.WriteImage(image, str(path))


def draw(seed: int, shape: tuple[int, int, int] = (4, 12, 12)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, np.uint8)
    mask[1 : 3 + seed % 2, 2 : 6 + seed % 4, 3:9] = 1 + seed % 2
    return rng.integers(0, 1000, shape).astype(np.int16), mask


def write_cohort(root: Path, n: int = 6, suffix: str = ".nii.gz", shape: tuple[int, int, int] = (4, 12, 12)) -> Cohort:
    """A cohort folder of one sequence; the last patient's image is a DICOM series."""
    root.mkdir(parents=True)
    rows = {}
    for number in range(n):
        image, mask = draw(number, shape)
        name = f"{number}{suffix}" if number < n - 1 else str(number)
        if number < n - 1:
            write(root / name, image)
        else:
            write_series(root / name, image)
        write(root / f"{number}_mask{suffix}", mask)
        rows[f"P{number}"] = {"mr_image": name, "mr_mask": f"{number}_mask{suffix}"}
    patients = pd.DataFrame.from_dict(rows, orient="index").rename_axis("patient_id")
    patients.to_csv(root / "patients.csv")
    return Cohort("ours", root, patients, ("mr",))


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return write_cohort(tmp_path / "cohort")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def home(store: Path) -> Path:
    """The folder of the only setting in a store."""
    (found,) = store.glob("mr-*")
    return found


def check_rows(slices: Slices, cohort: Cohort, settings: Preprocess = SETTINGS) -> None:
    """Each patient's row is what preprocessing gives."""
    assert list(slices.rows) == list(cohort.patients.index)
    assert slices.array.dtype == np.uint8
    assert slices.array.shape[1:] == (settings.planes, settings.size, settings.size)
    for patient, paths in cohort.patients.iterrows():
        scan = read_scan(cohort.root / paths["mr_image"], cohort.root / paths["mr_mask"])
        expected, _ = network_input(scan.image, scan.mask, settings)
        assert expected.any()
        np.testing.assert_array_equal(slices.array[slices.rows[str(patient)]], expected)


def change_image(cohort: Cohort, patient: str, seed: int = 99) -> None:
    write(cohort.root / cohort.patients.at[patient, "mr_image"], draw(seed)[0])


def test_every_patient_has_a_row_and_it_is_the_networks_input(cohort, store):
    slices = open_store(store, cohort, "mr", SETTINGS)
    check_rows(slices, cohort)
    assert sorted(slices.rows.values()) == list(range(6))
    assert len(slices.array) == 6
    assert (home(store) / "rows.u8").stat().st_size == 6 * ROW
    with pytest.raises(ValueError, match="read-only"):
        slices.array[0] = 0


def test_the_given_label_of_the_outline_is_used(cohort, store):
    labelled = replace(cohort, patients=cohort.patients.iloc[[1]], label=2)  # the value of its outline
    check_rows(open_store(store, labelled, "mr", SETTINGS), labelled)
    with pytest.raises(InputError, match=r"1_mask\.nii\.gz has no label 1; those there: 2"):
        open_store(store, replace(labelled, label=1), "mr", SETTINGS)


@pytest.mark.slow
def test_a_second_opening_reads_no_image(cohort, store):
    watch = f"""{OPEN}
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)

def images():
    found = [path for path in opened if path.startswith({str(cohort.root)!r}) and not path.endswith(".csv")]
    opened.clear()
    return found

first = main(*sys.argv[1:])
assert not images(), "opened an image"
Path(sys.argv[1], "0.nii.gz").touch()
second = main(*sys.argv[1:])
assert images() == [{str(cohort.root / "0.nii.gz")!r}], "the audit sees no opening"
assert first.hash == second.hash
print(first.hash)
"""
    slices = open_store(store, cohort, "mr", SETTINGS)
    command = [sys.executable, "-c", watch, str(cohort.root), str(store), str(SIZE)]
    message = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert message.returncode == 0, message.stderr
    assert message.stdout.strip() == slices.hash


def test_files_of_the_same_size_and_time_are_taken_as_unchanged(cohort, store):
    before = open_store(store, cohort, "mr", SETTINGS)
    for file in cohort.root.rglob("*[0-9k].*"):
        status = file.stat()
        file.write_bytes(b"x" * status.st_size)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = open_store(store, cohort, "mr", SETTINGS)
    assert (after.rows, after.hash) == (before.rows, before.hash)
    np.testing.assert_array_equal(after.array, before.array)


def test_a_file_with_a_new_time_only_gets_no_new_row(cohort, store):
    before = open_store(store, cohort, "mr", SETTINGS)
    for file in cohort.root.rglob("*.*"):
        os.utime(file, (1, 1))
    after = open_store(store, cohort, "mr", SETTINGS)
    assert (after.rows, after.hash) == (before.rows, before.hash)
    assert (home(store) / "rows.u8").stat().st_size == 6 * ROW


@pytest.mark.parametrize("changed", ["image", "outline", "slice of a series"])
def test_a_changed_file_gives_its_patient_alone_a_new_row(cohort, store, changed):
    before = open_store(store, cohort, "mr", SETTINGS)
    if changed == "image":
        patient = "P2"
        change_image(cohort, patient)
    elif changed == "outline":
        patient = "P3"
        write(cohort.root / "3_mask.nii.gz", draw(0)[1])
    else:
        patient = "P5"
        write_series(cohort.root / "5", draw(98)[0])
    after = open_store(store, cohort, "mr", SETTINGS)
    check_rows(after, cohort)
    assert after.rows == before.rows | {patient: 6}
    assert after.hash != before.hash
    assert (home(store) / "rows.u8").stat().st_size == 7 * ROW
    np.testing.assert_array_equal(after.array[:6], before.array)


def test_a_file_changed_back_finds_its_old_row(cohort, store):
    old = (cohort.root / "2.nii.gz").read_bytes()
    before = open_store(store, cohort, "mr", SETTINGS)
    change_image(cohort, "P2")
    open_store(store, cohort, "mr", SETTINGS)
    (cohort.root / "2.nii.gz").write_bytes(old)
    after = open_store(store, cohort, "mr", SETTINGS)
    assert (after.rows, after.hash) == (before.rows, before.hash)
    check_rows(after, cohort)


@pytest.mark.slow
@pytest.mark.parametrize(
    "other",
    [Preprocess(SIZE, crop="roi"), Preprocess(SIZE, equalise=False), Preprocess(24), Preprocess(SIZE, slices=2)],
    ids=repr,
)
def test_other_settings_have_their_own_files(cohort, store, other):
    one = open_store(store, cohort, "mr", SETTINGS)
    first = home(store)
    two = open_store(store, cohort, "mr", other)
    assert len(list(store.glob("mr-*"))) == 2
    assert one.hash != two.hash
    assert (first / "rows.u8").stat().st_size == 6 * ROW
    check_rows(two, cohort, other)
    check_rows(open_store(store, cohort, "mr", SETTINGS), cohort)


def test_settings_that_were_added_later_keep_the_folders_that_there_are(cohort, store):
    """Named by commit d54fa44, before `slices` was added."""
    open_store(store, cohort, "mr", SETTINGS)
    assert home(store).name == "mr-ec0074b34502"


def test_a_larger_cohort_keeps_the_existing_rows(cohort, store):
    some = replace(cohort, patients=cohort.patients.iloc[[4, 1]])
    before = open_store(store, some, "mr", SETTINGS)
    check_rows(before, some)
    after = open_store(store, cohort, "mr", SETTINGS)
    check_rows(after, cohort)
    assert {patient: after.rows[patient] for patient in before.rows} == before.rows
    assert after.hash != before.hash


def test_the_hash_depends_on_content_not_on_path_or_time(cohort, store, tmp_path):
    copy = replace(cohort, root=tmp_path / "elsewhere" / "copy")
    shutil.copytree(cohort.root, copy.root, copy_function=shutil.copyfile)
    here, there = open_store(store, cohort, "mr", SETTINGS), open_store(store, copy, "mr", SETTINGS)
    assert (here.hash, here.rows) == (there.hash, there.rows)
    assert open_store(tmp_path / "another", copy, "mr", SETTINGS).hash == here.hash
    change_image(copy, "P0")
    assert open_store(store, copy, "mr", SETTINGS).hash != here.hash
    assert open_store(store, cohort, "mr", SETTINGS).hash == here.hash


def test_bytes_beyond_the_index_are_overwritten(cohort, store):
    before = open_store(store, cohort, "mr", SETTINGS)
    with (home(store) / "rows.u8").open("ab") as rows:
        rows.write(b"\7" * (ROW // 2))
    change_image(cohort, "P2")
    after = open_store(store, cohort, "mr", SETTINGS)
    check_rows(after, cohort)
    assert after.rows == before.rows | {"P2": 6}
    assert (home(store) / "rows.u8").stat().st_size == 7 * ROW


def start(cohort: Cohort, store: Path, size: int) -> subprocess.Popen:
    """Opens the store in another process, at the head of a group of its own."""
    command = [sys.executable, "-c", f"{OPEN}\nmain(*sys.argv[1:])", str(cohort.root), str(store), str(size)]
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_two_concurrent_processes_make_every_row_once(tmp_path, store):
    cohort = write_cohort(tmp_path / "cohort", n=40)
    processes = [start(cohort, store, SIZE) for _ in range(2)]
    for process in processes:
        _, message = process.communicate(timeout=600)
        assert process.returncode == 0, message
    slices = open_store(store, cohort, "mr", SETTINGS)
    check_rows(slices, cohort)
    assert sorted(slices.rows.values()) == list(range(40))
    assert sorted(json.loads((home(store) / "index.json").read_text()).values()) == list(range(40))
    assert (home(store) / "rows.u8").stat().st_size == 40 * ROW


@pytest.mark.slow
def test_after_a_kill_the_next_process_resumes(tmp_path, store):
    n, size = 120, 256
    cohort = write_cohort(tmp_path / "cohort", n, ".nii", (4, 24, 24))
    process = start(cohort, store, size)
    row = 3 * size * size
    deadline = time.monotonic() + 600
    while not any(file.stat().st_size > 60 * row for file in store.glob("mr-*/rows.u8")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kept = json.loads((home(store) / "index.json").read_text())
    assert 50 <= len(kept) < n  # it was killed half way
    slices = open_store(store, cohort, "mr", Preprocess(size))
    check_rows(slices, cohort, Preprocess(size))
    assert sorted(slices.rows.values()) == list(range(n))
    assert json.loads((home(store) / "index.json").read_text()).items() >= kept.items()
    assert (home(store) / "rows.u8").stat().st_size == n * row


def test_the_faults_of_all_patients_are_reported_at_once_and_valid_rows_kept(cohort, store):
    root = cohort.root
    write(root / "0_mask.nii.gz", np.zeros((4, 12, 12), np.uint8))
    write(root / "1_mask.nii.gz", draw(1)[1], spacing=2.0)
    (root / "2.nii.gz").write_bytes((root / "2.nii.gz").read_bytes()[:-300])
    with pytest.raises(InputError) as caught:
        open_store(store, cohort, "mr", SETTINGS)
    message = str(caught.value)
    assert message.splitlines()[0].startswith("3 of 6 studies (mr) cannot be used")
    assert len(caught.value.faults) == 3
    assert f"{root}/0_mask.nii.gz has an empty outline" in message
    assert f"{root}/1_mask.nii.gz is on another grid than {root}/1.nii.gz" in message
    assert f"{root}/2.nii.gz is truncated" in message

    kept = json.loads((home(store) / "index.json").read_text())
    assert len(kept) == 3
    good = replace(cohort, patients=cohort.patients.iloc[3:])
    check_rows(open_store(store, good, "mr", SETTINGS), good)
    for number in range(3):
        image, mask = draw(number)
        write(root / f"{number}.nii.gz", image)
        write(root / f"{number}_mask.nii.gz", mask)
    slices = open_store(store, cohort, "mr", SETTINGS)
    check_rows(slices, cohort)
    assert json.loads((home(store) / "index.json").read_text()).items() >= kept.items()
    assert (home(store) / "rows.u8").stat().st_size == 6 * ROW


def test_an_outline_that_vanishes_names_the_patients_file(cohort, store):
    dot = np.zeros((4, 12, 12), np.uint8)
    dot[1, 0, 0] = 1
    write(cohort.root / "4_mask.nii.gz", dot)
    with pytest.raises(InputError, match=rf"{cohort.root}/4_mask\.nii\.gz: .* preprocess\.size=4") as caught:
        open_store(store, cohort, "mr", Preprocess(4))
    assert len(caught.value.faults) == 1


def test_files_of_an_unknown_format_are_reported_with_the_other_faults(cohort, store):
    (cohort.root / "empty").mkdir()
    (cohort.root / "0.jpg").touch()
    write(cohort.root / "2_mask.nii.gz", np.zeros((4, 12, 12), np.uint8))
    cohort.patients.loc["P0", "mr_image"] = "0.jpg"
    cohort.patients.loc["P1", "mr_image"] = "empty"
    with pytest.raises(InputError) as caught:
        open_store(store, cohort, "mr", SETTINGS)
    message = str(caught.value)
    assert f"{cohort.root}/0.jpg is of an unknown format" in message
    assert f"{cohort.root}/empty holds no DICOM files" in message
    assert f"{cohort.root}/2_mask.nii.gz has an empty outline" in message


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["rows gone", "rows cut", "index gone", "index damaged", "fingerprints damaged"])
def test_a_damaged_store_is_rebuilt(cohort, store, damage):
    open_store(store, cohort, "mr", SETTINGS)
    rows, index = home(store) / "rows.u8", home(store) / "index.json"
    if damage == "rows gone":
        rows.unlink()
    elif damage == "rows cut":
        os.truncate(rows, 2 * ROW + 5)
    elif damage == "index gone":
        index.unlink()
    else:
        (index if damage == "index damaged" else store / "fingerprints.json").write_text('{"half')
    check_rows(open_store(store, cohort, "mr", SETTINGS), cohort)


def test_a_file_in_place_of_the_store_is_reported(cohort, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file.* can't be created"):
        open_store(tmp_path / "file", cohort, "mr", SETTINGS)


@pytest.mark.parametrize("copy", ["file", "format", "outline too"])
def test_one_image_of_two_patients_is_a_fault_that_names_both(cohort, store, copy):
    """Also where the one is in the store already, in another format, or with the same outline."""
    root, patients = cohort.root, cohort.patients
    open_store(store, replace(cohort, patients=patients.iloc[:3]), "mr", SETTINGS)
    if copy == "format":
        sitk.WriteImage(sitk.Cast(sitk.ReadImage(str(root / "0.nii.gz")), sitk.sitkFloat64), str(root / "copy.nrrd"))
        patients.loc["P3", "mr_image"] = "copy.nrrd"
    else:
        shutil.copy(root / "0.nii.gz", root / "3.nii.gz")
    if copy == "outline too":
        shutil.copy(root / "0_mask.nii.gz", root / "3_mask.nii.gz")
    for _ in range(2):  # with the rows made, and found in the store
        with pytest.raises(InputError, match=r"holds the same image as .*0\.nii\.gz.* \(P0 and P3\)") as caught:
            open_store(store, cohort, "mr", SETTINGS)
        assert len(caught.value.faults) == 1
    left = replace(cohort, patients=patients.drop(index="P3"))
    check_rows(open_store(store, left, "mr", SETTINGS), left)


def test_a_store_made_before_images_were_compared_is_read_again(cohort, store):
    before = open_store(store, cohort, "mr", SETTINGS)
    (home(store) / "images.json").unlink()
    write(cohort.root / "0_mask.nii.gz", draw(0)[1] * np.float32(0.5))
    with pytest.raises(InputError, match="fractions"):
        open_store(store, cohort, "mr", SETTINGS)
    write(cohort.root / "0_mask.nii.gz", draw(0)[1])
    after = open_store(store, cohort, "mr", SETTINGS)
    check_rows(after, cohort)
    assert (after.hash, after.rows) == (before.hash, before.rows)


def test_a_ring_and_a_roi_of_the_patient_have_inputs_of_their_own(cohort, store):
    tumours = open_store(store, cohort, "mr", SETTINGS)
    rings = open_store(store, replace(cohort, region="ring2"), "mr", SETTINGS)
    for patient in cohort.patients.index:
        tumour, ring = (found.array[found.rows[patient]][1] > 0 for found in (tumours, rings))
        assert ring.any()
        assert not (tumour & ring).any()
    named = replace(cohort, patients=cohort.patients.assign(mr_roi=["GTV", *[pd.NA] * 5]))
    other = open_store(store, named, "mr", SETTINGS)
    moved = [patient for patient in cohort.patients.index if other.rows[patient] != tumours.rows[patient]]
    assert moved == ["P0"]
