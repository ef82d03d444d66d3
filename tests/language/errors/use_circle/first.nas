use "second.nas"
