use "b.nas"
use "missing.nas"
