use papers.darts

data digits

export { precision none }
