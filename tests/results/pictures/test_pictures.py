"""The pictures show the figures of the CSV, with units on every axis."""

from dataclasses import replace

import pytest
from matplotlib import pyplot
from numpy.testing import assert_allclose
from results.runs import failed, result

from basicts_elin.results.pictures.results import by_method, draw_pictures, efficient

RESULTS = [
    result("ELinFormer", "PEMS08", seed=1, mae=13.0, nodes=170, seconds_per_epoch=10.69),
    result("ELinFormer", "PEMS08", seed=2, mae=14.0, nodes=170, seconds_per_epoch=10.69),
    result("ELinFormer", "PEMS04", mae=18.0, nodes=307, seconds_per_epoch=21.38, peak_memory_mib=2000.0),
    result("STID", "PEMS08", mae=15.0, nodes=170, seconds_per_epoch=1.069),
]


@pytest.fixture
def figures(monkeypatch):
    """The figures that are written, by the end of their names."""
    kept = {}
    save = pyplot.Figure.savefig

    def keep(figure, path, **options):
        save(figure, path, **options)
        kept[path.stem.rpartition("_")[2]] = figure

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", keep)
    return kept


def curves(axes):
    """Label -> points of what has one."""
    handles, labels = axes.get_legend_handles_labels()
    lines = [getattr(handle, "lines", [handle])[0] for handle in handles]
    return {
        label: list(zip(*map(list, line.get_data()), strict=True)) for label, line in zip(labels, lines, strict=True)
    }


def test_three_pictures_are_written(tmp_path, figures):
    written = draw_pictures(tmp_path / "tables", "x", RESULTS)
    assert [path.name for path in written] == ["x_horizons.png", "x_frontier.png", "x_nodes.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n") for path in written)
    for figure in figures.values():
        assert all(axes.get_xlabel() and axes.get_ylabel() and axes.get_title(loc="left") for axes in figure.axes)
    legend = [text.get_text() for text in figures["frontier"].legends[0].get_texts()]
    assert legend == ["ELinFormer", "STID", "efficiency frontier"]
    # the others have room for the names at the curves
    assert [text.get_text() for text in figures["horizons"].axes[1].texts] == ["ELinFormer", "STID"]
    assert not figures["horizons"].legends and not figures["nodes"].legends
    titles = {name: figure.get_suptitle() for name, figure in figures.items()}
    about, bars = "H200; 100 epochs; 170 or 307 sensors; mean", "mean and deviation over 1 or 2 seeds"
    assert titles == {name: about.replace("mean", bars) for name in ("horizons", "frontier")} | {
        "nodes": f"{about} over 1 or 2 seeds"
    }
    assert not pyplot.get_fignums()


def test_the_error_at_each_horizon(tmp_path, figures):
    draw_pictures(tmp_path, "x", RESULTS)
    mae, rmse = figures["horizons"].axes[:2]
    # two beside one another
    assert_allclose(curves(mae)["STID"], [(15.75, 15.3), (30.75, 15.6), (60.75, 16.2)])
    assert_allclose(curves(mae)["ELinFormer"], [(14.25, 13.8), (29.25, 14.1), (59.25, 14.7)])
    assert_allclose(curves(rmse)["STID"], [(15.75, 30.3), (30.75, 30.6), (60.75, 31.2)])
    assert (mae.get_xlabel(), mae.get_ylabel()) == ("minutes ahead, side by side", "MAE, vehicles per 5 minutes")
    alone = figures["horizons"].axes[2]
    assert alone.get_xlabel() == "minutes ahead"
    assert_allclose(curves(alone)["ELinFormer"], [(15, 18.3), (30, 18.6), (60, 19.2)])
    assert [axes.get_title(loc="left") for axes in figures["horizons"].axes] == [
        "PEMS08: MAE", "PEMS08: RMSE", "PEMS04: MAE", "PEMS04: RMSE",
    ]  # fmt: skip


def test_the_error_against_what_it_costs(tmp_path, figures):
    draw_pictures(tmp_path, "x", RESULTS)
    time, memory = figures["frontier"].axes[:2]
    assert curves(time) == {
        "ELinFormer": [(10.69, 13.5)],
        "STID": [(1.069, 15.0)],
        "efficiency frontier": [(1.069, 15.0), (10.69, 13.5)],
    }
    assert curves(memory)["STID"] == [(1000.0, 15.0)]
    assert (time.get_xlabel(), memory.get_xlabel()) == ("training, s / epoch", "peak memory, MiB")
    # costs that far apart
    assert (time.get_xscale(), memory.get_xscale()) == ("log", "linear")


def test_the_costs_against_the_nodes(tmp_path, figures):
    draw_pictures(tmp_path, "x", RESULTS)
    time, memory = figures["nodes"].axes
    # 10690 windows
    assert_allclose(curves(time)["ELinFormer"], [(170, 1.0), (307, 2.0)])
    assert curves(memory)["ELinFormer"] == [(170, 1000.0), (307, 2000.0)]
    assert (time.get_xlabel(), time.get_ylabel()) == ("nodes", "ms per training window")
    assert memory.get_title(loc="left") == "memory, batch 16"


def test_what_a_gpu_reserved_is_its_memory(tmp_path, figures):
    draw_pictures(tmp_path, "x", [result("STID", peak_memory_mib=1000.0, peak_reserved_mib=1500.0)])
    assert curves(figures["frontier"].axes[1])["STID"] == [(1500.0, 15.0)]


