"""What is frozen is the same after a training: weights and batch norm's averages."""

import pytest
import torch
from torch.utils.data import DataLoader

from npc.errors import InputError
from npc.signature.callbacks import RecalibrateBatchNorm
from tests.signature.test_module import Patients, fit, module


def state(signature: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in signature.state_dict().items() if "num_batches" not in name}


@pytest.mark.parametrize("recalibrate", [True, False])
def test_frozen_stages_keep_weights_and_averages_and_the_others_do_not(recalibrate):
    signature = module("network.freeze=layer1", "optimizer.lr=0.01", sequences=2)
    for tower in signature.network.towers:  # as if trained before: averages that no training here would give
        for name, value in tower.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                value += 0.01
    before = state(signature)
    fit(signature, callbacks=[RecalibrateBatchNorm(DataLoader(Patients(12, 2), 4))] if recalibrate else [])
    after = state(signature)
    same = {name for name in before if torch.equal(before[name], after[name])}
    # layers 0 to 5 of the tiny network are its stem and layer1: convolution, batch norm and ReLU each
    frozen = {n for n in before if n.startswith("network.towers") and int(n.split(".")[3]) < 6}
    assert len(frozen) == 2 * 2 * 5
    assert same == frozen


@pytest.mark.slow
def test_a_frozen_batch_norm_gives_what_it_gives_in_evaluation():
    """Also while the rest is trained."""
    frozen, free = module("network=resnet18", "network.freeze=layer4"), module("network=resnet18")
    frozen.load_state_dict(free.state_dict(), strict=False)
    x = Patients(3).x
    torch.testing.assert_close(frozen.train().network(x), free.eval().network(x), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_the_small_network_can_be_frozen():
    signature = module("network=small", "network.freeze=layer4", "optimizer.lr=0.01")
    before = state(signature)
    fit(signature, epochs=1)
    after = state(signature)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"network.heads.0.weight", "network.heads.0.bias"}


def test_a_stage_that_the_backbone_lacks_is_reported_with_those_it_has():
    with pytest.raises(InputError, match=r"^network\.freeze=layer4: this backbone has the stages stem, l"):
        module("network.freeze=layer4")
