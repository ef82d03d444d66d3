use papers.darts
search darts { epochs 3
 order second
}
