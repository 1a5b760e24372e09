"""Tune hyperparameters with Optuna. Each trial is an ordinary run; the same command continues a search that was killed.

    pip install optuna
    python examples/tune_with_optuna.py -c ELinFormer_small/City --epochs 20 --trials 30

docs/training.md explains it.
"""

import argparse
import shlex

import optuna
from basicts.runners.callback import BasicTSCallback
from optuna.storages.journal import JournalFileBackend, JournalStorage

from basicts_elin.config.overrides import with_overrides
from basicts_elin.errors import FailedRunError
from basicts_elin.training.launch.devices import parse_gpus
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.zoo.config_file import load_config


class Report(BasicTSCallback):
    """Reports the validation MAE of each epoch to a trial, and stops the run if the pruner says so."""

    def __init__(self, trial: optuna.Trial):
        self._trial = trial

    def on_validate_end(self, runner, *args, train_epoch, **kwargs) -> None:
        self._trial.report(runner.meter_pool.get_value("val/MAE"), train_epoch)

    def on_epoch_start(self, runner, *args, **kwargs) -> None:
        # the previous epoch is saved only now
        if self._trial.should_prune():
            raise optuna.TrialPruned

    def on_train_end(self, runner, *args, **kwargs) -> None:
        self._trial.set_user_attr("folder", runner.ckpt_save_dir)
        self.best = runner.best_metrics["val/MAE"]


def settings(trial: optuna.Trial) -> dict[str, float]:
    """The search space, with field names as in `--set`."""
    return {
        "optimizer_params.lr": trial.suggest_float("optimizer_params.lr", 1e-4, 1e-2, log=True),
        "optimizer_params.weight_decay": trial.suggest_float("optimizer_params.weight_decay", 1e-6, 1e-3, log=True),
        "model_config.dropout": trial.suggest_float("model_config.dropout", 0.0, 0.3, step=0.05),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--config", default="ELinFormer_small/SyntheticTraffic", help="MODEL/DATASET, or a file")
    parser.add_argument("--trials", type=int, default=20, help="trials in all, including those of earlier commands")
    parser.add_argument("--epochs", type=int, default=10, help="epochs of each run (default: 10)")
    parser.add_argument("--gpus", default="cpu", help="a device number, or cpu (default)")
    parser.add_argument("--study", default="tune.log", help="file that stores the trials (default: tune.log)")
    arguments = parser.parse_args()

    def objective(trial: optuna.Trial) -> float:
        fields = {**settings(trial), "num_epochs": arguments.epochs, "gpus": parse_gpus(arguments.gpus)}
        config = with_overrides(load_config(arguments.config), fields)
        # the hash names the folder and is computed once: here, without the callback, as in the command printed below
        assert config.md5
        report = Report(trial)
        config.callbacks.append(report)
        try:
            launch_training(config)
        except FailedRunError as error:
            if isinstance(error.__cause__, optuna.TrialPruned):
                raise optuna.TrialPruned from error
            raise
        return report.best

    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(arguments.study)),
        study_name=f"{arguments.config}, {arguments.epochs} epochs",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    )
    for killed in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.tell(killed.number, state=optuna.trial.TrialState.FAIL)
        # the same settings mean the same folder, so the run resumes
        study.enqueue_trial(killed.params)
    ended = study.get_trials(states=[optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED])
    study.optimize(objective, n_trials=max(arguments.trials - len(ended), 0), catch=[FailedRunError])

    best = study.best_trial
    print(f"best of {len(study.trials)} trials: number {best.number}, validation MAE {best.value:.4f}")
    print(f"its run: {best.user_attrs['folder']}")
    fields = [f"{name}={value}" for name, value in {"num_epochs": arguments.epochs, **best.params}.items()]
    command = ["basicts-elin", "train", "-c", arguments.config, "--gpus", arguments.gpus, "--seeds", "42", "43", "44"]
    # the best trial was partly lucky; other seeds show how much
    print(f"with more seeds: {shlex.join([*command, '--set', *fields])}")


if __name__ == "__main__":
    main()
