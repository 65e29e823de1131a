"""`python train.py` as its users run it: how it ends, what it prints, and how it resumes after an interruption."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.commands import ROOT, run_here

Result = subprocess.CompletedProcess[str]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NPC_", "WANDB_", "PL_"))}
    return kept | {"COLUMNS": "200"} | more


def command(*overrides: str) -> list[str]:
    return [sys.executable, "train.py", *overrides]


def run(*overrides: str, **variables: str) -> Result:
    return subprocess.run(
        command(*overrides), cwd=ROOT, env=environment(**variables), capture_output=True, text=True, timeout=900
    )


@pytest.fixture(scope="module")
def data(home: Path) -> list[str]:
    """Overrides for runs of seconds on one phantom and one store."""
    places = [f"cohort.root={home}/phantoms", f"store={home}/store"]
    return ["experiment=tiny", *places, "split.validation=0.25", "trainer.accelerator=cpu"]


def in_process(*overrides: str) -> Path:
    """The run folder of a training without the ten seconds that torch takes to import."""
    from npc.config.checks import check
    from npc.config.key import run_folder
    from npc.config.loading import compose
    from npc.run.train import train

    choices = compose(overrides)
    check(choices)
    train(choices)
    return run_folder(choices)


def path_without(folder: Path, *packages: str) -> str:
    """A PYTHONPATH on which these packages cannot be imported."""
    for name in packages:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(f"raise RuntimeError('{name} was imported')\n")
    return str(folder)


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory: pytest.TempPathFactory) -> str:
    return path_without(tmp_path_factory.mktemp("without"), "torch", "pytorch_lightning")


@pytest.fixture(scope="module")
def config_only(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PYTHONPATH without what takes long to import."""
    heavy = ("torch", "pytorch_lightning", "numpy", "pandas", "matplotlib")
    return path_without(tmp_path_factory.mktemp("without"), *heavy)


# --- stopped and gone on ----------------------------------------------------------------------------------------------

LONG = ("trainer.max_epochs=30", "trainer.patience=30")


