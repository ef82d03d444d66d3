use papers.darts
search darts {
    order       second
    hessian     exact
    stop        eigenvalue
}
