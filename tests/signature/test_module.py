import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from sklearn.metrics import log_loss, roc_auc_score
from torch.utils.data import DataLoader, Dataset

from npc.config.values import plain
from npc.errors import InputError
from npc.signature.endpoints import Hazard, Outcome
from npc.signature.module import SignatureModule
from tests.config.composed import composed


def endpoint(kind: str = "Binary", **arguments: object) -> dict[str, object]:
    return {"_target_": f"npc.signature.endpoints.{kind}", **arguments}


def module(
    *overrides: str, sequences: int = 1, channels: int = 1, pooled: bool = False, **chosen: object
) -> SignatureModule:
    config = plain(composed("network=tiny", *overrides))
    torch.manual_seed(0)
    return SignatureModule(config["network"], config["optimizer"], endpoint(**chosen), sequences, channels, pooled)


class Patients(Dataset):
    """Images of noise; every third patient has the event."""

    def __init__(self, n: int, sequences: int = 1) -> None:
        generator = torch.Generator().manual_seed(1)
        self.x = torch.rand(n, sequences, 1, 16, 16, generator=generator)
        label = (torch.arange(n) % 3 == 0).float()
        self.outcome = Outcome(label, 10 + torch.rand(n, generator=generator) * 50, label)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, Outcome]:
        return self.x[number], Outcome(*(part[number] for part in self.outcome))


def labelled(*label: float) -> Outcome:
    """Patients of whom only the label is used."""
    return Outcome(torch.tensor(label), torch.ones(len(label)), torch.zeros(len(label)))


def fit(signature: SignatureModule, n: int = 12, epochs: int = 2, callbacks: list | None = None) -> pl.Trainer:
    data = Patients(n, len(signature.network.towers))
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=callbacks,
    )
    trainer.fit(signature, DataLoader(data, 4), DataLoader(data, 5))
    return trainer


def test_loss_is_the_mean_cross_entropy():
    logits, outcome = torch.tensor([[[-1.5]], [[0.2]], [[3.0]]]), labelled(0, 1, 0)
    risk = 1 / (1 + np.exp(-logits.numpy()[:, 0, 0].astype(float)))
    assert float(module().loss(logits, outcome)) == pytest.approx(log_loss(outcome.label.numpy(), risk), rel=1e-6)


def test_event_weight_multiplies_the_loss_of_an_event():
    logits, outcome = torch.tensor([[[-1.5]], [[0.2]], [[3.0]]]), labelled(0, 1, 0)
    risk = 1 / (1 + np.exp(-logits.numpy()[:, 0, 0].astype(float)))
    each = -np.log(np.where(outcome.label.numpy() == 1, risk, 1 - risk))
    assert float(module(event_weight=2.5).loss(logits, outcome)) == pytest.approx((each * [1, 2.5, 1]).mean(), rel=1e-6)