def stopped(number: int, epoch: int, *overrides: str) -> Result:
    """Sends a signal once an epoch is done."""
    runs = Path(next(override[5:] for override in overrides if override.startswith("runs=")))
    with subprocess.Popen(
        command(*overrides),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 600
        while process.poll() is None and time.monotonic() < deadline:
            logs = list(runs.rglob("train.log"))
            if logs and re.search(rf"epoch +{epoch}/30", logs[0].read_text()):
                process.send_signal(number)
                break
            time.sleep(0.05)
        else:
            process.kill()
        out, error = process.communicate(timeout=600)
    return Result(process.args, process.returncode, out, error)


@pytest.fixture(scope="module")
def story(data: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """One run that is stopped by Ctrl-C, SIGTERM and kill -9 before it is complete."""
    runs = tmp_path_factory.mktemp("runs")
    overrides = [*data, *LONG, f"runs={runs}"]
    ended: dict[str, object] = {}
    for name, number, epoch in (("int", signal.SIGINT, 5), ("term", signal.SIGTERM, 12), ("kill", signal.SIGKILL, 19)):
        ended[name] = stopped(number, epoch, *overrides)
        ended[f"{name} done"] = [path.name for path in runs.rglob("*") if path.name in ("DONE", "predictions.csv")]
    ended["end"] = run(*overrides)
    ended["folder"] = next(runs.rglob("config.yaml")).parent
    return ended


@pytest.mark.slow
def test_ctrl_c_ends_with_one_message_and_130(story):
    assert story["int"].returncode == 130
    assert "the same command resumes where it stopped" in story["int"].stderr
    assert "Traceback" not in story["int"].stderr
    assert story["int done"] == []


@pytest.mark.slow
def test_sigterm_ends_without_success(story):
    assert story["term"].returncode not in (0, None)
    assert "Traceback" not in story["term"].stderr
    assert story["term done"] == []


@pytest.mark.slow
def test_kill_leaves_no_result(story):
    assert story["kill"].returncode == -signal.SIGKILL
    assert story["kill done"] == []


@pytest.mark.slow
def test_the_same_command_resumes_and_gives_the_same_results(story, data, tmp_path):
    assert story["end"].returncode == 0, story["end"].stderr
    folder = story["folder"]
    assert (folder / "DONE").exists()
    log = (folder / "train.log").read_text()
    assert log.count("resuming from") == 3
    epochs = [int(epoch) for epoch in re.findall(r"epoch +(\d+)/30", log)]
    assert set(epochs) == set(range(1, 31))
    assert len(epochs) <= 33  # at most the one epoch is run again that a stop fell into
    whole = in_process(*data, *LONG, f"runs={tmp_path}")
    assert whole.name == folder.name
    for name in ("predictions.csv", "metrics.json"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name
    assert not list(folder.rglob("*.tmp"))
    assert not (folder / "checkpoints").exists()


@pytest.mark.slow
def test_the_result_is_printed(story):
    out = story["end"].stdout
    for word in ("training", "internal validation", "test", "oracle", str(story["folder"])):
        assert word in out, word


# --- what is reported at once -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["optimizer.lrr=0.1"], "lrr"),
        (["optimizr=adam"], "optimizr"),
        (["optimizer=adamm"], "adamm"),
        (["batch_size=many"], "many"),
        (["optimizer.lr=small"], "small"),
        (["force=maybe"], "maybe"),
        (["slices=2"], "slices=2: must be one of max, three"),
        (["sequence=foo"], "sequence=foo: the cohort phantom has cet1, t2, both"),
        (["cohort=table"], "cohort.root: no value"),
        (["cohort=table", "cohort.root=/no/such/folder"], "/no/such/folder"),
        (["optimizer.lr=0"], "optimizer.lr=0"),
        (["experiment=null"], "experiment"),
        (["batch_size"], "batch_size"),
        (["batch_size=[1"], "[1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_choice_ends_with_2_and_one_message(overrides, message):
    ended = run_here("train.py", *overrides)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("npc: ")
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) < 15


@pytest.mark.slow
def test_all_wrong_choices_are_reported_at_once_before_anything_heavy_is_imported(config_only):
    before = set(ROOT.iterdir())
    ended = run("slices=2", "batch_size=0", "network.join=glue", PYTHONPATH=config_only)
    assert ended.returncode == 2
    assert set(ROOT.iterdir()) - before <= {ROOT / ".pytest_cache", ROOT / ".ruff_cache"}
    assert all(word in ended.stderr for word in ("slices=2", "batch_size=0", "network.join=glue"))


@pytest.mark.slow
def test_a_misspelt_choice_is_reported_before_anything_heavy_is_imported(config_only):
    ended = run("optimizer.lrr=0.1", PYTHONPATH=config_only)
    assert ended.returncode == 2
    assert "lrr" in ended.stderr


@pytest.mark.slow
def test_each_job_of_a_multirun_is_named_with_its_choices(tmp_path):
    ended = run_here("train.py", "-m", "slices=two,four", f"runs={tmp_path}")
    assert ended.returncode == 2
    for number, slices in enumerate(("two", "four")):
        job = f"job {number}: slices={slices} runs={tmp_path}"
        assert job in ended.stdout
        assert f"npc: {job}: slices={slices}: must be one of max, three" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["train.py", "cohort.clinical=null", "+cohort.clinical=3"],
        ["train.py", "=3"],
        ["train.py", "cohort@x=3"],
        ["train.py", "cohort.name='x"],
        ["evaluate.py", "report.ci=[1"],
        ["evaluate.py", "prognosis.treatment=age", "cohort.name=Köln (x), a=b", "cohort.n=20", "cohort.external=5"],
        ["npc", "cohort", "flow", "cohort={a: b}"],
        ["npc", "cohort", "check", "cohort.sequences=0.5"],
        ["npc", "sweep", "list", "sweeps/smoke.yaml", "batch_size=[[8]]"],
    ],
    ids=" ".join,
)
def test_no_choice_of_any_command_ends_in_a_traceback(words, home):
    small = ["cohort.matrix=32", f"cohort.root={home}/phantoms"] if words[0] == "evaluate.py" else []
    ended = run_here(*words, *small)
    assert ended.returncode == 2
    assert ended.stderr.startswith("npc: ")


@pytest.mark.slow
def test_debug_shows_the_traceback(without_torch):
    ended = run("slices=2", PYTHONPATH=without_torch, NPC_DEBUG="1")
    assert ended.returncode != 0
    assert "Traceback" in ended.stderr
    assert "InputError" in ended.stderr


def test_help_shows_an_example_and_the_choices(without_torch):
    ended = run("--help", PYTHONPATH=without_torch)
    assert ended.returncode == 0, ended.stderr
    assert "python train.py sequence=cet1 slices=max" in ended.stdout
    for group in (
        "cohort: bids, foshan, hecktor, nnunet, phantom, sts, table",
        "optimizer: adam, adamw, rmsprop",
        "logger: csv, wandb",
    ):
        assert group in ended.stdout


@pytest.mark.slow
def test_the_choices_can_be_printed(without_torch):
    ended = run("--cfg", "job", "sequence=t2", "optimizer.lr=0.5", PYTHONPATH=without_torch)
    assert ended.returncode == 0, ended.stderr
    assert "sequence: t2" in ended.stdout
    assert "lr: 0.5" in ended.stdout


@pytest.mark.slow
def test_a_finished_run_is_printed_again_without_torch_and_readers_of_images(data, without_torch, tmp_path):
    runs = f"runs={tmp_path}"
    in_process(*data, runs, "trainer.max_epochs=1")
    readers = path_without(tmp_path / "without", "monai", "scipy", "SimpleITK", "pydicom", "cv2", "joblib", "sklearn")
    ended = run(*data, runs, "trainer.max_epochs=1", PYTHONPATH=os.pathsep.join([without_torch, readers]))
    assert ended.returncode == 0, ended.stderr
    assert "is complete; force=true runs it again" in ended.stdout
    assert "internal validation" in ended.stdout
    assert "it was made from" not in ended.stdout
    elsewhere = tmp_path / "elsewhere"
    elsewhere.symlink_to(data[1].removeprefix("cohort.root="))
    again = run_here("train.py", *data, runs, "trainer.max_epochs=1", f"cohort.root={elsewhere}")
    assert f"it was made from {elsewhere.readlink()}; the patients, outcomes and images in {elsewhere}" in again.stdout
    # the tests above would have seen an import
    words = [sys.executable, "-c", "import torch"]
    imported = subprocess.run(words, env=environment(PYTHONPATH=without_torch), capture_output=True, text=True)
    assert "torch was imported" in imported.stderr


# --- a full disk ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kilobytes", [pytest.param(4, marks=pytest.mark.slow), 64])
def test_a_full_disk_is_reported_and_the_run_resumes_when_there_is_space(data, small_disk, kilobytes):
    """4 kB do not hold the config, 64 kB not the checkpoints."""
    disk = small_disk(kilobytes)
    choices = [*data, "trainer.max_epochs=1", f"runs={disk}"]
    ended = run_here("train.py", *choices)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search(r"npc: .*[Nn]o space left", ended.stderr)
    assert "free some space" in ended.stderr
    assert str(disk) in ended.stderr
    assert not list(disk.rglob("DONE"))
    grown = subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], capture_output=True)
    assert grown.returncode == 0
    folder = in_process(*choices)
    assert (folder / "DONE").exists()


