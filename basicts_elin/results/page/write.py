"""The page as a file."""

import json
from html import escape
from importlib import resources
from pathlib import Path

from ...errors import UserError
from ...files import write_atomically
from ...version import __version__
from ..overwriting import check_ours
from .content import page_content
from .page import Page

# stands near the top of every page
MARK = "basicts-elin report"
_FILES = ("numbers.js", "charts.js", "page.js")
# A browser refuses whatever the page would load.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"


def write_page(path: Path, page: Page) -> None:
    """Write the page as one HTML file that needs no other, in place of an earlier one of this function.

    Raises: UserError without plotly, if `path` holds anything else, or if fields of the page do not fit one another.
    """
    page.check()
    check_ours(path, MARK, "--html")
    write_atomically(path, page_text(page).encode())


def page_text(page: Page) -> str:
    """The HTML of a page whose fields fit one another. Raises: UserError without plotly."""
    style = _source("page.css")
    scripts = [_plotly(), *map(_source, _FILES)]
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta name="generator" content="{MARK}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{escape(page.title)}</title>",
            f"<style>{style}</style></head><body>",
            *_body(page),
            f'<script type="application/json" id="content">{_json(page_content(page))}</script>',
            *(f"<script>{script}</script>" for script in scripts),
            "</body></html>\n",
        )
    )


def _body(page: Page) -> list[str]:
    about = ", ".join(filter(None, (page.method, f"{len(page.sensors)} sensors", page.quantity)))
    parts = [
        f'<header><h1>{escape(page.title)}</h1><p class="soft">{escape(about)}</p>',
        "<noscript><p>This page draws its charts with JavaScript, which is switched off.</p></noscript>",
        '<p id="problem" hidden></p></header><main>',
        _PICKER,
        '<section><h2 id="name"></h2>',
        f'<p class="soft">{escape(page.forecast_note)}</p>' if page.forecast_note else "",
        '<div class="key"></div><div class="plot" id="forecast"></div>',
        '<button type="button" id="whole" class="small">All measured values</button></section>',
    ]
    if page.errors is not None:
        parts += [
            f"<section><h2>{escape(', '.join(filter(None, ('Mean absolute error', page.unit))))}</h2>",
            f'<p class="soft">{escape(page.errors_note)}</p><div class="three">',
            *(f'<div><h3>{title}</h3><div class="key"></div><div class="plot" id="{kind}"></div></div>'
              for kind, title in _ERRORS.items()),
            "</div></section>",
        ]  # fmt: skip
    parts += _sensors(page)
    if page.facts:
        rows = (
            f"<div><dt>{escape(str(name))}</dt><dd>{escape(str(text))}</dd></div>" for name, text in page.facts.items()
        )
        parts.append(f'<section><h2>The run</h2><dl class="facts">{"".join(rows)}</dl></section>')
    zone = f" Times are local, {escape(page.timezone)}." if page.timezone else ""
    parts.append(
        f'</main><footer class="soft">Made by basicts-elin {__version__}, without a network.{zone} '
        "Numbers are rounded to four digits.</footer>"
    )
    return parts


_ERRORS = {"horizon": "By horizon", "hour": "By hour of the day", "weekday": "By weekday"}
_PICKER = """<div class="bar"><div class="picker"><label for="sensor">sensor: type a part of its name</label>
<input id="sensor" role="combobox" autocomplete="off" spellcheck="false" aria-controls="matches" aria-expanded="false"
aria-autocomplete="list"><ul id="matches" role="listbox" hidden></ul></div>
<button type="button" id="previous">Previous</button><button type="button" id="next">Next</button>
<span class="soft chosen-facts" id="rank"></span></div>"""
_WORST = """<div><h2>Worst sensors first</h2><table><thead><tr><th class="number">#</th><th>sensor</th>
<th class="number">MAE</th><th></th></tr></thead><tbody id="worst"></tbody></table></div>"""
_MAP = """<div><h2>Where they are</h2><p class="soft">Choose a sensor by its point.</p>
<div class="plot" id="map"></div></div>"""


def _sensors(page: Page) -> list[str]:
    """The map and the list of the worst sensors, side by side where there are both."""
    parts = [_WORST] if page.errors is not None else []
    parts += [_MAP] if page.latitude is not None else []
    alone = " alone" if len(parts) == 1 else ""
    return [f'<section class="two{alone}">', *parts, "</section>"] if parts else []


def _json(content: object) -> str:
    """JSON that no text in it can end: "</script>" in a name is one."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _source(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def check_plotly() -> None:
    """Raises: UserError without plotly."""
    _plotly()


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise UserError("--html", "plotly is not installed", "plotly", "pip install 'basicts-elin[html]'") from error
    return get_plotlyjs()
