# café
use papers.darts
