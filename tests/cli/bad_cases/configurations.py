"""Configurations and options. A line is a case: its name, what is broken, the command, what it says."""

from cli.bad_input import NOTHING, TRAIN, config, folder_at, write
from cli.commands import CONFIG
from tiny import DIMS

OTHER = TRAIN.replace("cfg/Tiny_small/Tiny.py", "other.py")
MODEL = "from basicts_elin import ELinFormer as Tiny, ELinFormerConfig as TinyConfig"
OURS = CONFIG.replace("from tiny import Tiny, TinyConfig", MODEL).replace("TinyConfig()", f"TinyConfig(**{DIMS})")

# fmt: off
CONFIG_CASES = [
    ("missing", NOTHING, OTHER, "config file other.py: missing; expected ", "CFG = benchmark_config"),
    ("a folder", folder_at("other.py"), OTHER, "config file other.py: a folder; expected "),
    ("a syntax error", config("CFG = ("), OTHER, "config file other.py: ", "line 7: '(' was never closed"),
    ("bytes", write("other.py", b"\xff"), OTHER, "config file other.py: "),
    ("a zero byte", write("other.py", b"CFG = 1\0"), OTHER, "config file other.py"),
    ("a missing import", config("import no_such_module"), OTHER, "config file other.py: ", "'no_such_module'"),
    ("a missing name", config("from basicts_elin import No"), OTHER, "config file other.py: ", "'No'"),
    ("an exit", config("raise SystemExit"), OTHER, "config file other.py: SystemExit"),
    ("an error of two lines", config("raise ValueError('a\\nb')"), OTHER, "config file other.py: ValueError: a b"),
    ("what cannot be written down", config("CFG.train_data_collate_fn = [].index"), OTHER, "configuration: a value that cannot be serialised (vars() argument"),
    ("no end", config("def f(): f()", "f()"), OTHER, "config file other.py: RecursionError"),
    ("no model", config("CFG.model = ''"), OTHER, "model: ''; expected type"),
    ("a model that is none", config("CFG.model = dict"), OTHER, "model: dict; expected ", "Module"),
    ("no configuration of the model", config("CFG.model_config = None"), OTHER, "model_config: None; expected BasicTSModelConfig"),
    ("an optimizer that is none", config("CFG.optimizer = Tiny"), OTHER, "optimizer: Tiny; expected ", "Optimizer"),
    ("a seed of text", config("CFG.seed = 'x'"), OTHER, "seed: 'x'; expected int"),
    ("no metrics", config("CFG.metrics = None"), OTHER, "metrics: None; expected List[Union[str, Tuple"),
    ("a horizon of text", config("CFG.eval_horizons = ['x']"), OTHER, "eval_horizons: ['x']; expected "),
    ("nothing", write("other.py", b""), OTHER, "config file other.py: no CFG; expected CFG = benchmark_config"),
    ("another type", config("CFG = 5"), OTHER, "config file other.py: CFG of type int; expected "),
    ("not Python", NOTHING, TRAIN.replace("cfg/Tiny_small/Tiny.py", "raw/ids.txt"), "config file raw/ids.txt: ", "'.txt'", ".py"),
    ("an unknown field", config(head=CONFIG.replace("num_epochs", "epochs")), OTHER, "benchmark_config(epochs=...): ", "num_epochs"),
    ("an unknown field of the model", config(head=CONFIG.replace("TinyConfig()", "TinyConfig(layers=2)")), OTHER, "unexpected keyword argument 'layers'"),
    ("an unknown dataset", config(head=CONFIG.replace('"Tiny"', '"PEMS99"')), OTHER, "error: dataset: "),
    ("an unknown model", NOTHING, TRAIN.replace("cfg/Tiny_small/Tiny.py", "DLinaer/PEMS08"), "did you mean DLinear/PEMS08"),
    ("no layers", config(head=OURS), f"{OTHER} --set num_layers=0", "error: model_config: "),
    ("very many layers", config(head=OURS), f"{OTHER} --set num_layers=1000000000", "model_config.num_layers: 1000000000; expected 1000 or less"),
    ("a width larger than any memory", config(head=OURS), f"{OTHER} --set intermediate_size=999999999999", "expected 1000000 or less"),
    ("heads that do not divide", config(head=OURS), f"{OTHER} --set n_heads=3", "model_config: ", "values that ELinFormer accepts", "n_heads=3"),
    ("an unknown entropy", config(head=OURS), f"{OTHER} --set entropy=x", "model_config: ", "values that ELinFormer accepts", "entropy"),
    ("an unknown activation", config(head=OURS), f"{OTHER} --set hidden_act=x", "model_config: ", "values that ELinFormer accepts"),
    ("a dropout of 2", config(head=OURS), f"{OTHER} --set dropout=2", "model_config: ", "values that ELinFormer accepts", "dropout"),
]

