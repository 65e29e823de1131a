"""The phantom: published marginals, a truth that holds, and files that are always the same."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from npc import config
from npc.cohort import phantom
from npc.cohort.load import load
from npc.cohort.phantom_images import FIELD_OF_VIEW, SCANNERS, SLICES, draw_study
from npc.cohort.phantom_population import HOSPITALS, draw_patient
from npc.cohort.split import split
from npc.errors import InputError
from npc.imaging.preprocess import Preprocess, network_input
from npc.imaging.readers import read_study

SMALL = {"seed": 3, "n": 10, "external": 3, "matrix": 32, "signal": 1.0}
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom of ten patients, not to be changed."""
    folder = tmp_path_factory.mktemp("phantom") / "small"
    phantom.write(folder, **SMALL)
    return folder


def draw(hospital: int, n: int, seed: int = 0, signal: float = 1.0) -> pd.DataFrame:
    """Patients of a hospital (0, 1) without pictures."""
    return pd.DataFrame([draw_patient(HOSPITALS[hospital], number, seed, signal) for number in range(n)])


@pytest.fixture(scope="module", params=[0, 1], ids=[hospital.name for hospital in HOSPITALS])
def population(request: pytest.FixtureRequest) -> tuple[int, pd.DataFrame]:
    """A hospital's number and 3000 of its patients."""
    return request.param, draw(request.param, 3000)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


# Size and files


def test_the_default_splits_as_published():
    options = phantom.check_options(seed=0, n=233, external=None, matrix=64, signal=1)
    assert options["external"] == 45
    assert phantom.check_options(**(options | {"n": 2330, "external": None}))["external"] == 450
    patients = pd.concat([draw(0, 233 - 45), draw(1, 45)]).set_index("patient_id")
    choices = config.compose([])
    assert (choices.cohort.n, choices.cohort.external) == (233, None)
    splits = split(patients, "dm_event", **choices.split)
    assert splits.value_counts().to_dict() == {"train": 169, "validation": 19, "test": 45}
    assert set(patients.loc[splits[splits == "test"].index, "centre"]) == {"hospital_2"}


def test_hospital_1_is_nifti_and_hospital_2_dicom(small):
    patients = pd.read_csv(small / "patients.csv", index_col="patient_id")
    assert patients["centre"].value_counts().to_dict() == {"hospital_1": 7, "hospital_2": 3}
    for _, row in patients.iterrows():
        for sequence in ("cet1", "t2"):
            image, outline = small / row[f"{sequence}_image"], small / row[f"{sequence}_mask"]
            assert outline.name.endswith(".nii.gz")
            if row["centre"] == "hospital_1":
                assert image.name.endswith(".nii.gz")
                assert image.is_file()
            else:
                assert len(list(image.glob("*.dcm"))) == SLICES


def test_it_is_a_cohort_folder_like_any(small):
    choices = config.compose(["cohort=table", f"cohort.root={small}"])
    cohort = load(choices.cohort, choices.endpoint, ["cet1", "t2"])
    assert len(cohort.patients) == 10
    assert cohort.exclusions.empty
    clinical = cohort.patients[list(choices.cohort.clinical)]
    assert clinical.notna().all(axis=None)
    truth = pd.read_csv(small / "truth.csv")
    assert sorted(truth["patient_id"]) == list(cohort.patients.index)
    np.testing.assert_allclose(truth["linear_predictor"], truth["image_part"] + truth["clinical_part"])


