"""Tables of single examples: what is true of each, in the unit of the data, and what is said."""

import torch
from torch import Tensor

from dslnas.data.facts import LabelledFacts
from dslnas.data.tensor_part import TensorPart
from dslnas.tasks.tables import confusion, examples_table, predictions_table

OUTPUTS = torch.tensor([[0.0, 2.0], [1.0, -1.0], [0.5, 0.5]])


def part(targets: Tensor) -> TensorPart:
    return TensorPart({}, targets=targets, names=("a.png", "b/b.png", "c.png"))


def test_classes() -> None:
    facts = LabelledFacts(("cat", "dog"), goal="classification")
    labels = part(torch.tensor([1, 1, 0]))
    assert predictions_table(labels, OUTPUTS, facts, "file") == [
        ("file", "class", "predicted", "probability"),
        ("a.png", "dog", "dog", "0.880797"),
        ("b/b.png", "dog", "cat", "0.880797"),
        ("c.png", "cat", "cat", "0.5"),
    ]
    assert examples_table([labels] * 4, facts, "file")[:2] == [
        ("part", "class", "file"),
        ("weights", "dog", "a.png"),
    ]
    found = confusion(OUTPUTS, labels.targets, facts.class_names)
    assert found == {"cat": {"cat": 1}, "dog": {"cat": 1, "dog": 1}}


def test_labels_without_names() -> None:
    labels = part(torch.tensor([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]))
    table = predictions_table(labels, OUTPUTS, LabelledFacts(goal="multilabel"), "row")
    assert table[:2] == [
        ("row", "0", "1", "predicted 0", "predicted 1"),
        ("a.png", "1", "0", "0.5", "0.880797"),
    ]


def test_numbers_in_their_unit() -> None:
    facts = LabelledFacts(("age",), (), (), (40.0,), (10.0,), goal="regression")
    ages = part(torch.tensor([[-1.0], [0.0], [2.0]]))
    table = predictions_table(ages, OUTPUTS[:, :1], facts, "row")
    assert table[0] == ("row", "age", "predicted age")
    assert table[2:] == [("b/b.png", "40", "50"), ("c.png", "60", "45")]
