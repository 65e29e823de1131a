"""Where the metrics of a run go besides its folder."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
from omegaconf import DictConfig
from pytorch_lightning.loggers import CSVLogger, Logger, WandbLogger

from npc.config import plain
from npc.errors import InputError
from npc.run.folder import RunFolder

Report = Callable[[pd.DataFrame, dict[str, Any]], None]


@contextmanager
def open_logger(config: DictConfig, run: RunFolder) -> Iterator[tuple[Logger, Report]]:
    """A Lightning logger, and a function that reports predictions and metrics of the finished run.

    A W&B run has the run key as its id and ends with the right exit code, whatever ends it. Under an agent it is the
    agent's run: the id is the agent's, and it is online, for who starts an agent asks for that.

    Args:
        config: of the run; `logger` says which.
        run: its folder's name is the run key.
    """
    settings = config.logger
    if settings.name == "csv":
        # a resumed run gets a version of its own, so nothing that was logged is lost
        yield CSVLogger(run.path, name="csv"), lambda predictions, metrics: None
        return

    import wandb

    agent = "WANDB_SWEEP_ID" in os.environ
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

    def report(predictions: pd.DataFrame, metrics: dict[str, Any]) -> None:
        tracked.log({"predictions": wandb.Table(dataframe=predictions)})
        tracked.summary.update(metrics)
        artifact = wandb.Artifact(f"predictions-{run.path.name}", type="predictions")
        artifact.add_file(str(run.path / "predictions.csv"))
        tracked.log_artifact(artifact)

    code = 1
    try:
        yield WandbLogger(experiment=tracked), report
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
    """Reports a run that was complete already: an agent asked for it, and its sweep must not lack it."""
    with open_logger(config, run) as (_, report):
        report(pd.read_csv(run.path / "predictions.csv", dtype={"patient_id": str}), run.metrics)
