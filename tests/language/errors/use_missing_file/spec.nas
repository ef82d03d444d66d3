use "cell.nas"
use "cells.nas"
use papers.darts
