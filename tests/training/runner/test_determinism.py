import torch
from tiny import DIMS, metrics, ours, record, weights

from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin.training.launch.launcher import best_checkpoint, launch_training


def trained(folder, **differences):
    config = ours(ELinFormer, ELinFormerConfig(**DIMS), num_epochs=2, ckpt_save_dir=folder, **differences)
    run = launch_training(config)
    return weights(best_checkpoint(config)), metrics(run), record(run)["seed"]


def test_the_same_seed_gives_the_same_weights_and_metrics(tiny):
    first, second, other = trained("a"), trained("b"), trained("c", seed=7)
    assert first[0].keys() == second[0].keys()
    assert all(torch.equal(first[0][name], second[0][name]) for name in first[0])
    assert first[1] == second[1]
    assert not any(torch.equal(first[0][name], other[0][name]) for name in first[0] if "norm" not in name)
    assert first[1]["overall"] != other[1]["overall"]
    assert (first[2], second[2], other[2]) == (42, 42, 7)
