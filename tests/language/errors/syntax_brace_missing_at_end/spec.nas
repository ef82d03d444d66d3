network {
    cells  normal * 2
