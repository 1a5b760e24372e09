"""Tables of text, and in columns."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .kind import START, kind, long_table, table

WIDE, LONG = "A table with a column for each sensor", "A table with a row for each sensor and time"


# name, file, and how pandas writes it
_DIALECTS = (
    ("comma-separated", "data.csv", dict()),
    ("separated by semicolons", "data.csv", dict(sep=";")),
    ("semicolons and decimal commas", "data.csv", dict(sep=";", decimal=",")),
    ("separated by tabs", "data.tsv", dict(sep="\t")),
    ("separated by |", "data.txt", dict(sep="|")),
    ("with a byte order mark", "data.csv", dict(encoding="utf-8-sig")),
    ("in UTF-16", "data.csv", dict(encoding="utf-16")),
    ("with line ends of Windows", "data.csv", dict(lineterminator="\r\n")),
    ("compressed by gzip", "data.csv.gz", dict()),
    ("compressed by xz", "data.csv.xz", dict()),
    ("in a zip archive", "data.csv.zip", dict()),
    ("with every cell in quotes", "data.csv", dict(quoting=1)),
    ("whose column of times has no name", "data.csv", dict(index_label=False)),
    ("without a header", "data.csv", dict(header=False)),
    ("with missing values as NA", "data.csv", dict(na_rep="NA")),
    ("with missing values as -", "data.csv", dict(na_rep="-")),
)


def _text(file: str, how: dict[str, Any]) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        table().to_csv(file, **how)
        return file

    return make


for _name, _file, _how in _DIALECTS:
    kind(WIDE, _name)(_text(_file, _how))


@kind(WIDE, "separated by blanks, a date and a clock time in front")
def _(folder: Path) -> str:
    rows = [f"{time} {' '.join('NA' if x != x else str(x) for x in row)}" for time, *row in table().itertuples()]
    Path("data.txt").write_text("\n".join(["time north east south", *rows]))
    return "data.txt"


@kind(WIDE, "with a unit in each cell", refused=("file", "'10.5 km/h' in column north", "without a unit"))
def _(folder: Path) -> str:
    table().astype(str).add(" km/h").to_csv("data.csv")
    return "data.csv"


@kind(WIDE, "two files in a zip archive", refused=("file", "data.zip", "2"))
def _(folder: Path) -> str:
    with zipfile.ZipFile("data.zip", "w") as archive:
        archive.writestr("a.csv", table().to_csv())
        archive.writestr("b.csv", table().to_csv())
    return "data.zip"


@kind(WIDE, "with the row number in front")
def _(folder: Path) -> str:
    table().reset_index().to_csv("data.csv")
    return "data.csv"


@kind(WIDE, "whose times are the last column", "--time", "when")
def _(folder: Path) -> str:
    frame = table()
    frame.assign(when=frame.index).to_csv("data.csv", index=False)
    return "data.csv"


@kind(WIDE, "with a column of text among the sensors", refused=("file", "road"))
def _(folder: Path) -> str:
    table().assign(road="A1").to_csv("data.csv")
    return "data.csv"


@kind(WIDE, "with two columns of the same name", refused=("file", "north"))
def _(folder: Path) -> str:
    frame = table()
    frame.columns = ["north", "east", "north"]
    frame.to_csv("data.csv")
    return "data.csv"


@kind(WIDE, "with thousands separators: 1,112 beside 959", refused=("file", "'1,000'", "thousands"))
def _(folder: Path) -> str:
    rows = [f"{time};{1000 + row:,};{row + 759}" for row, time in enumerate(table().index)]
    Path("data.csv").write_text("\n".join(["time;north;east", *rows]))
    return "data.csv"


@kind(WIDE, "without times, with the header `0,1,2`", "--start", START, "--freq", "1h")
def _(folder: Path) -> str:
    table().to_csv("data.csv", index=False, header=["0", "1", "2"])
    return "data.csv"


@kind(WIDE, "with a line that has too many cells", refused=("file", "11"))
def _(folder: Path) -> str:
    lines = table().to_csv().splitlines()
    lines[10] += ",7,8"
    Path("data.csv").write_text("\n".join(lines))
    return "data.csv"


@kind(WIDE, "with a word in a cell", refused=("file", "broken", "east"))
def _(folder: Path) -> str:
    frame = table().astype(object)
    frame.iloc[7, 1] = "broken"
    frame.to_csv("data.csv")
    return "data.csv"


@kind(WIDE, "cut off within a gzip file", refused=("file", "data.csv.gz"))
def _(folder: Path) -> str:
    content = gzip.compress(table().to_csv().encode())
    Path("data.csv.gz").write_bytes(content[: len(content) // 2])
    return "data.csv.gz"


@kind(WIDE, "empty", refused=("file", "data.csv"))
def _(folder: Path) -> str:
    Path("data.csv").touch()
    return "data.csv"


@kind(WIDE, "with a header only", refused=("file", "data.csv"))
def _(folder: Path) -> str:
    Path("data.csv").write_text("time,north,east\n")
    return "data.csv"


@kind(WIDE, "Excel", refused=("file", "data.xlsx", "spreadsheet", "CSV"))
def _(folder: Path) -> str:
    with zipfile.ZipFile("data.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return "data.xlsx"


@kind(WIDE, "Parquet, times in the index")
def _(folder: Path) -> str:
    table().to_parquet("data.parquet")
    return "data.parquet"


@kind(WIDE, "Parquet, times in a column")
def _(folder: Path) -> str:
    table().reset_index().to_parquet("data.parquet")
    return "data.parquet"


@kind(WIDE, "Feather")
def _(folder: Path) -> str:
    table().reset_index().to_feather("data.feather")
    return "data.feather"


@kind(WIDE, "a folder with one file for each part of the month")
def _(folder: Path) -> str:
    Path("months").mkdir()
    table()[:100].to_csv("months/a.csv")
    table()[100:].to_csv("months/b.csv")
    return "months"


@kind(WIDE, "a folder with one file for each sensor")
def _(folder: Path) -> str:
    Path("sensors").mkdir()
    for sensor, values in table().items():
        values.rename("flow").to_csv(f"sensors/{sensor}.csv")
    return "sensors"


@kind(WIDE, "a folder of folders", refused=("file", "2024/", "not read"))
def _(folder: Path) -> str:
    Path("years/2024").mkdir(parents=True)
    table().to_csv("years/2024/data.csv")
    return "years"


@kind(WIDE, "an empty folder", refused=("file", "nothing"))
def _(folder: Path) -> str:
    Path("nothing").mkdir()
    return "nothing"


@kind(LONG, "`unique_id, ds, y`, as Nixtla's libraries have it")
def _(folder: Path) -> str:
    long_table().to_csv("data.csv", index=False)
    return "data.csv"


@kind(LONG, "with other names", "--time", "when", "--sensor", "detector", "--channel", "flow")
def _(folder: Path) -> str:
    long_table().set_axis(["detector", "when", "flow"], axis=1).to_csv("data.csv", index=False)
    return "data.csv"


@kind(LONG, "with two columns of values", "--channel", "speed")
def _(folder: Path) -> str:
    long_table().assign(speed=lambda rows: rows.y, y=1.0).to_csv("data.csv", index=False)
    return "data.csv"


@kind(LONG, "with two columns of values, none chosen", refused=("file", "speed", "--channel"))
def _(folder: Path) -> str:
    frame = long_table().assign(speed=1.0, flow=2.0).drop(columns="y")
    frame.to_csv("data.csv", index=False)
    return "data.csv"


@kind(LONG, "`day, interval` in seconds, as UTD19 has it", "--channel", "flow")
def _(folder: Path) -> str:
    frame = long_table().set_axis(["detid", "ds", "flow"], axis=1)
    frame["day"], frame["interval"] = frame.ds.dt.strftime("%Y-%m-%d"), frame.ds.dt.hour * 3600
    frame[["day", "interval", "detid", "flow"]].assign(city="bern").to_csv("data.csv", index=False)
    return "data.csv"


@kind(LONG, "without a header", "--time", "0", "--sensor", "1", "--channel", "4")
def _(folder: Path) -> str:
    frame = long_table().assign(direction="S", lanes="ML")[["ds", "unique_id", "direction", "lanes", "y"]]
    frame.to_csv("data.csv", index=False, header=False)
    return "data.csv"


@kind(LONG, "in any order")
def _(folder: Path) -> str:
    long_table().sample(frac=1, random_state=0).sort_values("unique_id", kind="stable").to_csv("data.csv", index=False)
    return "data.csv"


@kind(LONG, "Parquet")
def _(folder: Path) -> str:
    long_table().to_parquet("data.parquet", index=False)
    return "data.parquet"
