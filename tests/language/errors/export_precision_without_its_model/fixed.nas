use papers.darts

data digits

export {
    formats    python
}
