use papers.darts

search darts {
    dropout  variational(input = 0.5)
}

evaluate {
    average  5
    vary     lengths
}
