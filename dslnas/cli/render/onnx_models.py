"""Exported ONNX models, told to people: how fast they are, and what loads them."""

from __future__ import annotations

from collections.abc import Iterator

from dslnas.exporters.onnx_record import DeclaredModels, Latency, milliseconds


def latency_rows(latency: Latency | None, example: str) -> Iterator[tuple[str, str, str]]:
    """Yield rows of label, value and remark: for each batch and number of threads."""
    if latency is None:
        return
    for place, times in latency.milliseconds.items():
        batch, _, threads = place.partition(", ")
        count = batch.removeprefix("batch ")
        what = f"one {example}" if count == "1" else f"{count} {example}s"
        threads = threads.replace("all", f"all {latency.threads}")
        spread = f"{milliseconds(times.p10)} to {milliseconds(times.p90)}"
        yield "latency", f"{milliseconds(times.median)} ms", f"{what}, {threads} ({spread})"
    yield "measured in", "ONNX Runtime", f"on {latency.processor}"


def runtime_rows(models: DeclaredModels) -> Iterator[tuple[str, str, str]]:
    """Yield a row of label, value and remark for every kind of versions that models declare."""
    for declared in dict.fromkeys(models.values()):
        names = ", ".join(name for name, other in models.items() if other == declared)
        versions = f"opset {declared.opset}, IR {declared.ir_version}"
        yield (
            "loads in",
            f"{declared.oldest_runtime} or newer",
            f"ONNX Runtime: {names}; {versions}",
        )
