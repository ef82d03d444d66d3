use "spec.nas"
