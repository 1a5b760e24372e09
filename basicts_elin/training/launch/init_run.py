"""The checkpoint that `train --init RUN` starts from."""

from pathlib import Path

from basicts.configs import BasicTSForecastingConfig

from ...errors import UserError
from ..runner.checkpoints import best_checkpoint_file

_MARK = "_best_val_"
_EXPECTED = "the folder of a run, as train prints it"


def init_checkpoint(run: str, config: BasicTSForecastingConfig) -> str:
    """The best checkpoint in the folder of a run, for the field `init_from`.

    The path is relative if it is below the working folder, so that the run has the same hash however it is written.
    Raises: UserError for a folder without such a checkpoint of the configuration's model.
    """
    folder, model = Path(run), config.model.__name__
    if not folder.is_dir():
        raise UserError("--init", run, _EXPECTED, f"--init {folder.parent}" if folder.is_file() else "")
    found = best_checkpoint_file(folder, model, f"val/{config.target_metric}")
    if not found.is_file():
        others = sorted(folder.glob(f"*{_MARK}*.pt"))
        names = sorted({file.name.partition(_MARK)[0] for file in others})
        if not others:
            raise UserError("--init", f"no best checkpoint in {run}", _EXPECTED, "train that run for one epoch or more")
        if names != [model]:
            expected = f"a run of {model}, as in the configuration"
            fix = f"--set finetune_from={others[0]} takes the weights alone" if f"Legacy{names[0]}" == model else ""
            raise UserError("--init", f"{run}, a run of {', '.join(names)}", expected, fix)
        found = others[0]
    found, here = found.resolve(), Path.cwd().resolve()
    return (found.relative_to(here) if found.is_relative_to(here) else found).as_posix()
