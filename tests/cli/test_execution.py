"""`--execution auto`: measured once, kept in the manifest, and the same as if it were asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dslnas.cli.main import run
from dslnas.training import choosing
from dslnas.training.choice import Chosen
from tests.cli.outcome import Interrupt, manifest_in, search
from tests.exporters.brief import check_briefly
from tests.small import SMALL


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.nas"
    path.write_text(SMALL)
    return path


@pytest.mark.sample(0)
def test_a_way_is_measured_once_and_gone_on_with(
    spec: Path,
    tmp_path: Path,
    interrupt: Interrupt,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    measured = choosing.choose

    def planar(*how: Any, **others: Any) -> Chosen:
        found = measured(*how, **others)
        ways = {str(tried.way): tried for tried in found.tried}
        assert list(ways)[:2] == ["eager in float32", "eager in float32, channel by channel"]
        return found.model_copy(update={"way": list(ways.values())[1].way})

    monkeypatch.setattr(choosing, "choose", planar)
    monkeypatch.setattr(choosing, "WARM_UP", 1)
    monkeypatch.setattr(choosing, "TIMED", 1)
    check_briefly(monkeypatch)
    out, asked = tmp_path / "out", ("--execution", "auto")
    interrupt("retrain", 1)
    assert search(spec, out, *asked) == 130
    interrupt("retrain", 0)
    told = capsys.readouterr().err
    assert told.count("Steps run eager in float32, channel by channel, ") == 2
    assert "--execution auto" in told
    chosen = manifest_in(out)["chosen"]
    assert [stage["way"]["channels_last"] for stage in chosen.values()] == [False, False]

    monkeypatch.setattr(choosing, "choose", None)  # nothing is measured any more
    assert search(spec, out, *asked, "--resume") == 0
    assert manifest_in(out)["chosen"] == chosen
    by_name = tmp_path / "by_name"
    assert search(spec, by_name, "--passes", "all - channels_last") == 0
    for name in ("architecture.nas", "model.safetensors", "alphas.safetensors"):
        assert (out / name).read_bytes() == (by_name / name).read_bytes()


def test_an_estimate_is_of_one_way(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["estimate", str(spec), "--precision", "auto"]) == 1
    error = capsys.readouterr().err
    assert "precision: error[NAS014]: `auto` leaves open what is to be estimated" in error
