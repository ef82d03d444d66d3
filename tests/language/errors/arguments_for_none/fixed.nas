use papers.darts
op block = skip_connect