def test_every_study_can_be_read_and_shows_a_tumour(small):
    pixel = FIELD_OF_VIEW / 32  # mm
    assert 200 <= FIELD_OF_VIEW <= 250  # Table 1
    for _, row in pd.read_csv(small / "patients.csv").iterrows():
        for sequence in ("cet1", "t2"):
            study = read_study(small / row[f"{sequence}_image"], small / row[f"{sequence}_mask"])
            assert study.image.shape == (SLICES, 32, 32)
            assert study.spacing == pytest.approx((5.0, pixel, pixel))
            rows, columns = np.nonzero(study.mask.any(axis=0))
            assert np.hypot(rows.mean() - 15.5, columns.mean() - 15.5) * pixel < 20  # mm off the middle
            # soft tissue, tumour and air in the grey levels of the hospital's scanner
            scale = SCANNERS[row["centre"]].scale
            assert 0.6 < study.image[study.mask].mean() / scale < 1.2
            assert study.image[:, :2, :2].mean() / scale < 0.15
            slices, _ = network_input(study.image, study.mask, Preprocess(32))
            assert len(np.unique(slices[1])) > 5


def test_the_same_options_give_the_same_bytes(small, tmp_path):
    phantom.write(tmp_path / "again", **SMALL)
    again = hashes(tmp_path / "again")
    assert again == hashes(small)
    assert len(again) == 7 * 2 * 2 + 3 * 2 * (SLICES + 1) + 3


def test_another_seed_gives_other_patients_and_pictures(small, tmp_path):
    phantom.write(tmp_path / "other", **(SMALL | {"seed": 4}))
    one, two = hashes(small), hashes(tmp_path / "other")
    assert one.keys() == two.keys()
    assert not [name for name in one if one[name] == two[name]]


def test_a_larger_phantom_begins_with_the_same_patients(small, tmp_path):
    phantom.write(tmp_path / "larger", **(SMALL | {"n": 13, "external": 4}))
    tables = [pd.read_csv(folder / "patients.csv", index_col=0) for folder in (small, tmp_path / "larger")]
    pd.testing.assert_frame_equal(tables[1].loc[tables[0].index], tables[0])
    larger = hashes(tmp_path / "larger")
    pictures = {name: value for name, value in hashes(small).items() if name.startswith("images/")}
    assert larger.items() >= pictures.items()
    assert len(larger) > len(pictures) + 3


def test_coarse_pictures_show_every_tumour():
    """The coarsest matrix, with the smallest tumours; the last draw is that of a phantom with seed 28."""
    draws = [(-2.5, [5, number]) for number in range(300)] + [(-2.3884767308821573, [28, 0, 82, 2])]
    outlines = [
        draw_study("t2", shown, 16, SCANNERS["hospital_1"], np.random.default_rng(entropy))[1]
        for shown, entropy in draws
    ]
    assert all(outline.any() for outline in outlines)


# Patients


def share_is(found: pd.Series, published: float) -> None:
    """A share within four standard errors of the published one."""
    error = np.sqrt(published * (1 - published) / len(found))
    assert found.mean() == pytest.approx(published, abs=4 * error)


# Table 2: hospital 1 is its training and validation cohort together.
PUBLISHED = [
    {
        "sex": {"men": 141, "women": 47},
        "t_stage": {"T1": 6, "T2": 33, "T3": 100, "T4": 49},
        "n_stage": {"N0": 12, "N1": 49, "N2": 94, "N3": 33},
        "histology": {"differentiated": 9, "undifferentiated": 179},
        "regimen": {"CCRT": 62, "IC+CCRT": 108, "CCRT+AC": 18},
        "ebv_dna": {True: 79, False: 109},
    },
    {
        "sex": {"men": 36, "women": 9},
        "t_stage": {"T1": 6, "T2": 9, "T3": 22, "T4": 8},
        "n_stage": {"N0": 1, "N1": 7, "N2": 33, "N3": 4},
        "histology": {"differentiated": 3, "undifferentiated": 42},
        "regimen": {"CCRT": 5, "IC+CCRT": 38, "CCRT+AC": 2},
        "ebv_dna": {True: 5, False: 40},
    },
]
AGES = [(42.2, 18, 71), (43.2, 20, 64)]
OUTCOMES = [(73 / 188, (169 * 43.07 + 19 * 41.68) / 188), (13 / 45, 50.98)]


