"""The risks of patients by a network."""

import numpy as np
import pandas as pd
import torch

from npc.signature.data import SliceDataModule
from npc.signature.module import SignatureModule


@torch.no_grad()
def predict(module: SignatureModule, data: SliceDataModule, device: torch.device) -> tuple[pd.Series, np.ndarray]:
    """Risk and output of all patients, each split in batches of its own: a sum's rounding depends on the batch.

    Args:
        module: with its weights.
        data: of the patients.
        device: on which it runs.

    Returns:
        `risk`, indexed by patient, and the outputs in the same order, (patients, signatures, outputs).
    """
    module.to(device).eval()
    outputs = [
        module.network(x.to(device)).double() for split in data.datasets for x, _ in data.plain_dataloader(split)
    ]
    risks = torch.cat([module.risk(output).cpu() for output in outputs])
    patients = np.concatenate([dataset.patients for dataset in data.datasets.values()])
    return pd.Series(risks.numpy(), patients, name="risk"), torch.cat([output.cpu() for output in outputs]).numpy()
