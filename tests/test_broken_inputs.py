"""Each kind of broken input is reported by one clear message of its own."""

import json
import re
import shutil
from pathlib import Path

import pytest

from npc.cli.cohort import findings
from tests.broken_inputs import configs, dicom, rtstruct, tables, volumes  # noqa: F401 (they fill the corpus)
from tests.broken_inputs.corpus import CORPUS, Kind
from tests.broken_inputs.good_cohort import write_good_cohort
from tests.commands import run_here
from tests.config.composed import quickly
from tests.imaging.dicom_files import IDENTIFIERS, UID_PREFIX

ROOT = Path(__file__).resolve().parents[1]
NAMES = {kind.name: kind for kind in CORPUS}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good cohort, not to be changed."""
    folder = tmp_path_factory.mktemp("good") / "cohort"
    write_good_cohort(folder)
    return folder


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    """The good cohort, to be spoilt."""
    return shutil.copytree(good, tmp_path / "cohort")


def choices(folder: Path, *more: str) -> list[str]:
    return ["cohort=table", f"cohort.root={folder}", *more]


def describes(message: str, kind: Kind) -> bool:
    return all(word in message for word in (kind.where, *kind.words))


def keeps_secrets(text: str) -> bool:
    return not any(secret in text for secret in (*IDENTIFIERS.values(), UID_PREFIX, "Traceback"))


@pytest.fixture
def check(folder):
    """Runs `npc cohort check` in this process: its exit code, the messages, and all that was printed."""

    def run(*more: str) -> tuple[int, list[str], str]:
        ended = run_here("npc", "cohort", "check", *choices(folder, *more), "--json")
        messages = json.loads(ended.stdout.splitlines()[-1])["faults"] if ended.stdout else [ended.stderr]
        return ended.returncode, [told(folder, message) for message in messages], ended.stdout + ended.stderr

    return run


def told(folder: Path, message: str) -> str:
    return message.replace(f"{folder}", "COHORT")


@pytest.mark.slow
def test_the_good_cohort_passes(check):
    assert check()[:2] == (0, [])


def test_the_corpus_is_large_and_its_kinds_have_unique_names():
    assert len(NAMES) == len(CORPUS) >= 100


@pytest.mark.slow
@pytest.mark.parametrize("kind", CORPUS, ids=lambda kind: kind.name)
def test_each_kind_gives_one_message_that_no_other_kind_gives(kind, check, folder, capfd):
    if more := kind.spoil(folder):
        code, messages, printed = check(*more)
        assert code == 2
    else:  # what the command would tell: composing, which takes most of its time, is the same for all
        messages = [told(folder, fault) for fault in findings(quickly(*choices(folder)))["faults"]]
        printed = "".join([*messages, *capfd.readouterr()])
    assert len(messages) == 1, messages
    (message,) = messages
    assert describes(message, kind), message
    assert [other.name for other in CORPUS if describes(message, other)] == [kind.name]
    assert re.search(r"[;,(:] ", message)  # what is wrong, and what to do
    assert len(message) < 500
    assert keeps_secrets(printed)
    assert not (Path.cwd() / "pwned").exists()  # by the tag that would run code


def test_the_command_prints_nothing_but_the_fault(folder, capfd):
    """ITK prints what it thinks of a grid past Python."""
    kind = NAMES["volumes-nan_in_the_grid"]
    broken = choices(folder, *(kind.spoil(folder) or []))
    ended = run_here("npc", "cohort", "check", *broken)
    assert (ended.returncode, ended.stderr) == (2, "")
    assert tuple(capfd.readouterr()) == ("", "")
    assert ended.stdout.count("Fault: ") == 1
    assert describes(ended.stdout, kind)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tables-no_id", "dicom-two_series", "rtstruct-no_roi", "volumes-zero_bytes"])
def test_the_command_tells_what_the_check_finds(name, check, folder):
    kind = NAMES[name]
    assert not kind.spoil(folder)
    code, (message,), printed = check()
    assert code == 2
    assert describes(message, kind)
    assert keeps_secrets(printed)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tables-unknown_level", "configs-tag_that_would_run_code"])
def test_train_gives_the_same_message(name, folder):
    kind = NAMES[name]
    ended = run_here("train.py", *choices(folder, *(kind.spoil(folder) or [])))
    assert ended.returncode == 2
    assert ended.stderr.startswith("npc: ")
    assert describes(ended.stderr, kind)
    assert keeps_secrets(ended.stderr + ended.stdout)
