cell normal { nodes 1; choose identity }
network { cells normal }
