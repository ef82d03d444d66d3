use papers.darts

search sdarts {
    relax  fair_darts
}
