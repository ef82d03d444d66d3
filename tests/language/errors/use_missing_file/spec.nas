use "cell.nas"
use papers.darts
