"""Successive halving: another search than the grid, which stops poor runs early.

Optuna decides (its pruner after Li et al., MLSys 2020, asynchronous) and keeps the books, in a journal beside the runs
that several processes may write. What is stopped depends on which runs were through first, so that two such sweeps need
not end alike; what goes to its end is the same run as in a grid.
"""

import warnings

from npc.sweep.plan import Planned


class Judge:
    """Says whether a run is poor beside those of its variant that came as far.

    Args:
        run: of a file with `early_terminate`.
    """

    def __init__(self, run: Planned) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        assert run.halving is not None
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.filterwarnings("ignore", module="optuna")  # a resumed run tells its last epoch again
        run.folder.parent.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(run.folder.parent / ".halving.journal"))),
            study_name=f"{run.variant}-{run.halving.epochs}-{run.halving.factor}",
            direction="maximize",
            pruner=optuna.pruners.SuccessiveHalvingPruner(run.halving.epochs, run.halving.factor),
            load_if_exists=True,
        )
        before = [trial for trial in study.get_trials(deepcopy=False) if trial.user_attrs.get("run_key") == run.key]
        if before:  # it was killed, and goes on
            self.trial = optuna.trial.Trial(study, before[0]._trial_id)
        else:
            self.trial = study.ask()
            self.trial.set_user_attr("run_key", run.key)

    def __call__(self, epochs: int, auc: float) -> bool:
        """Whether to stop the run.

        Args:
            epochs: that are finished.
            auc: the best of them, internal validation.
        """
        self.trial.report(auc, epochs)
        return self.trial.should_prune()
