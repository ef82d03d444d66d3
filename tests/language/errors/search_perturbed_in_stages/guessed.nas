use papers.darts
search sdarts {
}
