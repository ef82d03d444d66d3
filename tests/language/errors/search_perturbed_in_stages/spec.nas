use papers.darts
search sdarts {
    prune  stages(2, share = 0.7)
}
