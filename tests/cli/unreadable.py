"""Commands, each while a file or folder has other rights. In and out: a JSON list a line."""

import contextlib
import io
import json
import sys
from pathlib import Path

from cli.small_catalogue import main

for line in sys.stdin:
    path, mode, command = json.loads(line)
    said, before = io.StringIO(), Path(path).stat().st_mode
    Path(path).chmod(mode)
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = main(command.split())
    Path(path).chmod(before)
    print(json.dumps([code, said.getvalue()]), flush=True)
