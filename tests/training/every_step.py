"""A remedy for bare BasicTS, which our own loop does not need."""

from basicts.runners.callback import BasicTSCallback


class EveryStep(BasicTSCallback):
    """Has BasicTS's own loop take the last step, too (BasicTS defect 4), so that it can be compared with ours."""

    def on_epoch_start(self, runner, *args, **kwargs):
        runner.num_steps = runner.num_epochs * runner.steps_per_epoch + 1
