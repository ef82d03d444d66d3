"""The report at the end of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dslnas.cli.render.report import report_text
from dslnas.cli.render.tables import aligned
from dslnas.exporters.catalogue import EXPORTERS
from dslnas.report.reading import RunRecord
from dslnas.settings.texts import TextFile
from tests.runs.made import SETTINGS, made_manifest

RESULTS = {
    "test_accuracy": 0.5,
    "validation_accuracy": 0.25,
    "params": 1234,
    "flops": 5678,
    "retrain_seconds": 20.0,
}
FAMILY: tuple[dict[str, Any], ...] = (
    {
        "file": "family/convolutions_1_0.nas",
        "convolutions": {"normal": 1, "reduction": 0},
        "epoch": 2,
        "params": 900,
        "search_validation_accuracy": 0.5,
    },
    {
        "file": "family/convolutions_10_2.nas",
        "convolutions": {"normal": 10, "reduction": 2},
        "epoch": 11,
        "params": 12345,
        "search_validation_accuracy": 0.75,
    },
)


def report(path: Path, warnings: tuple[str, ...] = (), **results: object) -> list[str]:
    manifest = made_manifest({**RESULTS, **results}, warnings=warnings)
    return report_text(RunRecord(path / "run", manifest)).splitlines()


def test_every_file_of_every_target_is_described(tmp_path: Path) -> None:
    described = {
        name: e.described_files[name] for e in EXPORTERS.values() for name in e.described_files
    }
    (tmp_path / "run").mkdir()
    for name in described:
        (tmp_path / "run" / name).touch()
    lines = report(tmp_path)
    assert lines[lines.index(f"Files in {tmp_path / 'run'}:") + 1 :] == [
        f"  {name:<20} {meaning}" for name, meaning in described.items()
    ]


def test_every_target_is_called_by_its_title(tmp_path: Path) -> None:
    lines = report(tmp_path, relative_difference=dict.fromkeys(EXPORTERS, 1e-6))
    agreements = [line for line in lines if line.lstrip().startswith("agreement")]
    assert len(agreements) == len(EXPORTERS)
    for line, exporter in zip(agreements, EXPORTERS.values(), strict=True):
        assert line.endswith(
            f" 1e-06        {exporter.title} against PyTorch, of the spread of the outputs"
        )


def test_times_of_the_model_are_told_with_threads_spread_and_processor(tmp_path: Path) -> None:
    times = {"median": 0.08, "p10": 0.0711, "p90": 0.1234}
    places = ("batch 1, one thread", "batch 8, all threads")
    latency = {
        "processor": "Acme 9000",
        "threads": 4,
        "milliseconds": dict.fromkeys(places, times),
    }
    lines = report(tmp_path, latency=latency)
    start = lines.index(
        "  latency              0.08 ms      one image, one thread (0.0711 to 0.123)"
    )
    assert lines[start + 1 : start + 3] == [
        "  latency              0.08 ms      8 images, all 4 threads (0.0711 to 0.123)",
        "  measured in          ONNX Runtime on Acme 9000",
    ]


def test_the_oldest_runtime_is_told_once_for_models_of_the_same_versions(tmp_path: Path) -> None:
    old = {"opset": 11, "ir_version": 6, "oldest_runtime": "1.0"}
    new = {"opset": 13, "ir_version": 7, "oldest_runtime": "1.6"}
    lines = report(tmp_path, onnx={"a.onnx": old, "b.onnx": old, "c.onnx": new})
    assert [line for line in lines if "loads in" in line] == [
        "  loads in             1.0 or newer ONNX Runtime: a.onnx, b.onnx; opset 11, IR 6",
        "  loads in             1.6 or newer ONNX Runtime: c.onnx; opset 13, IR 7",
    ]


def test_a_difference_that_rounding_explains_is_told_as_such(tmp_path: Path) -> None:
    lines = report(tmp_path, relative_difference={"onnx": 0.1, "python": 1e-6})
    told = [line.endswith("; rounding alone changes as much") for line in lines if "agree" in line]
    assert told == [True, False]


def test_a_search_says_how_it_ended_and_what_to_know(tmp_path: Path) -> None:
    lines = report(
        tmp_path,
        ("epoch 3: alpha does not move",),
        search_seconds=3.0,
        search_epoch=3,
        search_stopped="cells have not changed since epoch 2",
        search_check={
            "stage": "check",
            "metric": "accuracy",
            "found": 0.5,
            "random": (0.25, 0.75),
            "median": 0.5,
            "beats_random": False,
        },
        doubts=("The trained network is no better than a guess.",),
    )
    assert lines[1:7] == [
        "Searched for 3 s, then trained for 20 s.",
        "The search ended early: cells have not changed since epoch 2.",
        "The architecture is that of epoch 3.",
        "With the shared weights, the result of the search does not beat the median of 2 random "
        "architectures: 50.00% against 50.00%.",
        "The trained network is no better than a guess.",
        "warning: epoch 3: alpha does not move",
    ]


def test_width_and_depth_that_were_chosen_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "spec.nas").write_text("network { cells a * {1, 2}, b; channels {8, 16} }\n")
    assert "The network around them:" not in report(tmp_path)
    (folder / "architecture.nas").write_text("network { cells a * 2, b; channels 8 }\n")
    lines = report(tmp_path, search_seconds=1.0)
    start = lines.index("The network around them:")
    assert lines[start + 1 : start + 4] == ["  cells     a * 2, b", "  channels  8", ""]
    (folder / "spec.nas").write_text("network { cells a * 2, b; channels 8 }\n")
    assert "The network around them:" not in report(tmp_path)


def test_a_training_has_nothing_to_say_of_a_search(tmp_path: Path) -> None:
    lines = report(tmp_path)
    assert lines[:3] == ["", "Trained for 20 s.", ""]


def test_a_family_is_a_table_of_what_can_be_trained(tmp_path: Path) -> None:
    lines = report(tmp_path, family=FAMILY, search_seconds=3.0, search_epoch=11)
    at = next(i for i, line in enumerate(lines) if line.startswith("The best of every size"))
    assert f"`dslnas train {tmp_path}/run/{FAMILY[-1]['file']}` trains the last" in lines[at]
    first, last = FAMILY[0]["file"], FAMILY[1]["file"]
    assert lines[at + 1 : at + 4] == [
        "  convolutions             epoch   parameters   validation   file",
        f"  normal 1, reduction 0        2          900       50.00%   {first}",
        f"  normal 10, reduction 2      11       12,345       75.00%   {last}",
    ]


def test_the_measure_of_a_family_is_that_of_its_task(tmp_path: Path) -> None:
    measured = {k: v for k, v in FAMILY[0].items() if k != "search_validation_accuracy"}
    family = ({**measured, "search_validation_perplexity": 87.654},)
    settings = SETTINGS.replace(data=TextFile())
    manifest = made_manifest({**RESULTS, "family": family}, settings=settings)
    lines = report_text(RunRecord(tmp_path, manifest)).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("The best of every size"))
    assert lines[at].startswith("The best of every size, with the supernet's perplexity; ")
    assert lines[at + 2].split()[-2:] == ["87.65", FAMILY[0]["file"]]


def test_files_of_a_task_are_told(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.json").touch()
    settings = SETTINGS.replace(data=TextFile())
    manifest = made_manifest(RESULTS, settings=settings)
    lines = report_text(RunRecord(tmp_path, manifest)).splitlines()
    assert lines[-1] == "  vocabulary.json      its tokens, by number"


def test_text_has_perplexities(tmp_path: Path) -> None:
    text: dict[str, Any] = {
        "test_perplexity": 98.765,
        "validation_perplexity": 101.5,
        "test_bits_per_character": 1.2345,
        "validation_bits_per_character": 1.3,
        "retrain_epoch": 7,
        "unigram_validation_perplexity": 640.3,
        "vocabulary": 10000,
        "unknown_tokens": {"weights": 0, "architecture": 0, "validation": 3, "test": 1234},
    }
    settings = SETTINGS.replace(data=TextFile())
    manifest = made_manifest({**RESULTS, **text}, settings=settings)
    lines = report_text(RunRecord(tmp_path / "run", manifest)).splitlines()
    assert lines[3:11] == [
        "  test perplexity       98.77        on text that chose nothing",
        "    bits a character    1.234",
        "    next token right    50.00%",
        "  validation perplexity 101.50       the best, of epoch 7",
        "    of a unigram model  640.30       frequencies of tokens alone",
        "  vocabulary            10,000       unknown tokens: 3 in validation, 1,234 in test",
        "  parameters            1,234",
        "  multiply-adds         5,678        per token",
    ]


def test_measures_that_were_not_taken_are_left_out(tmp_path: Path) -> None:
    manifest = made_manifest({"params": 1, "flops": 2, "validation_accuracy": 0.5})
    lines = report_text(RunRecord(tmp_path, manifest)).splitlines()
    assert [line.split("  ")[1] for line in lines[3:6]] == [
        "validation accuracy",
        "parameters",
        "multiply-adds",
    ]


def test_tables_are_aligned() -> None:
    assert aligned([("name", "n"), ("a", "10")], left=("name",)) == ["name    n", "a      10"]
