"""The end of a run, told to people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dslnas.cli.render.summary import big
from dslnas.cli.render.tables import aligned
from dslnas.runs.architecture import cells_of
from dslnas.runs.folder import ARCHITECTURE, METRICS, RunFolder

FILES = {
    "model.onnx": "the model to deploy: ONNX, any batch size",
    "model_step.onnx": "the same for one token at a time",
    "vocabulary.json": "its tokens, by number",
    "sample.py": "writes text with it; needs numpy and onnxruntime only",
    "model.py": "the same network as a Python module; needs torch and safetensors only",
    "model.safetensors": "its weights",
    ARCHITECTURE: "the cells as a spec: edit them, or train them again with `dslnas export`",
    METRICS: "what every epoch lost and measured, one line each",
    "manifest.json": "settings, seed, versions and results",
}
BACKENDS = {"torch": "PyTorch", "onnx": "ONNX Runtime", "python": "model.py"}


def report_text(folder: RunFolder) -> str:
    """Return what a run found, and where it lies."""
    results = folder.manifest.results.model_dump()
    lines = ["", _times(results)]
    if "search_stopped" in results:
        lines.append(f"The search ended early: {results['search_stopped']}.")
    if "search_epoch" in results:
        lines.append(f"The architecture is that of epoch {results['search_epoch']}.")
    lines += [*(f"warning: {warning}" for warning in folder.manifest.warnings), ""]
    facts = _facts(results)
    width = max(20, *(len(label) for label, _, _ in facts))
    for label, value, remark in facts:
        lines.append(f"  {label:<{width}} {value:<12} {remark}".rstrip())
    cells = cells_of(folder.path)
    if cells:
        lines += ["", "The cells that were found:" if "search_seconds" in results else "The cells:"]
    for name, nodes in cells.items():
        lines.append(f"  {name}")
        lines += [f"    {node} = {terms}" for node, terms in nodes.items()]
    if "family" in results:
        lines += ["", *_family(results["family"], folder.path)]
    lines += ["", f"Files in {folder.path}:"]
    for name, meaning in FILES.items():
        if (folder.path / name).exists():
            lines.append(f"  {name:<20} {meaning}")
    return "\n".join(lines)


def _times(results: dict[str, Any]) -> str:
    train = results["retrain_seconds"]
    if "search_seconds" in results:
        return f"Searched for {results['search_seconds']:.0f} s, then trained for {train:.0f} s."
    return f"Trained for {train:.0f} s."


def _family(members: list[dict[str, Any]], folder: Path) -> list[str]:
    rows = [("convolutions", "epoch", "parameters", "validation", "file")]
    for member in members:
        sizes = ", ".join(f"{cell} {size}" for cell, size in member["convolutions"].items())
        value = f"{member['search_validation_accuracy']:.2%}"
        rows.append((sizes, str(member["epoch"]), f"{member['params']:,}", value, member["file"]))
    return [
        "The best of every size, with the supernet's accuracy; "
        f"`dslnas export {folder}/FILE` trains one:",
        *(f"  {line}" for line in aligned(rows, left=("convolutions", "file"))),
    ]


def _facts(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    is_text = "test_perplexity" in results
    example = "token" if is_text else "image"
    facts = _of_text(results) if is_text else _of_images(results)
    facts += [
        ("parameters", f"{results['params']:,}", ""),
        ("multiply-adds", big(results["flops"]), f"per {example}"),
    ]
    for backend, milliseconds in results["latency_ms"].items():
        facts.append(("latency", f"{milliseconds:.2f} ms", f"one {example}, {BACKENDS[backend]}"))
    for backend, difference in results["largest_difference"].items():
        facts.append(("agreement", f"{difference:.0e}", f"{BACKENDS[backend]} against PyTorch"))
    return facts


def _of_images(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        ("test accuracy", f"{results['test_accuracy']:.2%}", "on images that chose nothing"),
        ("validation accuracy", f"{results['validation_accuracy']:.2%}", ""),
    ]


def _of_text(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    bits = f"{results['test_bits_per_character']:.3f}"
    unknown = results["unknown_tokens"]
    return [
        ("test perplexity", f"{results['test_perplexity']:.2f}", "on text that chose nothing"),
        ("  bits a character", bits, ""),
        ("  next token right", f"{results['test_accuracy']:.2%}", ""),
        (
            "validation perplexity",
            f"{results['validation_perplexity']:.2f}",
            f"the best, of epoch {results['retrain_epoch']}",
        ),
        (
            "  of a unigram model",
            f"{results['unigram_validation_perplexity']:.2f}",
            "frequencies of tokens alone",
        ),
        (
            "vocabulary",
            f"{results['vocabulary']:,}",
            f"unknown tokens: {unknown['validation']:,} in validation, {unknown['test']:,} in test",
        ),
    ]
