"""A patient's risk from all slices of the tumour."""

import pytest
import torch

from npc.signature.pooling import GatedAttention, PooledSlices
from tests.signature.test_module import module

POOLS = pytest.mark.parametrize("pool", ["attention", "mean", "area"])


def slices(*outlined: int, most: int = 6) -> torch.Tensor:
    """Patients (batch, slice, row, column) with so many slices of a tumour, then empty ones."""
    x = torch.rand(len(outlined), most, 16, 16, generator=torch.Generator().manual_seed(1)) + 0.1
    for patient, count in enumerate(outlined):
        x[patient, count:] = 0
    return x


def pooling(pool: str) -> PooledSlices:
    """In evaluation: batch norm would let the slices of a batch change each other."""
    tower = module(f"network.pool={pool}", pooled=True, channels=6).network.towers[0]
    assert isinstance(tower, PooledSlices)
    return tower.eval()


@POOLS
def test_weights_sum_to_1_and_padded_slices_have_none(pool):
    pooled = pooling(pool)
    weights = pooled.weights(*pooled.encode(slices(6, 3, 1)))
    torch.testing.assert_close(weights.sum(1), torch.ones(3))
    assert (weights[1, 3:] == 0).all()
    assert weights[2, 0] == 1
    assert (weights[0] > 0).all()
    equal = torch.allclose(weights[0], torch.full((6,), 1 / 6))
    assert equal == (pool in ("mean", "area"))  # the outlines of `slices` have one area


@POOLS
def test_the_order_and_the_number_of_padded_slices_do_not_matter(pool):
    pooled, x = pooling(pool), slices(6, 3, 1)
    turned = x[:, torch.tensor([4, 0, 5, 2, 1, 3])]
    longer = torch.cat([torch.zeros(3, 2, 16, 16), x], dim=1)
    torch.testing.assert_close(pooled(turned), pooled(x))
    torch.testing.assert_close(pooled(longer), pooled(x))
    assert not torch.allclose(pooled(x[:1, :5]), pooled(x[:1]))


def test_the_pooled_features_are_the_weighted_mean_of_the_encoded_slices():
    pooled, x = pooling("attention"), slices(4)
    each = torch.cat([pooled.encoder(x[:, [number]]) for number in range(4)])
    weights = pooled.attention(each[None]).softmax(1)[0]
    torch.testing.assert_close(pooled(x)[0], (weights[:, None] * each).sum(0))


def test_by_area_a_slice_has_the_weight_of_its_outline():
    x = slices(3)
    x[0, 1, 4:] = 0  # a quarter of the first one's 256 pixels
    x[0, 2, 1:] = 0
    pooled = pooling("area")
    torch.testing.assert_close(pooled.weights(*pooled.encode(x))[0, :3], torch.tensor([256, 64, 16]) / 336)


def test_the_attention_is_gated():
    """w (tanh(V h) * sigmoid(U h))."""
    attention, h = GatedAttention(5, hidden=7), torch.rand(2, 3, 5)
    v = torch.tanh(h @ attention.content.weight.T + attention.content.bias)
    u = torch.sigmoid(h @ attention.gate.weight.T + attention.gate.bias)
    torch.testing.assert_close(attention(h), ((v * u) @ attention.score.weight.T)[..., 0])


@POOLS
def test_a_tumour_that_was_moved_out_of_the_image_gives_no_nan(pool):
    assert torch.isfinite(pooling(pool)(slices(2, 0))).all()


def test_the_attention_learns():
    """Its weights get a gradient, and so does each slice with tumour."""
    signature = module(pooled=True, channels=6).eval()
    x = slices(6, 2)[:, None].requires_grad_()
    signature.network(x).sum().backward()
    assert all(p.grad.abs().sum() > 0 for n, p in signature.named_parameters() if "attention" in n and "score" in n)
    moved = x.grad[:, 0].flatten(2).abs().sum(2) > 0
    assert moved.sum(1).tolist() == [6, 2]


@pytest.mark.parametrize("join", ["towers", "mean"])
def test_each_sequence_has_an_encoder_and_weights_of_its_own(join):
    signature = module(f"network.join={join}", sequences=2, pooled=True, channels=3).eval()
    assert len(signature.network.towers) == 2
    assert signature(torch.rand(4, 2, 3, 16, 16)).shape == (4,)
    assert len({id(tower.attention) for tower in signature.network.towers}) == 2


def test_stages_are_those_of_the_encoder():
    pooled = module("network=small", "network.freeze=layer4", pooled=True, channels=2)
    free = {name.split(".")[3] for name, p in pooled.named_parameters() if p.requires_grad and "towers" in name}
    assert free == {"attention"}


@pytest.mark.slow
def test_a_run_uses_all_slices_and_names_its_variant(trained):
    run = trained("slices=all", "preprocess.slices=4", "trainer.max_epochs=1", "preprocess.size=16")
    assert run.path.parent.name == "cet1-all"
    assert run.predictions["risk"].nunique() > 50
    assert run.weights["network.towers.0.encoder.0.weight"].shape[1] == 1
    assert "network.towers.0.attention.score.weight" in run.weights
