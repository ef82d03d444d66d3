# A whole spec in three lines: the space of DARTS, everything else at the papers' defaults.

use papers.darts
data digits
search nasp
