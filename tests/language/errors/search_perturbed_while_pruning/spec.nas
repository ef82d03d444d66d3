use papers.darts

search asap {
    perturb  adversarial
}
