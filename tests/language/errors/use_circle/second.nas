use "first.nas"
