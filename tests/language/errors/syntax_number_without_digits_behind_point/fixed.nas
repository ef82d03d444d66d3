search darts {
    weights  sgd(lr = 1)
}
use papers.darts
