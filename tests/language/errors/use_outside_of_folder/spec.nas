use "../secret.nas"
use papers.darts