SET_CASES = [
    ("horizon 13 of 12", "eval_horizons=[13]", "eval_horizons: [13]; expected steps from 1 to output_len=12"),
    ("a horizon twice", "eval_horizons=[3,3]", "eval_horizons: [3, 3]", "each once"),
    ("a metric twice", "metrics=['MAE','MAE']", "metrics: ['MAE', 'MAE']; expected each name once"),
    ("an unknown metric", "metrics=['FOO']", "metrics: ['FOO']; expected one or more names among MAE,"),
    ("no input", "input_len=0", "input_len: 0; expected 1 or more"),
    ("more steps than there are", "output_len=1000000", "error: datasets/Tiny/train_data.npy: 96 rows; expected 1000012"),
    ("a window larger than any memory", "output_len=1000000 input_len=1000000", "model_config: Tiny with 4000.0 GB of weights; expected less than this machine's"),
    ("no epochs", "num_epochs=0", "num_epochs: 0; expected 1 or more"),
    ("no batch", "train_batch_size=-1", "train_batch_size: -1; expected 1 or more"),
    ("tests never", "test_interval=0", "test_interval: 0; expected 1 or more"),
    ("checkpoints never", "ckpt_save_strategy=0", "ckpt_save_strategy: 0; expected epochs, 1 or more"),
    ("very many workers", "train_data_num_workers=100000", "train_data_num_workers: 100000; expected 0 to 256"),
    ("tf32 on a CPU", "tf32=True", "tf32: True; expected False: tf32 is for GPUs"),
    ("an unknown field", "num_epoch=3", "--set num_epoch: ", "(did you mean num_epochs"),
    ("an unknown group", "model.x=3", "--set model.x: ", "'model'", "model_config"),
    ("text for a number", "num_epochs=many", "--set num_epochs: 'many'", "str", "expected int"),
    ("too large a number", f"num_epochs=0x{'f' * 5000}", "--set num_epochs: ", "20000", "63"),
    ("text that cannot be printed", "ckpt_save_dir='\\0'", "--set ckpt_save_dir: '\\x00'; expected "),
    ("a learning rate below 0", "lr=-1.0", "arguments that Adam accepts (Invalid learning rate"),
    ("a class that is none", "optimizer=no.such.Adam", "--set optimizer: 'no.such.Adam'; expected ", "Optimizer"),
    ("an unknown loss", "loss=FOO", "loss: 'FOO'; expected one of MAE"),
    ("a folder that is a file", "ckpt_save_dir=raw/ids.txt", "raw/ids.txt", "Not a directory"),
    ("no checkpoint to go on from", "finetune_from=no.pt", "finetune_from: 'no.pt'; expected the file of a checkpoint"),
    ("no checkpoint at all", "finetune_from=raw/ids.txt", "raw/ids.txt: unreadable (BadZipFile)", "expected a .pt file of a run"),
    ("a list for a function", "val_data_collate_fn=[1]", "val_data_collate_fn: [1]; expected "),
    ("no timestamps", "use_timestamps=False", "use_timestamps: False; expected True: Tiny needs time of day and day of week"),
    ("no field", "num_epochs", "--set: num_epochs; expected field=value"),
]

OPTION_CASES = [
    ("a negative seed", NOTHING, f"{TRAIN} --seed -1", "seed: -1; expected 0 to 2147483647"),
    ("a seed of many digits", NOTHING, f"{TRAIN} --seed {'9' * 30}", "expected 0 to 2147483647"),
    ("devices that are none", NOTHING, f"{TRAIN} -g x", "--gpus: 'x'; expected device numbers such as 0 or 0,1, or cpu"),
    ("an unknown option", NOTHING, f"{TRAIN} --sed 5", "unrecognized arguments: --sed 5; basicts-elin -h explains"),
    ("an unknown verb", NOTHING, "trian", "invalid choice: 'trian'", "basicts-elin -h explains every argument"),
    ("no verb", NOTHING, "", "the following arguments are required: VERB"),
    ("no processes", NOTHING, f"{TRAIN} --processes 0", "argument --processes: 0 is not a positive number"),
    ("nothing to resume", NOTHING, f"{TRAIN} --resume", "--resume: ", "a folder with a checkpoint of this run; omit --resume to start it"),
]
# fmt: on
