use ./cells.nas
