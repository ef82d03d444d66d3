cell normal = {
    nodes  4
}
