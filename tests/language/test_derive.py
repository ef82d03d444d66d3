"""The derive section: what its comparisons mean, and where it is written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.language.check.check import check
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import LinkedProgram, link
from dslnas.language.link.overrides import parse_overrides
from dslnas.language.link.sources import read_source
from dslnas.language.print.expanded_spec import effective_text, section_text, spec_hash
from dslnas.settings.rule import AS_PUBLISHED, Count, Derivation, Limit, Rule
from dslnas.settings.sections import DeriveSettings
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS

FULL = """derive {
    by       magnitude
    epoch    best
    penalty  0.5
    count    skip_connect <= 2, sep_conv(3) >= 1
    require  params < 4M, flops <= 600M, latency < 5ms
}
"""


def linked(text: str, *overrides: str) -> LinkedProgram:
    source = SourceFile("spec.nas", f"use papers.darts\nsearch darts\n{text}")
    return link(source, parse_overrides(overrides))


def derivation(settings: str, *overrides: str) -> Derivation:
    return check(linked(f"derive {{ {settings} }}", *overrides), TASK_SETTINGS).derivation


def effective(program: LinkedProgram, *, found: bool = False) -> str:
    checked: CheckedProgram = check(program, TASK_SETTINGS)
    cell = "cell {} {{ node n1 = sep_conv(3)(in1) }}"
    cells = {name: cell.format(name) for name in checked.cells} if found else None
    return effective_text(program, checked, (3, 32, 32), 10, cells=cells)


def test_all_of_it() -> None:
    assert check(linked(FULL), TASK_SETTINGS).derivation == Derivation(
        by="magnitude",
        epoch="best",
        rule=Rule((Count("skip_connect", most=2), Count("sep_conv(3)", least=1))),
        limits=(Limit("params", 3_999_999), Limit("flops", 600e6), Limit("latency", 0.005)),
        penalty=0.5,
    )


def test_a_threshold_is_part_of_the_rule() -> None:
    settings = "derive { threshold 0.85; count skip_connect <= 2 }"
    source = SourceFile("spec.nas", f"use papers.darts\nsearch fair_darts\n{settings}")
    found = check(link(source), TASK_SETTINGS).derivation
    assert found.rule == Rule((Count("skip_connect", most=2),), 0.85)


def test_without_it_all_is_as_published() -> None:
    assert check(linked(""), TASK_SETTINGS).derivation == AS_PUBLISHED
    assert check(linked("derive"), TASK_SETTINGS).derivation == AS_PUBLISHED
    assert (
        check(linked(section_text(DeriveSettings(), "derive")), TASK_SETTINGS).derivation
        == AS_PUBLISHED
    )


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("skip_connect < 3", [Count("skip_connect", 0, 2)]),
        ("skip_connect > 0", [Count("skip_connect", 1)]),
        ("skip_connect <= 2, skip_connect >= 1", [Count("skip_connect", 1, 2)]),
        ("skip_connect >= 2, skip_connect < 3", [Count("skip_connect", 2, 2)]),
        ("sep_conv(k = 3) <= 8 / 4", [Count("sep_conv(3)", 0, 2)]),
        ("sep_conv(few + 1) <= few", [Count("sep_conv(3)", 0, 2)]),
        ("none <= 0", [Count("none", 0, 0)]),
        ("none", []),
    ],
)
def test_counts_are_ranges(text: str, counts: list[Count]) -> None:
    program = check(linked(f"let few = 2\nderive {{ count {text} }}"), TASK_SETTINGS)
    assert program.derivation.rule == Rule(tuple(counts))


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("params <= 4M", [Limit("params", 4e6)]),
        ("params < 2.5", [Limit("params", 2)]),
        ("flops < 2 * 300M", [Limit("flops", 599_999_999)]),
        ("latency < 5ms", [Limit("latency", 0.005)]),
        ("latency <= 250us", [Limit("latency", 0.00025)]),
        ("latency < 2 * 5ms", [Limit("latency", 0.01)]),
        ("none", []),
    ],
)
def test_limits_are_the_largest_values_allowed(text: str, limits: list[Limit]) -> None:
    assert derivation(f"require {text}").limits == tuple(limits)


def test_a_used_file_is_overridden_setting_by_setting(tmp_path: Path) -> None:
    (tmp_path / "rules.nas").write_text(FULL, encoding="utf-8")
    spec = tmp_path / "spec.nas"
    text = (
        'use papers.darts\nuse "rules.nas"\nsearch darts\nderive {\n    count sep_conv(5) >= 1\n}\n'
    )
    spec.write_text(text, encoding="utf-8")
    found = check(
        link(read_source(spec), parse_overrides(["derive.require=params<3M"])), TASK_SETTINGS
    ).derivation
    assert (found.epoch, found.penalty) == ("best", 0.5)
    assert found.rule == Rule((Count("sep_conv(5)", least=1),))
    assert found.limits == (Limit("params", 2_999_999),)


def test_an_operation_with_choices_inside_of_it_is_counted_as_one() -> None:
    cell = "cell one { inputs 1; node n1 = {sep_conv({3, 5}), skip_connect}(in1) }"
    network = "network { cells one; stem conv(3, out = C) }"
    count = "derive { count sep_conv({3,5}) <= 1 }"
    source = SourceFile("spec.nas", f"use std.cnn\n{cell}\n{network}\nsearch darts\n{count}")
    program = link(source)
    found = check(program, TASK_SETTINGS).derivation
    assert found.rule == Rule((Count("sep_conv({3, 5})", most=1),))
    again = link(SourceFile("again.nas", effective(program)))
    assert check(again, TASK_SETTINGS).derivation == found


def test_the_command_line_may_give_it_alone() -> None:
    overrides = parse_overrides(
        ["derive.count=skip_connect<=2,sep_conv(3)>=1", "derive.by=perturbation"]
    )
    found = check(
        link(SourceFile("spec.nas", "use papers.darts\nsearch darts"), overrides), TASK_SETTINGS
    ).derivation
    assert found.by == "perturbation"
    assert found.rule == Rule((Count("skip_connect", most=2), Count("sep_conv(3)", least=1)))


@pytest.mark.parametrize("text", ["", FULL, "let most = 2\nderive { count skip_connect < most }"])
def test_effective_programs_say_the_same(text: str) -> None:
    program = linked(text)
    again = link(SourceFile("spec.nas", effective(program)))
    assert check(again, TASK_SETTINGS).derivation == check(program, TASK_SETTINGS).derivation
    assert effective(again) == effective(program)


def test_hashes_depend_on_what_is_derived() -> None:
    hashes = [
        spec_hash(effective(linked(text)))
        for text in ("", "derive { epoch best }", "derive { count skip_connect <= 2 }")
    ]
    assert len(set(hashes)) == 3
    assert spec_hash(effective(linked("derive { epoch last }"))) == hashes[0]


def test_a_found_architecture_keeps_its_limits_only() -> None:
    """Nothing of it is counted or chosen again, but it may not be exported if it costs too much."""
    text = effective(linked(FULL), found=True)
    assert "    require  params < 4M, flops <= 600M, latency < 5ms\n" in text
    assert "count" not in text
    again = check(link(SourceFile("spec.nas", text)), TASK_SETTINGS).derivation
    assert again == Derivation(limits=check(linked(FULL), TASK_SETTINGS).derivation.limits)
    assert "derive" not in effective(linked("derive { epoch best }"), found=True)


def test_counts_mean_nothing_to_an_architecture() -> None:
    cells = "".join(
        f"cell {name} {{ node n1 = sep_conv(3)(in1) }}\n" for name in ("normal", "reduction")
    )
    assert check(linked(f"{cells}{FULL}"), TASK_SETTINGS).derivation.rule.counts
