use papers.nasp
search nasp {
    stop  eigenvalue(0.8), stable
}
