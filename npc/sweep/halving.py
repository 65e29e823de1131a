"""Successive halving: a search that, unlike the grid, stops runs with a low validation AUC early.

Optuna decides (asynchronous successive halving, Li et al., MLSys 2020) and records the trials in a journal next to the
runs, which several processes may write. Which runs are stopped depends on the order in which they finish, so that two
such sweeps may differ; a run that is not stopped is the same as in a grid.
"""

import warnings

from npc.sweep.plan import Planned


class Judge:
    """Decides whether to stop a run, by comparison with the runs of its variant that were trained for as many epochs.

    Args:
        run: of a file with `early_terminate`.
    """

    def __init__(self, run: Planned) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        assert run.halving is not None
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.filterwarnings("ignore", module="optuna")  # a resumed run reports its last epoch twice
        run.folder.parent.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(run.folder.parent / ".halving.journal"))),
            study_name=f"{run.variant}-{run.halving.epochs}-{run.halving.factor}",
            direction="maximize",
            pruner=optuna.pruners.SuccessiveHalvingPruner(run.halving.epochs, run.halving.factor),
            load_if_exists=True,
        )
        before = [trial for trial in study.get_trials(deepcopy=False) if trial.user_attrs.get("run_key") == run.key]
        if before:  # it was interrupted, and resumes
            self.trial = optuna.trial.Trial(study, before[0]._trial_id)
        else:
            self.trial = study.ask()
            self.trial.set_user_attr("run_key", run.key)

    def __call__(self, epochs: int, auc: float) -> bool:
        """Whether to stop the run.

        Args:
            epochs: number of finished epochs.
            auc: the highest AUC of these epochs in the internal validation cohort.
        """
        self.trial.report(auc, epochs)
        return self.trial.should_prune()
