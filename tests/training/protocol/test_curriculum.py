"""The steps that the loss sees, by training batches."""

import pytest
from basicts.runners.callback import BasicTSCallback
from basicts.utils import RunnerStatus
from refusal import refuses
from tiny import Interrupt, forget_loggers, ours

from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.training.protocol.curriculum import HorizonCurriculum


class Seen(BasicTSCallback):
    """Notes the steps of each batch, by what the run is doing."""

    def __init__(self):
        self.steps = {status: [] for status in RunnerStatus}

    def on_compute_loss(self, runner, *args, forward_return, **kwargs):
        shapes = {forward_return[name].shape[1] for name in ("prediction", "targets", "targets_mask")}
        assert len(shapes) == 1
        self.steps[runner.status] += shapes


def seen(batches_per_step, **fields):
    noted = Seen()
    launch_training(ours(callbacks=[HorizonCurriculum(batches_per_step), noted, Interrupt()], **fields))
    return noted.steps


def test_one_more_step_after_so_many_batches(tiny):
    steps = seen(2, num_epochs=3)
    assert steps[RunnerStatus.TRAINING] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8]
    assert set(steps[RunnerStatus.VALIDATING]) == set(steps[RunnerStatus.EVALUATING]) == {12}


def test_all_steps_at_the_end(tiny):
    assert seen(1, num_epochs=3)[RunnerStatus.TRAINING] == [*range(1, 13), 12, 12, 12]


@pytest.mark.parametrize(("epochs", "said"), [(2, "10 of 12"), (3, None)])
def test_a_run_that_ends_before_the_last_stage_says_so(tiny, epochs, said):
    folder = launch_training(ours(callbacks=[HorizonCurriculum(1)], num_epochs=epochs))
    (log,) = folder.glob("training_log_*.log")
    lines = [line for line in log.read_text().splitlines() if "HorizonCurriculum" in line]
    assert [said in line for line in lines] == ([True] if said else [])


def test_an_interrupted_run_goes_on_where_it_was(tiny):
    Interrupt.at = 2
    with pytest.raises(KeyboardInterrupt):
        seen(2, num_epochs=3)
    Interrupt.at = None
    forget_loggers()
    assert seen(2, num_epochs=3)[RunnerStatus.TRAINING] == [3, 4, 4, 5, 5, 6, 6, 7, 7, 8]


def test_batches_are_counted_not_optimizer_steps(tiny):
    assert seen(2, num_epochs=1, accumulate=2)[RunnerStatus.TRAINING] == [1, 1, 2, 2, 3]


def test_the_stage_is_in_the_hash(workplace):
    hashes = {ours(callbacks=[HorizonCurriculum(batches)]).md5 for batches in (2, 3, 3)}
    assert len(hashes) == 2


@pytest.mark.parametrize("batches", [0, 2.5, None])
def test_a_stage_is_a_number_of_batches(batches):
    with refuses("HorizonCurriculum(batches_per_step=...)", found=repr(batches), expected="1 or more"):
        HorizonCurriculum(batches)
