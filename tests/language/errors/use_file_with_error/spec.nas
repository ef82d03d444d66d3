use "ops.nas"
use papers.darts
