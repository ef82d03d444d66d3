use papers.darts
cell a like b { nodes 2 }
cell b like a { keep 1 }
