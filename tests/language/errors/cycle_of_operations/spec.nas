use papers.darts
op first = relu -> second
op second = tanh -> first
