use papers.darts

data digits

export { within 2% }