def test_the_marginals_are_those_of_table_2(population):
    hospital, patients = population
    assert set(patients["centre"]) == {f"hospital_{hospital + 1}"}
    patients = patients.assign(ebv_dna=patients["ebv_dna"] >= 4000)
    for column, counts in PUBLISHED[hospital].items():
        assert set(patients[column]) <= counts.keys()
        for level, count in counts.items():
            share_is(patients[column] == level, count / sum(counts.values()))


def test_nobody_is_below_stage_iii(population):
    _, patients = population
    early = patients["t_stage"].isin(["T1", "T2"]) & patients["n_stage"].isin(["N0", "N1"])
    assert not early.any()
    # 7th edition of the AJCC
    expected = np.where(patients["n_stage"] == "N3", "IVb", np.where(patients["t_stage"] == "T4", "IVa", "III"))
    assert (patients["stage"] == expected).all()


def test_ages_are_as_published(population):
    hospital, patients = population
    mean, youngest, oldest = AGES[hospital]
    assert patients["age"].mean() == pytest.approx(mean, abs=1)
    assert patients["age"].between(youngest, oldest).all()


def test_events_and_months_are_near_the_published(population):
    hospital, patients = population
    patients = patients[:2000]
    events, months = OUTCOMES[hospital]
    assert patients["dm_event"].mean() == pytest.approx(events, abs=3 * np.sqrt(events * (1 - events) / 2000))
    assert patients["dmfs_months"].mean() == pytest.approx(months, abs=3)


def test_times_fit_together(population):
    _, patients = population
    seen = patients["dm_event"] == 1
    assert (patients["dmfs_months"] >= 0).all()
    np.testing.assert_allclose(patients.loc[seen, "dmfs_months"], patients.loc[seen, "_metastasis_months"], atol=0.005)
    assert (patients.loc[~seen, "dmfs_months"] < patients.loc[~seen, "_metastasis_months"] + 0.005).all()
    assert (patients["os_months"] >= patients["dmfs_months"] - 0.01).all()
    dead_first = patients["os_event"].eq(1) & ~seen
    # death comes after metastasis in this model, so one without the other was between two looks
    assert (patients.loc[dead_first, "os_months"] > patients.loc[dead_first, "dmfs_months"]).all()


def test_cox_regression_finds_the_truth():
    patients = draw(0, 4000, seed=11)
    table = pd.DataFrame(
        {
            "aggressiveness": patients["_image_part"] / 1.9,
            "n_stage": patients["n_stage"].str[1].astype(int),
            "ebv": (patients["ebv_dna"] >= 4000).astype(int),
            "added": (patients["regimen"] != "CCRT").astype(int),
            "months": patients["dmfs_months"] + 0.005,
            "event": patients["dm_event"],
        }
    )
    assert table["aggressiveness"].mean() == pytest.approx(0, abs=4 / np.sqrt(4000))
    assert table["aggressiveness"].std() == pytest.approx(1, abs=4 / np.sqrt(2 * 4000))
    found = CoxPHFitter().fit(table, "months", "event").summary
    truth = {"aggressiveness": 1.9, "n_stage": np.log(1.35), "ebv": np.log(1.6), "added": np.log(0.60)}
    for name, coefficient in truth.items():
        assert abs(found.at[name, "coef"] - coefficient) < 3 * found.at[name, "se(coef)"]
    assert found["se(coef)"].max() < 0.07  # else three of them say nothing


# What can be reached


def write_truth(folder: Path, patients: pd.DataFrame, signal: float) -> pd.DataFrame:
    """A phantom's folder without pictures; its patients by identifier."""
    folder.mkdir()
    truth = [column for column in patients if column.startswith("_")]
    named = patients[["patient_id", *truth]].rename(columns=lambda column: column.removeprefix("_"))
    named.to_csv(folder / "truth.csv", index=False)
    (folder / "phantom.json").write_text(json.dumps({"signal": signal}))
    return patients.set_index("patient_id")


