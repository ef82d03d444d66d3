"""What a training came to, as the manifest says it."""

from __future__ import annotations

from dslnas.data.tensors import Data, TextPart
from dslnas.training.train import Trained
from dslnas.training.unigram import unigram_perplexity


def training_results(trained: Trained, data: Data) -> dict[str, object]:
    """Return the results of a training: accuracies, and of a text perplexities."""
    graph = trained.network.graph
    results: dict[str, object] = {}
    measured = {"test": trained.test, "validation": trained.validation}
    if data.text is not None:
        facts = data.text.parts
        results |= {f"{part}_perplexity": m.perplexity for part, m in measured.items()}
        results |= {
            f"{part}_bits_per_character": m.bits_per_character(
                facts[part].tokens, facts[part].characters
            )
            for part, m in measured.items()
        }
    results |= {f"{part}_accuracy": m.accuracy for part, m in measured.items()}
    if data.text is not None:
        results["retrain_epoch"] = trained.epoch
        results |= _of_frequencies(data, len(data.text.vocabulary))
        results["vocabulary"] = len(data.text.vocabulary)
        results["unknown_tokens"] = {part: facts.unknown for part, facts in data.text.parts.items()}
    return results | {
        "params": graph.params(),
        "flops": graph.flops(),
        "retrain_seconds": round(trained.seconds, 3),
    }


def _of_frequencies(data: Data, vocabulary: int) -> dict[str, object]:
    """Return the perplexities that word frequencies alone have."""
    training, parts = data.training, {"test": data.test, "validation": data.validation}
    assert isinstance(training, TextPart)
    return {
        f"unigram_{name}_perplexity": unigram_perplexity(training, part, vocabulary)
        for name, part in parts.items()
        if isinstance(part, TextPart)
    }
