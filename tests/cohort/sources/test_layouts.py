"""Data sets in the layouts of nnU-Net, BIDS and HECKTOR become cohorts whose files can be read."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from npc.cohort.cohort import Cohort
from npc.cohort.load import load
from npc.cohort.sources import bids, hecktor, nnunet
from npc.errors import InputError
from npc.imaging.readers import read_scan
from tests.cohort.sources import trees
from tests.commands import ROOT


def loaded(name: str, root: Path, sequence: str, **changes: object) -> Cohort:
    """The cohort of a source as its config in `conf/` declares it, with its own endpoint."""
    config = OmegaConf.load(ROOT / "conf" / "cohort" / f"{name}.yaml")
    config.pop("defaults", None)
    own = {"root": str(root), "missing": "error", **changes}
    names = ("relapse", "rfs_months") if name == "hecktor" else ("dm_event", "dmfs_months")
    endpoint = OmegaConf.create(dict(zip(("event", "time"), names, strict=True)))
    return load(OmegaConf.merge(config, own), endpoint, [sequence])


@pytest.mark.parametrize(("version", "sequence"), [(1, "ce_t1"), (2, "cet1")])
def test_nnunet(tmp_path, version, sequence):
    root = trees.nnunet(tmp_path, version=version)
    cohort = loaded("nnunet", root, sequence, sequences=["t1", sequence])
    assert len(cohort.patients) == 8
    assert "separated by commas, 8 rows; not in it are 1 cases of labelsTr: NPC_008" in cohort.read
    study = cohort.studies(sequence)[3]
    assert study.image == root / "imagesTr" / "NPC_003_0001.nii.gz"
    assert (read_scan(study).mask == trees.OUTLINE).all()


def test_nnunet_faults(tmp_path):
    with pytest.raises(InputError, match=r"dataset\.json is missing; set cohort\.root to a folder in the layout"):
        nnunet.read(tmp_path, ["t1"])
    root = trees.nnunet(tmp_path)
    with pytest.raises(InputError, match=r"dataset\.json has no channel t2; its channels are T1, CET1"):
        nnunet.read(root, ["t1", "t2"])
    (root / "imagesTr" / "NPC_002_0000.nii.gz").unlink()
    with pytest.raises(InputError, match=r"patient NPC_002: no t1 image; give it, or exclude"):
        loaded("nnunet", root, "t1", sequences=["t1"])
    (root / "dataset.json").write_text("{")
    with pytest.raises(InputError, match=r"dataset\.json can't be read"):
        nnunet.read(root, ["t1"])


def test_bids(tmp_path):
    root = trees.bids(tmp_path)
    cohort = loaded("bids", root, "cet1", sequences=["t1w", "cet1"], files={"cet1": "*_ce-*_T1w"})
    assert cohort.patients["centre"].tolist() == list("ABABABAB")
    assert cohort.patients.at["sub-03", "sex"] == ""
    plain, contrast = (cohort.studies(sequence)[3] for sequence in ("t1w", "cet1"))
    assert plain.image.name == "sub-03_ses-1_T1w.nii.gz"
    assert contrast.image.name == "sub-03_ses-1_ce-gadolinium_T1w.nii.gz"
    assert plain.outlines == contrast.outlines
    assert (read_scan(contrast).mask == trees.OUTLINE).all()


def test_bids_faults(tmp_path):
    root = trees.bids(tmp_path)
    for number in (1, 2):
        patient = f"sub-{number:02d}"
        trees.image(root / patient / "ses-2" / "anat" / f"{patient}_ses-2_T1w.nii.gz")
    trees.write(root / "derivatives" / "nodes" / "sub-03" / "sub-03_desc-node_mask.nii.gz", trees.OUTLINE)
    with pytest.raises(InputError) as caught:
        bids.read(root, ["t1w"])
    assert [fault.partition(":")[0] for fault in caught.value.faults] == [f"participant sub-0{n}" for n in (1, 2, 3)]
    assert "2 files can be its images of t1w: sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz, sub-01/ses-2" in str(
        caught.value
    )
    files, masks = {"t1w": "*_ses-1_t1w"}, {"t1w": "*_desc-tumour_mask"}
    table, _ = bids.read(root, ["t1w"], files, masks)
    assert table["t1w_mask"].str.endswith("_ses-1_desc-tumour_mask.nii.gz").all()
    (root / "participants.tsv").write_text("participant_id\n../x\n\nsub-*\n")
    with pytest.raises(InputError) as caught:
        bids.read(root, ["t1w"])
    assert "line 2: participant_id is '../x'; BIDS writes sub-" in str(caught.value)
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize("by_folder", [False, True])
def test_hecktor(tmp_path, by_folder):
    root = trees.hecktor(tmp_path, by_folder=by_folder)
    cohort = loaded("hecktor", root, "ct")
    assert cohort.patients["relapse"].sum() == 4
    assert cohort.patients["age"].tolist() == [51, 53, 55, 57, 50, 52, 54, 56]
    assert cohort.patients.at["CHUM-003", "rfs_months"] == pytest.approx(330 / 30.4375)
    assert cohort.read.endswith("hecktor2022_clinical_info_training.csv, 8 patients with outcome")
    mask = read_scan(cohort.studies("ct")[0]).mask
    assert mask.sum() == trees.OUTLINE.sum() - 1  # without the node


def test_a_folder_for_each_patient_with_a_table_of_ones_own(tmp_path):
    for number in range(4):
        trees.image(tmp_path / f"P{number}" / "T2.nii.gz")
        trees.write(tmp_path / f"P{number}" / "mask.nii.gz", trees.OUTLINE)
    trees.outcomes(tmp_path, [f"P{number}" for number in range(4)])
    table, root = hecktor.read(tmp_path, ["t2"])
    assert root == tmp_path
    assert table["t2_image"].tolist() == [f"P{number}/T2.nii.gz" for number in range(4)]
    assert table["t2_mask"].tolist() == [f"P{number}/mask.nii.gz" for number in range(4)]


def test_hecktor_faults(tmp_path):
    with pytest.raises(InputError, match=r"holds neither patients\.csv nor a sheet of the challenge with PatientID"):
        hecktor.read(tmp_path, ["ct"])
    root = trees.hecktor(tmp_path)
    trees.image(root / "copy" / "chuv-000__ct.nii.gz")
    with pytest.raises(InputError, match=r"patient CHUV-000: 2 files can be the ct_image: copy/.*; keep one"):
        hecktor.read(root, ["ct"])
    (Path(root) / "copy" / "chuv-000__ct.nii.gz").unlink()
    with pytest.raises(InputError, match="no pt image"):
        loaded("hecktor", root, "pt", sequences=["ct", "pt"])
