"""Regularised evolution whose children train alone."""

from __future__ import annotations

from collections import deque

import torch

from dslnas.engines.evolution import EvolutionAlone
from dslnas.engines.mutation import mutated, pick
from dslnas.engines.population import Population
from dslnas.engines.resource_constraints import any_choice
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import EvolutionSettings
from tests.engines.planted import BATCH, Planted

POPULATION, TOURNAMENT = 5, 3


def search(
    planted: Planted, trained: int, each: int = 1, population: int = POPULATION, seed: int = 0
) -> tuple[EvolutionAlone, list[Choice]]:
    """Search; return the engine and the architectures that it trained, in their order."""
    settings = EvolutionSettings(
        epochs=trained * each,
        children="alone",
        each=each,
        population=population,
        tournament=TOURNAMENT,
    )
    generator = torch.Generator().manual_seed(seed)
    engine = EvolutionAlone(planted, settings, generator)
    seen: list[Choice] = []
    for epoch in range(settings.epochs):
        engine.start_epoch(epoch)
        chosen = engine.mixing().chosen
        assert chosen is not None
        seen.append(dict(chosen))
        engine.step(BATCH, BATCH)
    engine.finish([], lambda *_: None)
    return engine, seen


def by_hand(planted: Planted, trained: int, seed: int = 0) -> list[Choice]:
    """Return what is trained by the published algorithm."""
    generator = torch.Generator().manual_seed(seed)
    queue: deque[tuple[Choice, int]] = deque()
    history: list[Choice] = []
    while len(history) < trained:
        if len(queue) < POPULATION:
            child = any_choice(planted.tables, generator)
        else:
            sample = [pick(queue, generator) for _ in range(TOURNAMENT)]
            parent, _ = min(sample, key=lambda member: member[1])
            child = mutated(planted.tables, parent, generator)
        history.append(child)
        queue.append((child, planted.wrong(child)))
        if len(queue) > POPULATION:
            queue.popleft()
    return history


def test_architectures_are_those_of_the_published_algorithm() -> None:
    _, seen = search(Planted("nasp"), 40)
    assert seen == by_hand(Planted("nasp"), 40)


def test_every_architecture_trains_for_its_epochs() -> None:
    _, once = search(Planted("nasp"), 12)
    _, thrice = search(Planted("nasp"), 12, each=3)
    assert thrice == [choice for choice in once for _ in range(3)]


def test_the_best_of_all_is_found_though_it_died() -> None:
    planted = Planted("nasp")
    engine, seen = search(planted, 60)
    best = min(seen, key=planted.wrong)
    assert seen.index(best) < len(seen) - POPULATION, "it is dead"
    assert engine.scores() == {
        cell: [
            [float(column == o) for o in range(planted.tables[cell].width)] for column in columns
        ]
        for cell, columns in best.items()
    }


def test_a_full_population_loses_its_oldest_member_however_good_it_is() -> None:
    planted = Planted("nasp")
    generator = torch.Generator().manual_seed(0)
    choices = [any_choice(planted.tables, generator) for _ in range(3)]
    population = Population(planted.tables, 2, 1)
    population.add(choices[0], 0.0)
    assert not population.is_full
    population.add(choices[1], 2.0)
    assert population.is_full
    assert population.best == choices[0]
    population.add(choices[2], 1.0)
    assert list(population.members) == choices[1:]
    assert population.best == choices[2]
