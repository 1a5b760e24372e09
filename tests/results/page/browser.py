"""A headless browser that opens a page, runs a script in it, and returns what the script found."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Runs the script when the page is ready. Its result, JSON, becomes an attribute of the outermost page.
_DRIVER = """<script>
const waiting = setInterval(async () => {
  if (!document.body.dataset.ready) return;
  clearInterval(waiting);
  const found = JSON.stringify(await (async () => { %s })());
  if (window.parent === window) document.body.dataset.found = found;
  else window.parent.postMessage(found, "*");
}, 50);
</script></body>"""
# A window has a least width, a frame has none.
_FRAME = """<body><iframe src="driven.html" width="%d" height="3000"></iframe><script>
window.addEventListener("message", (event) => { document.body.dataset.found = event.data; });
</script></body>"""


def run_in_page(page: Path, script: str, width: int = 1280, anchor: str = "") -> tuple[Any, str]:
    """What the script, the body of an async function, returns at the end; and the lines of the console.

    width: of the page in pixels.
    """
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser is None:
        pytest.skip(f"needs a browser: one of {', '.join(_NAMES)}")
    driven, frame = page.with_name("driven.html"), page.with_name("frame.html")
    driven.write_text(page.read_text("utf-8").replace("</body>", _DRIVER % script), "utf-8")
    frame.write_text(_FRAME % width)
    file = driven if width >= 500 else frame
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--hide-scrollbars"]
    options += [f"--window-size={max(width, 500)},1000", f"--user-data-dir={page.parent / 'profile'}"]
    command = [browser, *options, "--virtual-time-budget=20000", "--dump-dom", f"{file.as_uri()}{anchor}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r'<body[^>]* data-found="([^"]*)"', done.stdout)
    console = "\n".join(line for line in done.stderr.splitlines() if ":CONSOLE" in line)
    assert found, f"the script has not ended; console: {console}"
    return json.loads(unescape(found[1])), console
