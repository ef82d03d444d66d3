use papers.darts
derive { skip_connect <= 2 }
derive { params < 4M }
