use "/etc/passwd"
use papers.darts
