use "spec.nas"
use papers.darts