def test_the_oracle_is_the_auc_of_the_truth(tmp_path):
    patients = write_truth(tmp_path / "phantom", draw(0, 3000), 1.0)
    both = phantom.oracle(tmp_path / "phantom", patients, "dm_event", ["cet1", "t2"])
    cet1, t2 = (phantom.oracle(tmp_path / "phantom", patients, "dm_event", [s])["image"] for s in ("cet1", "t2"))
    label = patients["dm_event"]
    assert both["all"] == roc_auc_score(label, patients["_linear_predictor"])
    assert cet1 == roc_auc_score(label, patients["_cet1_shown"])
    assert t2 == roc_auc_score(label, patients["_t2_shown"])
    assert both["all"] > roc_auc_score(label, patients["_image_part"]) > cet1 > t2 > 0.55
    # a second sequence can do no harm, and no other weighing of the two does better
    assert both["image"] > cet1 - 0.002
    weighed = [
        roc_auc_score(label, patients["_cet1_shown"] + weight * patients["_t2_shown"])
        for weight in np.linspace(-1, 3, 41)
    ]
    assert both["image"] > max(weighed) - 0.003


def test_the_oracle_takes_the_patients_it_is_asked_for(tmp_path):
    patients = write_truth(tmp_path / "phantom", draw(1, 60), 1.0)
    some = patients.sample(30, random_state=0)
    found = phantom.oracle(tmp_path / "phantom", some, "dm_event", ["cet1"])
    assert found["all"] == roc_auc_score(some["dm_event"], some["_linear_predictor"])
    alive = patients[patients["dm_event"] == 0]
    nobody_knows = phantom.oracle(tmp_path / "phantom", alive, "dm_event", ["cet1"])
    assert nobody_knows == {"image": None, "all": None}
    assert phantom.oracle(tmp_path, patients, "dm_event", ["cet1"]) == {}


def test_without_signal_the_pictures_say_nothing(tmp_path):
    patients = write_truth(tmp_path / "phantom", draw(0, 500, signal=0.0), 0.0)
    for sequences in (["cet1"], ["t2"], ["cet1", "t2"]):
        found = phantom.oracle(tmp_path / "phantom", patients, "dm_event", sequences)
        assert found["image"] == 0.5
        assert found["all"] > 0.7


def shown_in_pictures(sequence: str, signal: float, n: int) -> dict[str, float]:
    """Rank correlations of the aggressiveness with what can be measured in the pictures."""
    patients = draw(0, n, seed=21, signal=signal)
    area, unevenness = [], []
    for number, shown in enumerate(patients[f"_{sequence}_shown"]):
        image, outline = draw_study(sequence, shown, 32, SCANNERS["hospital_1"], np.random.default_rng([8, number]))
        area.append(outline.sum(axis=(1, 2)).max())
        inside = image[outline > 0]
        unevenness.append(inside.std() / inside.mean())
    aggressiveness = patients["_image_part"]
    return {
        "area": spearmanr(aggressiveness, area).statistic,
        "unevenness": spearmanr(aggressiveness, unevenness).statistic,
    }


def test_the_pictures_show_the_aggressiveness_as_far_as_they_should():
    n = 250
    noise = 4 / np.sqrt(n)
    cet1, t2 = shown_in_pictures("cet1", 1.0, n), shown_in_pictures("t2", 1.0, n)
    assert cet1["area"] > 0.8
    assert 0.1 < t2["area"] < 0.6
    assert cet1["unevenness"] > 0.6
    assert shown_in_pictures("cet1", 0.5, n)["area"] == pytest.approx(cet1["area"] / 2, abs=0.15)
    for sequence in ("cet1", "t2"):
        for correlation in shown_in_pictures(sequence, 0.0, n).values():
            assert abs(correlation) < noise


