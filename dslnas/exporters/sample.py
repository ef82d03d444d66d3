"""Writes text with a language model that dslnas exported. Needs numpy and onnxruntime alone.

    python sample.py --prompt "It is" --length 100 --temperature 0.8 --seed 1

`model_step.onnx` and `vocabulary.json` lie beside this file. The model reads one token and its
states, and gives a number for every token that could be next, and the states after it. With the
same versions, arguments and machine the text is always the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

# From 1.29 on it tells its maker which models run. It reads this when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

FOLDER = Path(__file__).resolve().parent
MODEL, VOCABULARY = "model_step.onnx", "vocabulary.json"
UNKNOWN, END_OF_LINE = "<unk>", "<eos>"


class Model:
    """The network, one step at a time, for a single text.

    Attributes:
        tokens: Number of tokens that it knows.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a step is too small to be shared out
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._token, *states = self._session.get_inputs()
        self._names = [state.name for state in states]
        self._states = [np.zeros((1, state.shape[1]), np.float32) for state in states]
        self.tokens: int = self._session.get_outputs()[0].shape[1]

    def read(self, token: int) -> np.ndarray:
        """Read a token; return a logit for every token that could be next."""
        inputs = {self._token.name: np.array([token], np.int64)}
        inputs |= dict(zip(self._names, self._states, strict=True))
        logits, *self._states = self._session.run(None, inputs)
        return np.asarray(logits[0], np.float64)


def encode(text: str, level: str) -> list[str]:
    """Return the tokens of a text: words and ends of lines, or characters."""
    return list(text) if level == "char" else text.replace("\n", f" {END_OF_LINE} ").split()


def decode(tokens: Sequence[str], level: str) -> str:
    """Return the text of tokens; `<eos>` ends a line where it is a token, not part of one."""
    if level == "char":
        return "".join(tokens)
    lines: list[list[str]] = [[]]
    for token in tokens:
        if token == END_OF_LINE:
            lines.append([])
        else:
            lines[-1].append(token)
    return "\n".join(" ".join(line) for line in lines)


def choose(logits: np.ndarray, temperature: float, random: np.random.Generator) -> int:
    """Return a token at random, by the softmax of logits / temperature; the likeliest at 0."""
    if temperature == 0:
        return int(logits.argmax())
    scaled = (logits - logits.max()) / temperature
    limits = np.exp(scaled).cumsum()
    place = np.searchsorted(limits, random.random() * limits[-1], side="right")
    return int(min(place, len(limits) - 1))


def generate(
    model: Model,
    prompt: Sequence[int],
    never: int | None,
    length: int,
    temperature: float,
    random: np.random.Generator,
) -> Iterator[int]:
    """Yield `length` tokens that go on from a prompt; the token `never` is not among them."""
    for token in prompt[:-1]:
        model.read(token)
    token = prompt[-1]
    for _ in range(length):
        logits = model.read(token)
        if never is not None:
            logits[never] = -np.inf
        token = choose(logits, temperature, random)
        yield token


def read_vocabulary(path: Path) -> tuple[str, list[str]]:
    """Return what a token is, `word` or `char`, and the tokens in the order of their numbers."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        level, tokens = content["level"], content["tokens"]
    except (ValueError, KeyError, TypeError):
        sys.exit(f"error: {path} is damaged: export the model again")
    return str(level), [str(token) for token in tokens]


def numbers_of(prompt: str, level: str, vocabulary: Sequence[str]) -> list[int]:
    """Return the numbers of a prompt's tokens; without one, that of `beginning`."""
    numbers = {token: number for number, token in enumerate(vocabulary)}
    tokens = encode(prompt, level) or [beginning(level, vocabulary)]
    unknown = [token for token in dict.fromkeys(tokens) if token not in numbers]
    if unknown and UNKNOWN not in numbers:
        sys.exit(f"error: the model does not know {show(unknown)}: give another --prompt")
    if unknown:
        print(f"unknown, read as {UNKNOWN}: {show(unknown)}", file=sys.stderr)
    return [numbers[token if token in numbers else UNKNOWN] for token in tokens]


def beginning(level: str, vocabulary: Sequence[str]) -> str:
    """Return what a text without a prompt follows: the end of a line, else what is most frequent.

    The vocabulary is in the order of frequency.
    """
    end = "\n" if level == "char" else END_OF_LINE
    if end in vocabulary:
        return end
    return next((token for token in vocabulary if token != UNKNOWN), UNKNOWN)


def show(tokens: Sequence[str]) -> str:
    """Return tokens so that white space is seen."""
    return ", ".join(json.dumps(token, ensure_ascii=False) for token in tokens)


def arguments() -> argparse.Namespace:
    """Return the checked arguments of the command line."""
    parser = argparse.ArgumentParser(description="Write text with an exported language model.")
    parser.add_argument(
        "--prompt",
        default="",
        help="text to go on from; default: a new line, where the model knows lines",
    )
    parser.add_argument("--length", type=int, default=100, help="tokens to write; default 100")
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        help="below 1 likely tokens become likelier, 0 takes the likeliest; default 1",
    )
    parser.add_argument("--seed", type=int, default=0, help="another one, another text; default 0")
    given = parser.parse_args()
    if given.length < 1:
        parser.error(f"--length is a whole number of at least 1, not {given.length}")
    if not 0 <= given.temperature < np.inf:
        parser.error(f"--temperature is a number of at least 0, not {given.temperature:g}")
    if given.seed < 0:
        parser.error(f"--seed is a whole number of at least 0, not {given.seed}")
    for name in (MODEL, VOCABULARY):
        if not os.path.isfile(FOLDER / name):
            parser.error(f"{FOLDER / name} does not exist: keep the exported files together")
    return given


def main() -> None:
    """Print the prompt and what the model makes of it."""
    given = arguments()
    model = Model(FOLDER / MODEL)
    level, vocabulary = read_vocabulary(FOLDER / VOCABULARY)
    if len(vocabulary) != model.tokens:
        sys.exit(f"error: {VOCABULARY} has {len(vocabulary)} tokens, {MODEL} has {model.tokens}")
    prompt = numbers_of(given.prompt, level, vocabulary)
    never = vocabulary.index(UNKNOWN) if UNKNOWN in vocabulary else None
    random = np.random.default_rng(given.seed)
    written = generate(model, prompt, never, given.length, given.temperature, random)
    start = prompt if given.prompt else []
    print(decode([vocabulary[number] for number in (*start, *written)], level))


if __name__ == "__main__":
    main()
