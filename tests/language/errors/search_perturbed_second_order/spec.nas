use papers.darts

search darts {
    order    second
    perturb  adversarial(steps = 3)
}
