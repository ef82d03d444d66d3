use papers.darts

search darts {
    dropout  variational(x = 0.5)
}

evaluate {
    average  5
    vary     lengths
}
