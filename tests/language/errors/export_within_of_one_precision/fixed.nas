use papers.darts

data digits

export { }
