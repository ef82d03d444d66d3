use papers.darts

data digits

export { precision float32 }
