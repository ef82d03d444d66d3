use "cells.nas"
use "cells.nas"
use papers.darts
