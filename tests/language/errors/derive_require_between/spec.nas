use papers.darts
derive {
    require 1M < params < 4M
}