def test_two_signatures_share_the_loss_equally():
    """Each is trained as if it were alone."""
    logits, outcome = torch.tensor([[[-1.5], [0.3]], [[0.2], [2.0]]]), labelled(0, 1)
    signature = module()
    alone = [signature.loss(logits[:, [i]], outcome) for i in range(2)]
    assert alone[0] != alone[1]
    assert float(signature.loss(logits, outcome)) == pytest.approx(float(sum(alone)) / 2, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("decay", [0, 0.05])
def test_the_learning_rate_of_each_update_is_that_of_keras(decay):
    rates = []

    class Watch(pl.Callback):
        def on_before_optimizer_step(self, trainer, pl_module, optimizer):
            rates.append(optimizer.param_groups[0]["lr"])

    fit(module("optimizer.lr=0.003", f"optimizer.decay={decay}"), callbacks=[Watch()])
    np.testing.assert_allclose(rates, [0.003 / (1 + decay * update) for update in range(6)], rtol=1e-12)


def test_an_update_is_keras_rmsprop():
    """Keras 2.1.3: a = rho a + (1 - rho) g^2; p = p - lr g / (sqrt(a) + epsilon)."""
    signature = module("optimizer.lr=0.01", "optimizer.decay=0.1").double()
    configured = signature.configure_optimizers()
    optimizer, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    x, outcome = Patients(6)[:]
    p = [parameter.detach().numpy().copy() for parameter in signature.parameters()]
    a = [np.zeros_like(values) for values in p]
    for update in range(3):
        optimizer.zero_grad()
        signature.loss(signature.network(x.double()), outcome).backward()
        for i, parameter in enumerate(signature.parameters()):
            g = parameter.grad.numpy()
            a[i] = 0.9 * a[i] + 0.1 * g**2
            p[i] -= 0.01 / (1 + 0.1 * update) * g / (np.sqrt(a[i]) + 1e-7)
        optimizer.step()
        schedule.step()
        for expected, parameter in zip(p, signature.parameters(), strict=True):
            np.testing.assert_allclose(parameter.detach().numpy(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_every_parameter_is_trained():
    signature = module("optimizer.lr=0.01", "network.join=mean", sequences=2)
    before = {name: parameter.detach().clone() for name, parameter in signature.named_parameters()}
    fit(signature, epochs=1)
    assert not [name for name, parameter in signature.named_parameters() if torch.equal(parameter, before[name])]


def test_risk_is_a_float64_probability_that_rises_with_the_logit():
    signature = module().eval()
    x = Patients(20).x
    with torch.no_grad():
        risk, logits = signature(x), signature.network(x)[:, 0, 0]
    assert risk.dtype == torch.float64
    assert risk.shape == (20,)
    assert ((risk >= 0) & (risk <= 1)).all()
    assert len(set(logits.tolist())) > 1
    assert torch.equal(risk.argsort(), logits.argsort())
    torch.testing.assert_close(risk, 1 / (1 + torch.exp(-logits.double())))


def test_large_logits_give_different_risks():
    """In float32 every probability of a logit above 17 would be 1, and the ranks of patients ties."""
    signature = module().eval()
    signature.network.heads[0].bias.data += 20
    x = Patients(20).x
    risk = signature(x)
    assert len(set(risk.tolist())) == len(set(signature.network(x)[:, 0, 0].tolist()))


def test_risk_of_two_signatures_is_their_mean():
    signature = module("network.join=mean", sequences=2).eval()
    x = Patients(4, 2).x
    logits = signature.network(x).double()
    assert logits.shape == (4, 2, 1)
    torch.testing.assert_close(signature(x), torch.sigmoid(logits).sum((1, 2)) / 2)


@pytest.mark.parametrize("join", ["mean", "towers"])
def test_every_signature_has_an_output_for_each_interval(join):
    cuts = [12.0, 24.0, 61.0]
    signature = module(f"network.join={join}", sequences=2, kind="Hazard", cuts=cuts).eval()
    x, outcome = Patients(4, 2)[:]
    output = signature.network(x).detach()
    assert output.shape == (4, 2 if join == "mean" else 1, 3)
    each = [Hazard(cuts).risk(part.double()) for part in output.unbind(1)]
    torch.testing.assert_close(signature(x), sum(each) / len(each))
    losses = [float(Hazard(cuts).loss(part, outcome)) for part in output.unbind(1)]
    assert float(signature.loss(output, outcome)) == pytest.approx(np.mean(losses), rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("overrides", "sequences"), [((), 1), (("network.join=mean",), 2)])
def test_validation_is_measured_over_all_patients(overrides, sequences):
    """12 patients in batches of 5: neither value is a mean over batches."""
    signature = module("optimizer.lr=0.01", *overrides, sequences=sequences)
    trainer = fit(signature)
    x, (label, _, _) = Patients(12, sequences)[:]
    signature.eval()
    with torch.no_grad():
        risk, logits = signature(x), signature.network(x).double()[:, :, 0]
    each = torch.sigmoid(logits).numpy()
    measured = trainer.callback_metrics
    assert float(measured["val_auc"]) == pytest.approx(roc_auc_score(label, risk), abs=1e-6)
    loss = np.mean([log_loss(label.numpy(), each[:, i]) for i in range(each.shape[1])])
    assert float(measured["val_loss"]) == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize("chosen", [{"kind": "Cox"}, {"kind": "Hazard", "cuts": [20.0, 61.0]}], ids=["cox", "hazard"])
def test_validation_of_times_is_measured_over_all_patients(chosen):
    """A partial likelihood of batches would have other risk sets."""
    signature = module("optimizer.lr=0.01", **chosen)
    measured = fit(signature).callback_metrics
    x, outcome = Patients(12)[:]
    signature.eval()
    with torch.no_grad():
        risk, output = signature(x), signature.network(x).double()
    assert float(measured["val_auc"]) == pytest.approx(roc_auc_score(outcome.label, risk), abs=1e-6)
    assert float(measured["val_loss"]) == pytest.approx(float(signature.loss(output, outcome)), abs=1e-6)


def test_training_loss_of_an_epoch_is_the_mean_over_patients():
    losses = []

    class Watch(pl.Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            losses.append((float(outputs["loss"]), len(batch[0])))

    trainer = fit(module(), n=10, epochs=1, callbacks=[Watch()])
    values, sizes = zip(*losses, strict=True)
    assert sizes == (4, 4, 2)
    assert float(trainer.callback_metrics["train_loss"]) == pytest.approx(np.average(values, weights=sizes), rel=1e-6)


def test_divergence_names_the_rate():
    with pytest.raises(InputError, match=r"^optimizer\.lr=1e\+30: training diverged.*lower rate"):
        fit(module("optimizer.lr=1e30"), epochs=5)


def test_divergence_of_the_validation_patients_names_the_rate():
    signature = module()
    signature.network.heads[0].bias.data[:] = torch.nan
    signature.validation_step(Patients(4)[:], 0)
    with pytest.raises(InputError, match=r"^optimizer\.lr=0\.0001: training diverged"):
        signature.on_validation_epoch_end()
