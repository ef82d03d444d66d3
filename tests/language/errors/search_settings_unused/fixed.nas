use papers.nasp
search nasp {
}
