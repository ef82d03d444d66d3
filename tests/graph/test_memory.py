"""How much memory there is, with the limits of containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.graph.analysis.memory import fits, memory_bytes, shown


def system(root: Path, groups: str, limits: dict[str, str]) -> Path:
    """Write the files in which Linux says what a process may use."""
    for name, text in {"proc/self/cgroup": groups, **limits}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return root


def test_a_container_may_have_less_than_the_machine(tmp_path: Path) -> None:
    limits = {"sys/fs/cgroup/box/inner/memory.max": "max\n", "sys/fs/cgroup/box/memory.max": "4096"}
    assert memory_bytes(system(tmp_path, "0::/box/inner\n", limits)) == 4096


def test_version_1_of_control_groups(tmp_path: Path) -> None:
    limits = {"sys/fs/cgroup/memory/box/memory.limit_in_bytes": "8192\n"}
    groups = "5:cpu,memory:/box\n3:pids:/\n0::/\n"
    assert memory_bytes(system(tmp_path, groups, limits)) == 8192


def test_a_container_cannot_have_more_than_the_machine(tmp_path: Path) -> None:
    alone = memory_bytes(tmp_path)
    limits = {"sys/fs/cgroup/memory.max": str(2**62)}
    assert memory_bytes(system(tmp_path, "0::/\n", limits)) == alone


@pytest.mark.parametrize(("size", "text"), [(2**20, "1.0 MiB"), (3 * 2**29, "1.5 GiB")])
def test_sizes_for_people(size: int, text: str) -> None:
    assert shown(size) == text


def test_an_estimate_a_quarter_too_high_is_no_alarm() -> None:
    assert fits(125, 100)
    assert not fits(130, 100)
    assert fits(10**30, None)
