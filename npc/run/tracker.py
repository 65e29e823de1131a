"""Reports predictions and metrics of a run to Weights & Biases, if the config asks for it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from omegaconf import DictConfig

from npc.config.values import plain
from npc.errors import InputError
from npc.run.folder import RunFolder

if TYPE_CHECKING:
    import wandb


@dataclass(frozen=True)
class Tracker:
    """The tracker of one run.

    Attributes:
        run: its folder.
        tracked: the run of Weights & Biases; None where there is no tracking.
    """

    run: RunFolder
    tracked: "wandb.Run | None" = None

    def report(self, predictions: pd.DataFrame, metrics: Mapping[str, Any]) -> None:
        """Reports a finished run whose `predictions.csv` is written."""
        if self.tracked is None:
            return
        import wandb

        self.tracked.log({"predictions": wandb.Table(dataframe=predictions)})
        self.tracked.summary.update(dict(metrics))
        artifact = wandb.Artifact(f"predictions-{self.run.path.name}", type="predictions")
        artifact.add_file(str(self.run.path / "predictions.csv"))
        self.tracked.log_artifact(artifact)


@contextmanager
def track(config: DictConfig, run: RunFolder) -> Iterator[Tracker]:
    """The tracker that the config asks for.

    A W&B run has the run key as its id and ends with the right exit code, whatever ends it. Under an agent it is the
    agent's run: it has the agent's id, and it is online, as a user of an agent expects.

    Args:
        config: of the run; `logger` names the tracker.
        run: its folder's name is the run key.
    """
    settings = config.logger
    if settings.name != "wandb":
        yield Tracker(run)
        return

    import wandb

    agent = _is_agents()
    mode = os.environ.get("WANDB_MODE", "online" if agent else "offline")
    try:
        tracked = wandb.init(
            id=None if agent else run.path.name,
            name=f"{run.path.parent.name}-{run.path.name}",
            project=settings.project,
            entity=settings.entity,
            tags=list(settings.tags),
            dir=run.path,
            mode=mode,  # type: ignore[arg-type]  # wandb checks it
            resume="allow",
            config=plain(config),
        )
    except (wandb.Error, ValueError) as error:
        raise InputError(f"logger=wandb (WANDB_MODE={mode}): {error}") from None
    code = 1
    try:
        yield Tracker(run, tracked)
        code = 0
    except InputError:
        code = 2
        raise
    except KeyboardInterrupt:
        code = 130
        raise
    finally:
        tracked.finish(exit_code=code)


def report_complete(config: DictConfig, run: RunFolder) -> None:
    """Reports a run that was already complete to the W&B agent that asked for it, so that its sweep has the run too."""
    if config.logger.name == "wandb" and _is_agents():
        with track(config, run) as tracker:
            tracker.report(pd.read_csv(run.path / "predictions.csv", dtype={"patient_id": str}), run.metrics)


def _is_agents() -> bool:
    """Whether a W&B agent started this process."""
    return "WANDB_SWEEP_ID" in os.environ
