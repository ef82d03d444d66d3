use papers.darts

data digits

export {
    precision  int8
    within     0
}