def test_the_figures_told_are_those_of_the_folder(small):
    patients = pd.read_csv(small / "patients.csv")
    told = phantom.summary(small)
    assert list(told) == ["hospital_1", "hospital_2"]
    for centre, rows in patients.groupby("centre"):
        assert told[centre]["patients"] == len(rows)
        assert told[centre]["events"] == rows["dm_event"].sum()
        assert told[centre]["mean_months"] == pytest.approx(rows["dmfs_months"].mean())
        assert {"oracle_cet1", "oracle_t2", "oracle_all"} <= told[centre].keys()


# What is wrong or goes wrong


def test_every_option_out_of_range_is_told_with_its_key(tmp_path):
    bad = {"seed": -1, "n": 1, "external": 1, "matrix": 8, "signal": 1.5}
    with pytest.raises(InputError) as caught:
        phantom.write(tmp_path / "phantom", **bad)
    assert [fault.split(":")[0] for fault in caught.value.faults] == [f"cohort.{k}={v}" for k, v in bad.items()]
    good = {"seed": 0, "n": 4, "external": 1, "matrix": 32, "signal": 1.0}
    for key, value in [*bad.items(), ("external", 4), ("external", -1), ("signal", -0.1), ("matrix", 2000)]:
        if (key, value) != ("external", 1):
            with pytest.raises(InputError, match=rf"cohort\.{key}={value}: must|cohort\.n=1: a phantom needs"):
                phantom.read(tmp_path, ["cet1"], **(good | {key: value}))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left_alone(small):
    before = hashes(small)
    with pytest.raises(InputError, match=f"{small}: exists already; remove it or name another folder"):
        phantom.write(small, **SMALL)
    assert hashes(small) == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_an_interrupted_writing_leaves_no_cohort(tmp_path, how):
    folder = tmp_path / "phantom"
    code = "import sys; from npc.cli import main; main()"
    command = [sys.executable, "-c", code, "cohort", "phantom", str(folder), "--n", "400", "--matrix", "64"]
    # Ctrl-C must reach the workers too; a kill asks nobody, so that case does without them, which saves time
    environment = os.environ | ({"LOKY_MAX_CPU_COUNT": "1"} if how == signal.SIGKILL else {})
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob(".phantom.part*/images/*"))) < 5:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, how)
    _, told = process.communicate(timeout=60)
    assert not folder.exists()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "Traceback" not in told
        assert not list(tmp_path.iterdir())
    phantom.write(folder, **(SMALL | {"n": 4, "external": 1}))
    assert (folder / "patients.csv").exists()


def test_two_processes_that_need_the_same_phantom_both_get_it(tmp_path):
    code = """
import sys
from pathlib import Path
from npc.cohort import phantom
table, folder = phantom.read(Path(sys.argv[1]), ["cet1"], seed=3, n=10, external=3, matrix=32)
print(len(table), folder)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = os.environ | {"LOKY_MAX_CPU_COUNT": "1"}  # workers would only take time to start
    processes = [
        subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], told
    found = {output.splitlines()[-1] for output, _ in told}
    assert len(found) == 1
    count, folder = found.pop().split(" ", 1)
    assert count == "10"
    assert [entry for entry in tmp_path.iterdir() if entry.is_dir()] == [Path(folder)]


def test_the_phantom_of_the_config_is_built_once_and_as_written(small, tmp_path):
    choices = config.compose([f"cohort.root={tmp_path}", *(f"cohort.{key}={value}" for key, value in SMALL.items())])
    cohort = load(choices.cohort, choices.endpoint, ["cet1"])
    assert hashes(cohort.root) == hashes(small)
    (cohort.root / "marker").touch()  # a second use does not build it anew
    again = load(choices.cohort, choices.endpoint, ["cet1"])
    assert (again.root / "marker").exists()
    pd.testing.assert_frame_equal(again.patients, cohort.patients)
