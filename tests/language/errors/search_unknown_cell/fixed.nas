use papers.nasp
search nasp {
    complexity  0.1
    cells       normal, reduction
}