def test_without_figures_there_is_no_picture(tmp_path, figures):
    draw_pictures(tmp_path, "x", RESULTS)
    assert [path.name for path in draw_pictures(tmp_path, "x", RESULTS[:2])] == ["x_horizons.png", "x_frontier.png"]
    # nor one of an earlier CSV
    assert not (tmp_path / "x_nodes.png").exists()
    assert draw_pictures(tmp_path, "x", [failed("A")]) == []
    assert list(tmp_path.iterdir()) == []


def test_many_models_can_be_told_apart(tmp_path, figures):
    draw_pictures(tmp_path, "x", [result(f"M{number}", mae=10 + number) for number in range(14)])
    handles, labels = figures["horizons"].axes[0].get_legend_handles_labels()
    looks = {(line.lines[0].get_color(), line.lines[0].get_marker()) for line in handles}
    assert len(looks) == len(labels) == 14


def test_many_names_are_in_a_legend(tmp_path, figures):
    draw_pictures(tmp_path, "x", [result(f"M{number}", mae=10 + number) for number in range(10)])
    assert len(figures["horizons"].legends[0].get_texts()) == 10
    assert not figures["horizons"].axes[1].texts


def test_the_efficient_ones_are_those_that_none_beats_in_both():
    points = [(1.0, 20.0), (2.0, 15.0), (2.0, 16.0), (3.0, 17.0), (5.0, 14.0), (6.0, 14.0)]
    assert efficient(points[::-1]) == [(1.0, 20.0), (2.0, 15.0), (5.0, 14.0)]
    assert efficient([]) == []


def test_other_epochs_are_another_curve(tmp_path, figures):
    draw_pictures(tmp_path, "x", [result("STID", num_epochs=6, mae=17.0), result("STID", mae=15.0)])
    assert list(curves(figures["horizons"].axes[0])) == ["STID, 6 epochs", "STID, 100 epochs"]
    assert figures["horizons"].get_suptitle() == "H200; 6 or 100 epochs; 170 sensors; one seed"


def test_costs_of_runs_that_were_not_made_alike_have_no_frontier(tmp_path, figures):
    draw_pictures(tmp_path, "x", [*RESULTS[:2], replace(RESULTS[3], runs_at_once=2)])
    time, memory = figures["frontier"].axes
    assert list(curves(time)) == ["ELinFormer", "STID"]
    assert time.get_title(loc="left") == memory.get_title(loc="left") == "PEMS08: runs not made alike"


def test_a_single_seed_has_no_deviation(tmp_path, figures):
    draw_pictures(tmp_path, "x", [result("A"), result("B"), result("B", seed=43)])
    for figure in figures.values():
        bars = [bool(container.has_yerr) for container in figure.axes[0].containers]
        assert bars == [False, True]


def test_attention_methods_are_drawn_for_each_backbone_by_name(tmp_path, figures):
    models = ("STAEformer_matmul_small", "ELinFormer_small", "iTransformer", "iTransformer_linear", "STID")
    sizes = (("PEMS08", 170), ("PEMS04", 307))
    results = [result(model, dataset, mae=10 + place, nodes=nodes)
               for dataset, nodes in sizes for place, model in enumerate(models)]  # fmt: skip
    draw_pictures(tmp_path, "x", results, by_method)
    titles = [axes.get_title(loc="left") for axes in figures["horizons"].axes]
    assert titles[:6:2] == ["PEMS08, STAEformer_small: MAE", "PEMS08, iTransformer: MAE", "PEMS08: MAE"]
    softmax, taylor = "softmax (matmul)", "entropy-equal, taylor"
    first, _, second, _, third, _ = figures["frontier"].axes[:6]
    # and no line through one point
    assert curves(first) == {softmax: [(50.0, 10.0)], taylor: [(50.0, 11.0)]}
    assert curves(second) == {softmax: [(50.0, 12.0)], taylor: [(50.0, 13.0)]}
    assert curves(third) == {"STID": [(50.0, 14.0)]}
    assert [text.get_text() for text in figures["frontier"].legends[0].get_texts()] == [softmax, taylor, "STID"]
    time, _, other, _, _, _ = figures["nodes"].axes
    assert time.get_title(loc="left") == "STAEformer_small: training time, batch 16"
    assert len(curves(time)[taylor]) == len(curves(other)[taylor]) == 2


def test_runs_of_one_model_that_differ_are_two_curves(tmp_path, figures):
    draw_pictures(tmp_path, "x", [result("A", differences="dropout=0.1"), result("A", differences="dropout=0.2")])
    assert list(curves(figures["horizons"].axes[0])) == ["A (dropout=0.1)", "A (dropout=0.2)"]


def test_a_dataset_that_no_catalogue_knows_is_drawn_by_its_own_interval_and_unit(tmp_path, figures):
    horizons = {name: {"MAE": 1.0, "RMSE": 2.0} for name in ("24", "48", "overall")}
    draw_pictures(tmp_path, "x", [result("A", "MyCity", metrics=horizons, interval_minutes=15, unit="kWh")])
    mae = figures["horizons"].axes[0]
    assert curves(mae)["A"] == [(360, 1.0), (720, 1.0)]
    assert (mae.get_xlabel(), mae.get_ylabel()) == ("minutes ahead", "MAE, kWh")
    draw_pictures(tmp_path, "x", [result("A", "MyCity", metrics=horizons, interval_minutes=None, unit="")])
    mae = figures["horizons"].axes[0]
    assert (mae.get_xlabel(), mae.get_ylabel()) == ("steps ahead", "MAE")
    assert curves(mae)["A"] == [(24, 1.0), (48, 1.0)]