@pytest.mark.slow
def test_a_full_disk_of_the_store_is_reported(data, small_disk):
    disk = small_disk(16)
    ended = run_here("train.py", *data, f"runs={disk.parent / 'runs'}", f"store={disk}")
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search(r"npc: .*[Nn]o space left", ended.stderr)


# --- Weights & Biases -------------------------------------------------------------------------------------------------


def wandb_records(folder: Path) -> list:
    """The records of an offline run: LevelDB's log format, in blocks of 32 kB, of W&B's messages."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = folder.glob("run-*.wandb")
    content, position, parts, records = path.read_bytes(), 7, b"", []
    while position + 7 <= len(content):
        left = 32768 - position % 32768
        if left < 7:
            position += left
            continue
        _, length, kind = struct.unpack("<IHB", content[position : position + 7])
        if position + 7 + length > len(content):
            break  # it is being written
        parts += content[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # whole, or last part
            records.append(Record.FromString(parts))
            parts = b""
    return records


def offline_run(folder: Path) -> tuple[Path, list]:
    """Folder and records; W&B's own process writes the last ones a moment after the run has ended."""
    (tracked,) = (folder / "wandb").glob("offline-run-*")
    deadline = time.monotonic() + 30
    records = wandb_records(tracked)
    while not any(record.HasField("exit") for record in records) and time.monotonic() < deadline:
        time.sleep(0.1)
        records = wandb_records(tracked)
    return tracked, records


