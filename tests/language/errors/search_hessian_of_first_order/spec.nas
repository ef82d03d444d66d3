use papers.darts
search darts {
    hessian  exact
}
