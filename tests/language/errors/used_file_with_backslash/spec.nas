use papers.darts
use "cells\normal.nas"