def exit_code(records: list) -> int:
    (code,) = (record.exit.exit_code for record in records if record.HasField("exit"))
    return code


@pytest.fixture(scope="module")
def wandb_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """W&B as on a machine without any settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            patch.delenv(name)
        for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        yield


@pytest.fixture(scope="module")
def logged_run(data: list[str], wandb_here: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with W&B."""
    return in_process(*data, f"runs={tmp_path_factory.mktemp('wandb')}", "logger=wandb", "trainer.max_epochs=1")


def test_wandb_is_offline_and_holds_the_run(logged_run):
    folder = logged_run
    assert (folder / "DONE").exists()
    tracked, records = offline_run(folder)
    assert tracked.name.endswith(f"-{folder.name}")
    assert exit_code(records) == 0
    (started,) = (record.run for record in records if record.HasField("run"))
    assert started.run_id == folder.name
    config = {item.key: item.value_json for item in started.config.update}
    assert config["sequence"] == '"cet1"'
    logged = {
        "/".join(item.nested_key) or item.key
        for record in records
        if record.HasField("history")
        for item in record.history.item
    }
    assert {"train_loss", "val_loss", "val_auc"} <= logged

    predictions = pd.read_csv(folder / "predictions.csv", dtype={"patient_id": str}, float_precision="round_trip")
    (table,) = tracked.rglob("*predictions*.table.json")
    content = json.loads(table.read_text())
    assert content["columns"] == list(predictions.columns)
    assert [row[0] for row in content["data"]] == predictions["patient_id"].tolist()
    assert [row[-1] for row in content["data"]] == predictions["risk"].tolist()
    artifacts = [record.request.log_artifact.artifact for record in records if record.HasField("request")]
    artifacts += [record.artifact for record in records if record.HasField("artifact")]
    assert f"predictions-{folder.name}" in {artifact.name for artifact in artifacts}

    # of the patients it holds what the predictions say, not where their images lie or what they are called there
    everything = b"".join(path.read_bytes() for path in (folder / "wandb").rglob("*") if path.is_file())
    assert b"H1-0001" in everything
    for private in (b"cet1_mask", b"images/H1", b".nii.gz", b"undifferentiated,"):
        assert private not in everything


@pytest.mark.slow
def test_a_failure_is_recorded_in_wandb(data, tmp_path, wandb_here):
    from npc.errors import InputError

    with pytest.raises(InputError, match="diverged"):
        in_process(*data, f"runs={tmp_path}", "logger=wandb", "optimizer.lr=1e30")
    (folder,) = (path.parent for path in tmp_path.rglob("config.yaml") if "wandb" not in path.parts)
    assert exit_code(offline_run(folder)[1]) == 2  # as the process does


@pytest.mark.slow
def test_wandb_gives_the_same_predictions_as_csv(data, tmp_path, logged_run):
    by_csv = in_process(*data, f"runs={tmp_path}", "logger=csv", "trainer.max_epochs=1")
    assert by_csv.name == logged_run.name
    assert (by_csv / "predictions.csv").read_bytes() == (logged_run / "predictions.csv").read_bytes()


# --- several processes ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_processes_complete_one_run_folder(data, tmp_path):
    overrides = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "trainer.workers=0"]
    ended = run(*data, *overrides, f"runs={tmp_path}")
    assert ended.returncode == 0, ended.stderr
    (done,) = tmp_path.rglob("DONE")
    predictions = pd.read_csv(done.parent / "predictions.csv")
    assert len(predictions) == 60
    assert predictions["patient_id"].is_unique
    assert predictions["risk"].between(0, 1).all()
    log = (done.parent / "train.log").read_text()
    assert re.findall(r"epoch +(\d)/4", log) == ["1", "2", "3", "4"]
    assert not (done.parent / "checkpoints").exists()
