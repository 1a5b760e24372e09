"""The example that serves a forecaster, as a client sees it."""

import importlib.util
import io
import json

import numpy as np
import pandas as pd
import pytest
from cli.commands import ROOT
from docs.pages import blocks
from forecasting.untrained import forecaster_of
from tiny import ours

from basicts_elin import Forecaster
from basicts_elin.errors import UserError
from basicts_elin.training.launch.launcher import launch_training

testclient = pytest.importorskip("fastapi.testclient")
FILE = ROOT / "examples" / "serve.py"
CSV, JSON = {"content-type": "text/csv"}, {"content-type": "application/json"}


def client_of(folder, monkeypatch):
    spec = importlib.util.spec_from_file_location("serve", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("FORECASTER", str(folder))
    return testclient.TestClient(module.app())


@pytest.fixture
def client(tmp_path, monkeypatch):
    return client_of(forecaster_of(unit="vehicles").save(tmp_path / "model"), monkeypatch)


def table(sensors, rows=14, prefix="s"):
    values = np.random.default_rng(0).uniform(1, 50, (rows, sensors)).round(1)
    index = pd.date_range("2024-06-07", periods=rows, freq="5min", name="time")
    return pd.DataFrame(values, index, [f"{prefix}{number}" for number in range(sensors)])


def long_of(frame):
    return frame.reset_index().melt("time", var_name="sensor", value_name="flow")


def rows_of(frame):
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def test_csv_and_json_wide_and_long_have_the_same_forecasts(client):
    recent = table(3)
    wide = client.post("/forecast", content=recent.to_csv(), headers=CSV).json()
    assert len(wide) == 12 and list(wide[0]) == ["time", "s0", "s1", "s2"]
    assert wide[0]["time"].startswith("2024-06-07T01:10") and wide[-1]["time"].startswith("2024-06-07T02:05")
    # the model repeats the last value
    assert [wide[5][name] for name in recent] == pytest.approx(recent.iloc[-1].tolist(), rel=1e-5)
    assert client.post("/forecast", json=rows_of(recent.reset_index())).json() == wide
    as_csv = client.post("/forecast", content=long_of(recent).to_csv(index=False), headers=CSV).json()
    as_json = client.post("/forecast", json=rows_of(long_of(recent))).json()
    assert as_csv == as_json and len(as_csv) == 36
    assert {row["sensor"]: row["forecast"] for row in as_csv[:3]} == {name: wide[0][name] for name in recent}


def test_a_missing_value_is_null_in_json(client):
    recent = table(3)
    recent.iloc[-3, 1] = np.nan
    rows = rows_of(recent.reset_index())
    assert rows[-3]["s1"] is None
    by_json = client.post("/forecast", json=rows)
    assert by_json.status_code == 200
    assert by_json.json() == client.post("/forecast", content=recent.to_csv(), headers=CSV).json()


def test_bands(tiny, monkeypatch):
    forecaster = Forecaster.load(launch_training(ours()))
    forecaster.calibrate()
    client = client_of(forecaster.save(tiny / "model"), monkeypatch)
    recent = table(5, prefix="")
    rows = client.post("/forecast?level=80&level=90", content=recent.to_csv(), headers=CSV).json()
    expected = forecaster.predict(pd.read_csv(io.StringIO(recent.to_csv())), level=[80, 90])
    assert list(rows[0]) == list(expected) and {"0_lo80", "0_hi90"} <= {*rows[0]}
    assert [row["4_lo90"] for row in rows] == pytest.approx(expected["4_lo90"].tolist(), rel=1e-5)


@pytest.mark.parametrize(
    ("body", "headers", "level", "line"),
    [
        (table(3, rows=4).to_csv(), CSV, "", "data: 4 rows; "),
        (table(2).to_csv(), CSV, "", "data: "),
        (table(3).to_csv(), CSV, "?level=90", "level: a model without intervals; "),
        ("", CSV, "", "body: No columns"),
        ('[{"time"', JSON, "", "body: "),
        ('"no table"', JSON, "", "body: "),
        (b"\xff\xfe\x00", JSON, "", "body: "),
        (b"\xff\xfea,b", CSV, "", "body: "),
    ],
)
def test_what_is_wrong_is_one_line(client, body, headers, level, line):
    answer = client.post(f"/forecast{level}", content=body, headers=headers)
    assert answer.status_code == 422
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith(line) and "\n" not in answer.json()["error"]


def test_health_has_the_facts(client):
    answer = client.get("/health")
    assert answer.status_code == 200
    facts = answer.json()["facts"]
    assert (facts["node_names"], facts["interval_minutes"], facts["unit"]) == (["s0", "s1", "s2"], 5, "vehicles")


def test_a_folder_without_a_forecaster_does_not_start(tmp_path, monkeypatch):
    with pytest.raises(UserError):
        client_of(tmp_path, monkeypatch)


def test_the_page_shows_the_file():
    page = ROOT / "docs" / "serving.md"
    (code,) = [block.text for block in blocks(page) if block.language == "python" and "FastAPI" in block.text]
    source = FILE.read_text()
    assert code.strip() == source[source.index("import io") :].strip()
