use papers.darts
search darts {
    order       second
    hessian     exact
    accumulate  4
    stop        eigenvalue
}
