"""The program that measures how fast pictures are read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import streaming


def test_pictures_are_written_evenly_into_classes(tmp_path: Path) -> None:
    streaming.write_pictures(tmp_path, 24, (20, 24))
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("class1/*"))
    assert found == ["class1/1.jpg", "class1/11.jpg", "class1/21.jpg"]


def test_a_row_is_printed_for_all_that_reads(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "")  # the program sets it
    monkeypatch.setattr(streaming, "in_own_process", lambda work, *given: work(*given))
    streaming.main(["--pictures=40", "--sides=20x24", "--size=14", "--batch=4", "--workers=0"])
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()[4:]]
    assert [row[0] for row in rows] == ["| Pillow alone", "| this process"]
    assert all(float(row[1]) > 0 for row in rows)


WATCHED = """
import subprocess, sys, time
from family import Watch

busy = "import time; ballast = bytearray(b'x' * 2**26)\\nwhile time.process_time() < 60: pass"
with Watch() as watch:
    child = subprocess.Popen([sys.executable, "-c", busy])
    time.sleep(3)
child.kill()
print(watch.mib > 64, 0.1 < watch.cores < 1.2)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_processes_that_were_begun_are_watched() -> None:
    command, folder = [sys.executable, "-c", WATCHED], Path(streaming.__file__).parent
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert found.stdout == "True True\n"
