use papers.darts
data digits { task multilabel; metric rmse; balance sampling }
evaluate { label_smoothing 0.1 }
