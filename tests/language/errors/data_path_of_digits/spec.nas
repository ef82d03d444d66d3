use papers.darts

data digits {
    path  "digits"
}
